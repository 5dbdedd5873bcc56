"""`steersman trace`: why it happened."""


def trace() -> None:
    pass
