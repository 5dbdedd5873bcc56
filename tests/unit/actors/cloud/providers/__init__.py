"""Tests of the cloud providers."""
