"""Tests of actors/kubelet/files."""
