"""Whole-cluster runs on virtual time from a seed, with independent checkers."""
