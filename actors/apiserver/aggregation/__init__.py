"""Other API servers behind this one: see docs/decisions/0028-aggregated-api-servers.md."""
