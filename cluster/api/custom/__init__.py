"""Custom resources: definitions, structural schemas, and what objects of them must be."""
