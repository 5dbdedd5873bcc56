"""Faults, orders, scenarios."""
