"""Tests of deploy.tracing."""
