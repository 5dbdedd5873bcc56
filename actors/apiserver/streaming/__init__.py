"""Exec, attach, port-forward and proxy: clients' streams to kubelets' streams."""
