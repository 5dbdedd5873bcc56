"""Cloud providers: one module each."""
