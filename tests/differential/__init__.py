"""Our API beside a real one: the same odd bodies to both, and where the answers differ."""
