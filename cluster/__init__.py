"""What a cluster is: pure, synchronous, shared by all components.

Must not know: event loops, clocks, files, sockets, randomness (they come in as arguments).
"""
