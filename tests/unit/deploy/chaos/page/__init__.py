"""Tests of the part of the same path."""
