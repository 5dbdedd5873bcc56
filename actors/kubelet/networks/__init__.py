"""Pod networks behind the PodNetwork protocol."""
