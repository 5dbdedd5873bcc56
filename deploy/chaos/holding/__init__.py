"""Packets of pods held back: the kernel queues them, a process lets them go in time."""
