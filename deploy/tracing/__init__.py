"""What the records of all processes tell: trees, stories, exports."""
