"""Hostile and random requests: whatever comes, a Status or a success, and nothing by halves.

A row a file: bodies, patches, queries, headers, paths, slow clients, and what our own OpenAPI
promises. The test command runs a fixed sample; ``python -m tests.fuzz --minutes 30`` goes on with
new seeds.
"""
