"""Faults put into a cluster on purpose: what they are, whom they hit, what must hold meanwhile."""
