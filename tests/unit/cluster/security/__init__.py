"""Unit tests: the mirror of the tree."""
