"""The Common Expression Language (CEL), as Kubernetes uses it. Pure.

The door is ``program.py``: compile an expression against declarations, evaluate it with bindings
and a cost limit. Source: the CEL language definition (github.com/google/cel-spec, doc/langdef.md);
Kubernetes docs, "Common Expression Language in Kubernetes". Must not know: what an object or a
policy is.
"""
