"""Tests of actors/kubelet/runtimes."""
