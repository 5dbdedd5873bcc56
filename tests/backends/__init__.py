"""One conformance suite per interface, run over each of its implementations."""
