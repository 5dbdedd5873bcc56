"""What goes wrong with an expression: when it is compiled, and when it is evaluated."""


class CelCompileError(Exception):
    """The expression is none, or not of the wanted type. The text is for its author."""


class CelError(Exception):
    """An evaluation failed. The text is as cel-go's, which Kubernetes shows to users."""


class CelTooLong(Exception):
    """An evaluation cost more than it may where it runs: nothing of it counts, it is to be done
    again elsewhere. No fault of the expression, so no CelError."""


class CelCostExceeded(CelError):
    """An evaluation was ended since it would cost more than it may."""

    def __init__(self, text: str = "operation cancelled: actual cost limit exceeded") -> None:
        super().__init__(text)
