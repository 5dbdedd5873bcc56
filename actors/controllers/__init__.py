"""The controller manager: a supervisor, one pure plan per controller, one reconcile loop."""
