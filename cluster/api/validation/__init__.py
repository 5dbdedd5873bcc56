"""Rules beyond the schema: what an object may say, kind by kind."""
