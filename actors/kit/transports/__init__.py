"""How envelopes travel between processes: memory (faults on demand) and TCP with TLS."""
