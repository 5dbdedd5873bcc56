"""The scheduler: filters, scores and binds pending pods."""
