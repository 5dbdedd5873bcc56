"""The tracer of a process: its trace, for those who look on or search."""
