"""Checkers that know nothing of the implementation."""
