"""Checkers: each knows what is right from the papers and the guarantees, not from the code."""
