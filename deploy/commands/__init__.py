"""The commands of `steersman`, one file each (or one per noun)."""
