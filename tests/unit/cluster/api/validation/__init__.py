"""Tests of the rules beyond the schema."""
