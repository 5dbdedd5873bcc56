"""Container images made offline: from Debian packages and our own files, without a registry."""
