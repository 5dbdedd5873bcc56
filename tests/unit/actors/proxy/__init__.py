"""Tests of actors/proxy."""
