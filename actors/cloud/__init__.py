"""The cloud controller manager and its providers."""
