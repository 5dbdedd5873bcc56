"""Attacks on authentication and authorization, and what the default policy allows whom."""
