"""The engines of the store, each behind ``actors.store.store.Store``. Must not know each other."""
