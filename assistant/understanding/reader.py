"""The protocol of the trained readers, and what a reading holds."""

import math
import threading
from dataclasses import dataclass
from typing import Protocol

from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import ParsedCall

MAX_CHARACTERS = 600  # of a message


class ReadingCancelledError(Exception):
    """The reading was cancelled."""


@dataclass(frozen=True)
class Fork:
    """The beginning of an alternative: the output so far, with the second-best token last."""

    tokens: tuple[int, ...]
    probability: float  # of all of them


@dataclass(frozen=True)
class Reading:
    """The calls of a message, and the probability of each of their fields (0 to 1)."""

    calls: tuple[ParsedCall, ...]
    confidence: tuple[dict[str, float], ...]  # one a call, by the names of the language
    text: str
    forks: tuple[Fork, ...] = ()  # the likeliest first

    @property
    def probability(self) -> float:
        """That all of it is right: the product over all fields."""
        return math.prod(value for fields in self.confidence for value in fields.values())


class Reader(Protocol):
    """A model that reads messages into calls."""

    def read(
        self,
        message: str,
        state: TurnState,
        ids: int = 0,
        stop: threading.Event | None = None,
        begin: Fork | None = None,
    ) -> Reading:
        """Read a message in which `ids` lesion ids stand as L1, L2, …; going on from `begin`, if given.

        Raises ReadingCancelledError when `stop` is set; ValueError when the output is no calls of this state.
        """
        ...
