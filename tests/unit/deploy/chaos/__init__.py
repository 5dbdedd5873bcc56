"""Unit tests of chaos from outside."""
