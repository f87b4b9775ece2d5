"""What every reader of messages is and gives."""

import threading
from dataclasses import dataclass
from typing import Protocol

from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import ParsedCall

MAX_CHARACTERS = 600  # of a message


class ReadingCancelledError(Exception):
    """The reading was called off."""


@dataclass(frozen=True)
class Fork:
    """Where the model might have gone on in another way."""

    tokens: tuple[int, ...]  # up to there, the other one last
    chance: float  # of all of them


@dataclass(frozen=True)
class Reading:
    """What the model read: the calls, and how sure it was of each of their fields (0 to 1)."""

    said: tuple[ParsedCall, ...]
    confidence: tuple[dict[str, float], ...]  # one a call, by the names of the language
    text: str
    forks: tuple[Fork, ...] = ()  # the likeliest first

    @property
    def sureness(self) -> float:
        """That all of it is right: the product over all decisions."""
        total = 1.0
        for fields in self.confidence:
            for value in fields.values():
                total *= value
        return total


class Reader(Protocol):
    """Whatever reads a message as the tuned model does."""

    def read(
        self,
        message: str,
        state: TurnState,
        ids: int = 0,
        stop: threading.Event | None = None,
        begin: Fork | None = None,
    ) -> Reading: ...
