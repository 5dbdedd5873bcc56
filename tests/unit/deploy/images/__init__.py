"""Unit tests of deploy.images."""
