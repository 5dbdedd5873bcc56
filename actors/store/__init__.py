"""The store: the shell round the Raft core, its log on disk, its watches."""
