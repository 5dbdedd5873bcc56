"""The replicated state machine: revisions, history, transactions.

Must not know: Kubernetes kinds.
"""
