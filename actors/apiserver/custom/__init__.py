"""Custom resources at the API server: kinds that come and go, their status, conversion."""
