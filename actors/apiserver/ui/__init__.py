"""The live page at /ui: what the cluster is and does, as it happens; objects; faults."""
