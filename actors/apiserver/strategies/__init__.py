"""Per-kind rules: what a create, an update or a delete of a kind sets, keeps and reserves."""
