"""Admission: one file per plugin, each changes or refuses an object before it is stored."""
