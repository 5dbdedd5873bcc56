"""Subresources: status, scale, binding, eviction, log, token, finalize; one file each."""
