"""Scripted commands with their recorded output, to be read as prose."""
