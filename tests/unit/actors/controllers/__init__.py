"""Tests of actors/controllers."""
