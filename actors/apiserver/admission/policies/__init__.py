"""Admission policies: validating and mutating ones, with their bindings and parameters."""
