"""Tests of actors/dns."""
