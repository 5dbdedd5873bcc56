"""Benches; each compares and prints a ratio."""
