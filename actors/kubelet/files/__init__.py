"""Where pods' directories live, behind the PodFiles protocol."""
