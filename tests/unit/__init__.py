"""Unit and property tests: a mirror of the tree."""
