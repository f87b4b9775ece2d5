"""Turns at what a machine can do for a few at a time only: in order of arrival, those who have most wait longest."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ui.state.visit import VisitError

LINE_S = 120.0  # longer than anybody waits
FULL = "Many people use this server just now: try again in a minute."
OWN = "You have asked for several things at once: wait until they are done."


@dataclass(eq=False)
class _Ticket:
    visitor: str
    number: int


class Gate:
    """Let `at_once` through together, `per_visitor` of one visitor in all, and let at most `waiting` wait."""

    def __init__(self, at_once: int, per_visitor: int, waiting: int) -> None:
        self._at_once = at_once
        self._per_visitor = per_visitor
        self._most_waiting = waiting
        self._inside: Counter[str] = Counter()
        self._waiting: list[_Ticket] = []
        self._drawn = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, visitor: str) -> Iterator[None]:
        """Wait for one's turn and hold it. Raises VisitError where too many wait already, or it takes too long."""
        ticket = self._queue_up(visitor)
        try:
            with self._changed:
                came = self._changed.wait_for(lambda: self._is_next(ticket), LINE_S)
                self._waiting.remove(ticket)
                if not came:
                    raise VisitError(FULL)
                self._inside[visitor] += 1
                self._changed.notify_all()
        except BaseException:
            with self._changed:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                self._changed.notify_all()
            raise
        try:
            yield
        finally:
            with self._changed:
                self._inside[visitor] -= 1
                self._inside += Counter()  # drops those at nothing
                self._changed.notify_all()

    def _queue_up(self, visitor: str) -> _Ticket:
        with self._changed:
            own = self._inside[visitor] + sum(ticket.visitor == visitor for ticket in self._waiting)
            if own >= self._per_visitor:
                raise VisitError(OWN)
            if len(self._waiting) >= self._most_waiting:
                raise VisitError(FULL)
            self._drawn += 1
            ticket = _Ticket(visitor, self._drawn)
            self._waiting.append(ticket)
            return ticket

    def _is_next(self, ticket: _Ticket) -> bool:
        if self._inside.total() >= self._at_once:
            return False
        return min(self._waiting, key=lambda each: (self._inside[each.visitor], each.number)) is ticket
