"""The Kubernetes object model: kinds, schema, defaults, validation, selectors, patches, tables."""
