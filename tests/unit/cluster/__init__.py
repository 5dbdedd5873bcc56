"""Tests of what is true: the mirror of ``cluster/``."""
