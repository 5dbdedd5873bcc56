"""Expressions of admission: policies and match conditions, compiled and evaluated. Pure."""
