"""The fast tier: members, their disks and their state on a heap of events, thousands of seeds."""
