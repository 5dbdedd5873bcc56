"""The actor kit: actors, mailboxes, references, supervision, transports, tracing, the World."""
