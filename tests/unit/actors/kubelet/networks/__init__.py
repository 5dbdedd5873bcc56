"""Tests of actors/kubelet/networks."""
