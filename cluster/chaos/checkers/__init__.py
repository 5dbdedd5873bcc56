"""Checks over observations. Each returns what must not be; none knows the implementation."""
