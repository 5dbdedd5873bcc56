"""Raft's promises (paper, Figure 3), checked on facts as they happen: votes sent, entries handed
out, durable, committed and applied, members starting again.

Must not know: how members decide; what entries mean. Entries are (index, term, data).
"""

from collections.abc import Iterable, Sequence

Fact = tuple[int, int, bytes]
Groups = Sequence[Sequence[str]]


class Violation(AssertionError):
    """A promise was broken; the text says which."""


def has_majority(group: Sequence[str], names: Iterable[str]) -> bool:
    """More than half of the group is among the names."""
    present = set(names)
    return sum(name in present for name in group) * 2 > len(group)


class Held:
    """What one member's disk holds: terms by index after ``base``."""

    __slots__ = ("base", "base_term", "last", "terms")

    def __init__(self) -> None:
        self.base = self.base_term = self.last = 0
        self.terms: dict[int, int] = {}

    def put(self, index: int, term: int) -> None:
        """The entry replaces all at and after its index."""
        for later in range(index + 1, self.last + 1):
            self.terms.pop(later, None)
        self.terms[index] = term
        self.last = index

    def holds(self, index: int, term: int) -> bool:
        """True if that very entry is there, or a snapshot that covers it."""
        return index <= self.base or self.terms.get(index) == term


class RaftChecker:
    """``chosen``: what was committed at each index from 1 on, as (term, data), with the lowest term
    in which a member knew it committed."""

    def __init__(self) -> None:
        self.votes: dict[tuple[int, str], str] = {}
        self.last_vote: dict[str, tuple[int, str]] = {}
        self.leaders: dict[int, tuple[str, int]] = {}
        self.entries: dict[tuple[int, int], tuple[bytes, int]] = {}
        self.chosen: list[tuple[int, bytes]] = [(0, b"")]
        self.known_in: list[int] = [0]
        self.marks: dict[int, object] = {}
        self.held: dict[str, Held] = {}
        self.handed_last: dict[str, int] = {}
        self.promised: dict[str, tuple[int, int]] = {}
        self.rounds: dict[tuple[str, int, str], int] = {}
        self.truncations = 0
        self.newest_office = 0

    # -- elections ------------------------------------------------------------------------------

    def voted(self, voter: str, term: int, candidate: str) -> None:
        """A vote left its voter (or is the candidate's own)."""
        first = self.votes.setdefault((term, voter), candidate)
        if first != candidate:
            raise Violation(f"{voter} voted for {first} and {candidate} in term {term}")
        self.last_vote[voter] = (term, candidate)

    def leads(
        self, member: str, life: int, term: int, groups: Groups, log: Sequence[int], base: int
    ) -> None:
        """``member`` takes office. ``groups``: each must have given a majority. ``log``: terms of
        its entries after ``base``."""
        first = self.leaders.setdefault(term, (member, life))
        if first != (member, life):
            raise Violation(f"term {term} has leaders {first[0]} and {member}")
        for group in groups:
            yes = [name for name in group if self.votes.get((term, name)) == member]
            if not has_majority(group, yes):
                raise Violation(f"{member} leads term {term} with votes of {yes} among {group}")
        self.newest_office = max(self.newest_office, term)
        self._complete(member, term, log, base)

    def _complete(self, member: str, term: int, log: Sequence[int], base: int) -> None:
        """Leader completeness: it holds every entry committed in an earlier term."""
        for index in range(base + 1, len(self.chosen)):
            if self.known_in[index] >= term:
                break
            position = index - base - 1
            if position >= len(log) or log[position] != self.chosen[index][0]:
                raise Violation(f"leader {member} of term {term} lacks committed entry {index}")

    # -- logs -----------------------------------------------------------------------------------

    def handed(self, member: str, leading: bool, before: int, entries: Sequence[Fact]) -> None:
        """A member's log got these, after one of term ``before`` (-1: unknown). Log matching; a
        leader only appends."""
        for index, term, data in entries:
            known = self.entries.setdefault((index, term), (data, before))
            if known[0] != data or (before >= 0 and 0 <= known[1] != before):
                raise Violation(f"{member}: entry {index} of term {term} differs from another's")
            if index < len(self.chosen) and self.chosen[index][0] > term:
                pass  # a late leader's entry may stand until it is replaced
            before = term
        first = entries[0][0]
        last = self.handed_last.get(member, 0)
        if first <= last:
            if leading:
                raise Violation(f"leader {member} overwrites its entry {first}")
            self.truncations += 1
            term, index = self.promised.get(member, (0, 0))
            self.promised[member] = (term, min(index, first - 1))
        self.handed_last[member] = entries[-1][0]

    def durable(self, member: str, entries: Sequence[Fact]) -> None:
        """These are on the member's disk now."""
        held = self.held.setdefault(member, Held())
        for index, term, _ in entries:
            held.put(index, term)

    def installed(self, member: str, index: int, term: int) -> None:
        """A snapshot of what is committed took the place of the log up to ``index``."""
        if index >= len(self.chosen):
            raise Violation(f"{member} installed a snapshot of {index}, which is not committed")
        if self.chosen[index][0] != term:
            raise Violation(f"{member} installed a snapshot of {index} with term {term}")
        held = self.held.setdefault(member, Held())
        follows = held.terms.get(index) == term
        held.terms = {i: t for i, t in held.terms.items() if follows and i > index}
        held.base, held.base_term = index, term
        held.last = max(held.terms, default=index)
        self.handed_last[member] = max(self.handed_last.get(member, 0) if follows else 0, index)
        self.promise(member, 0, index)

    def promise(self, member: str, term: int, index: int) -> None:
        """The member told somebody that it is in ``term`` and durably holds up to ``index``."""
        old = self.promised.get(member, (0, 0))
        self.promised[member] = (max(old[0], term), max(old[1], index))

    def recovered(
        self, member: str, term: int, vote: str, base: int, entries: Sequence[tuple[int, int]]
    ) -> None:
        """It starts again with this. ``entries``: (index, term) after ``base``."""
        promised_term, promised_index = self.promised.get(member, (0, 0))
        last = entries[-1][0] if entries else base
        if term < promised_term:
            raise Violation(f"{member} was in term {promised_term}, starts again in {term}")
        if last < promised_index:
            raise Violation(f"{member} said it holds {promised_index}, starts again with {last}")
        voted_in, given = self.last_vote.get(member, (0, ""))
        if voted_in == term and vote != given:
            raise Violation(f"{member} voted for {given} in term {term}, starts with {vote!r}")
        held = self.held.setdefault(member, Held())
        held.base, held.last = base, last
        held.terms = dict(entries)
        for index, entry_term in entries:
            if (index, entry_term) not in self.entries:
                raise Violation(f"{member} starts with entry {index} that nobody wrote")
        self.handed_last[member] = last

    def wiped(self, member: str) -> None:
        """Its disk is empty, as told by an operator: what it promised is void, but never may it
        vote twice in one term."""
        self.last_vote.pop(member, None)
        self.held.pop(member, None)
        self.handed_last.pop(member, None)
        self.promised.pop(member, None)

    def matched(
        self, leader: str, office: int, peer: str, index: int, term: int, before: int
    ) -> None:
        """``leader`` takes it that ``peer`` durably holds its entry ``index`` of ``term`` (-1: that
        is compacted, and so committed); it took ``before`` for sure until now. ``office``: the
        term it leads; once there is a later leader, what peers hold is that one's business."""
        if index < before:
            raise Violation(f"{leader} takes {peer} back from {before} to {index}")
        if office < self.newest_office:
            return
        held = self.held.get(peer)
        last = held.last if held is not None else 0
        if index > last or (held is not None and term >= 0 and not held.holds(index, term)):
            raise Violation(
                f"{leader} believes that {peer} holds {index} of {term}, not so: {last}"
            )

    def heard_round(self, leader: str, term: int, peer: str, number: int) -> None:
        """``peer`` got a message of that leader with a read round."""
        key = (leader, term, peer)
        if number > self.rounds.get(key, 0):
            self.rounds[key] = number

    def round_answered(self, leader: str, term: int, peer: str, number: int) -> None:
        """The leader takes it that ``peer`` has answered that round of its present office."""
        heard = self.rounds.get((leader, term, peer), 0)
        if number > heard:
            raise Violation(
                f"{leader} counts {peer} for round {number} of {term}, it heard {heard}"
            )

    # -- commitment -----------------------------------------------------------------------------

    def committed(
        self, member: str, term: int, index: int, entry_term: int, groups: Groups
    ) -> None:
        """A leader counts ``index`` as committed: every group must hold it, and it must be of the
        leader's own term (paper 5.4.2)."""
        if entry_term != term:
            raise Violation(f"{member} commits {index} of term {entry_term} by count in {term}")
        for group in groups:
            names = [
                name for name in group if name in self.held and self.held[name].holds(index, term)
            ]
            if not has_majority(group, names):
                raise Violation(f"{member} commits {index}: {names} of {group} hold it durably")

    def applied(self, member: str, term_now: int, fact: Fact, mark: object) -> None:
        """State machine safety. ``mark``: what its state is after it, equal for equal states."""
        index, term, data = fact
        if index == len(self.chosen):
            if term < self.chosen[-1][0]:
                raise Violation(f"entry {index} of term {term} after one of {self.chosen[-1][0]}")
            self.chosen.append((term, data))
            self.known_in.append(term_now)
            self.marks[index] = mark
            return
        if index > len(self.chosen):
            raise Violation(f"{member} applies {index}, known is up to {len(self.chosen) - 1}")
        if self.chosen[index] != (term, data):
            raise Violation(f"{member} applies another entry at {index} than others did")
        if self.marks[index] != mark:
            raise Violation(f"{member} has another state after {index}: {mark}")
        if term_now < self.known_in[index]:
            self.known_in[index] = term_now
