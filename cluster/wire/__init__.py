"""Frames, envelope and msgpack codec. Must not know: any message type."""
