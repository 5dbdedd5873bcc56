"""Tests of actors/tracing."""
