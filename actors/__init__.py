"""What runs: the actor kit and one folder per component."""
