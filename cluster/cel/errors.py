"""What goes wrong with an expression: when it is compiled, and when it is evaluated."""


class CelCompileError(Exception):
    """The expression is none, or not of the wanted type. The text is for its author."""


class CelError(Exception):
    """An evaluation failed. The text is as cel-go's, which Kubernetes shows to users."""


class CelCostExceeded(CelError):
    """An evaluation was ended since it would cost more than it may."""

    def __init__(self, text: str = "operation cancelled: actual cost limit exceeded") -> None:
        super().__init__(text)
