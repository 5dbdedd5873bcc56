"""The external engine: an etcd v3 cluster holds the state. Must not know: Raft, kinds."""
