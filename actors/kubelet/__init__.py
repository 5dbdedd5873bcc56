"""The kubelet: pods of one node as containers."""
