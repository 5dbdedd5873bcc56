"""Tests of actors/cloud."""
