"""The API server: the request chain behind two doors, HTTPS and messages."""
