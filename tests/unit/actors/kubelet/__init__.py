"""Tests of actors/kubelet."""
