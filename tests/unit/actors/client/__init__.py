"""Tests of actors/client."""
