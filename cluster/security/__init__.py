"""Certificates, tokens and RBAC evaluation, as functions of their inputs."""
