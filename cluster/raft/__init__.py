"""The Raft consensus core, sans-IO. Must not know: sockets, files, clocks, what entries mean."""
