"""Faults from outside: the launcher's side of chaos."""
