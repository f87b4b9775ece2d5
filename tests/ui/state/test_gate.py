"""Few at a time, in order, and nobody takes all turns."""

import threading

import pytest

from ui.state.gate import Gate
from ui.state.visit import VisitError


def test_one_visitor_cannot_take_all_turns() -> None:
    gate = Gate(at_once=4, per_visitor=2, waiting=8)
    with gate.turn("ann"), gate.turn("ann"):
        with pytest.raises(VisitError, match="several things"), gate.turn("ann"):
            pass
        with gate.turn("bob"):
            pass
    with gate.turn("ann"):
        pass


def test_a_long_line_is_not_joined() -> None:
    gate = Gate(at_once=1, per_visitor=1, waiting=0)
    with pytest.raises(VisitError, match="Many people"), gate.turn("ann"):
        pass


def test_those_who_have_none_go_before_those_who_have_one() -> None:
    gate = Gate(at_once=2, per_visitor=3, waiting=8)
    order: list[str] = []
    first, second = gate.turn("ann"), gate.turn("ann")
    first.__enter__()
    second.__enter__()

    def wait(visitor: str) -> None:
        with gate.turn(visitor):
            order.append(visitor)

    waiting = []
    for number, visitor in enumerate(("ann", "bob"), start=1):
        waiting.append(threading.Thread(target=wait, args=(visitor,)))
        waiting[-1].start()
        while len(gate._waiting) < number:
            pass
    first.__exit__(None, None, None)
    waiting[1].join(10)
    waiting[0].join(10)
    second.__exit__(None, None, None)
    assert order == ["bob", "ann"]
