"""The client side of the API server: api client, reflector, cache, work queue, event recorder."""
