"""Unit tests of what zones are apart."""
