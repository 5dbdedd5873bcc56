"""Which server answers for which part of the API. Pure."""
