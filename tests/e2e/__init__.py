"""End to end with real Docker and kubectl."""
