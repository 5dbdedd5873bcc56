"""Login codes: good once, and for a short time. Pure: time and entropy come as arguments.

A code begins with the name of the replica that made it, where it must be redeemed. Must not know:
how codes travel.
"""

from dataclasses import dataclass, field

from cluster.messages.ui import Login

CODE_SECONDS = 120.0
# Of one replica: more than people ask for at a time, and a bound on what askers can make it keep.
CODES_MAX = 100


@dataclass
class LoginCodes:
    """Those of one replica."""

    replica: str
    _known: dict[str, tuple[float, Login]] = field(default_factory=dict)

    def make(self, login: Login, secret: str, now: float) -> str:
        """``secret``: random text; ``now``: seconds of a clock that is never set back."""
        self._forget(now)
        while len(self._known) >= CODES_MAX:
            del self._known[next(iter(self._known))]
        code = f"{self.replica}.{secret}"
        self._known[code] = (now + CODE_SECONDS, login)
        return code

    def redeem(self, code: str, now: float) -> Login | None:
        """Whom it stands for; None if it is unknown, used or too old. It is used up."""
        self._forget(now)
        found = self._known.pop(code, None)
        return None if found is None else found[1]

    def _forget(self, now: float) -> None:
        self._known = {code: one for code, one in self._known.items() if one[0] > now}


def maker(code: str) -> str:
    """The replica that made a code, as it says ('' if it says none)."""
    return code.rpartition(".")[0]
