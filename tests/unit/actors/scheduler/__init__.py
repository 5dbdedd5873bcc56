"""Tests of actors/scheduler."""
