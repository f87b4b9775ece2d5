"""What comes out of a turn: events while it runs, and the answer."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.core.evidence import Evidence
from assistant.core.turn_state import ToolCallRecord
from tools.domain.facts import Facts


class Grounding(BaseModel):
    """Hold what the check of the answer found."""

    model_config = ConfigDict(frozen=True)

    claims: int = 0
    unsupported: tuple[str, ...] = ()  # the claims without evidence
    removed: tuple[str, ...] = ()  # the sentences that were taken out for them


class Timing(BaseModel):
    """Hold how long a turn took, in ms, and how much of it was spent in tools and in a language model."""

    model_config = ConfigDict(frozen=True)

    total_ms: float = 0.0
    tools_ms: float = 0.0
    model_ms: float = 0.0  # 0 for the built-in planner, whose work is the program's own

    @property
    def own_ms(self) -> float:
        """Return the rest, in ms: planning, state, checking, events."""
        return self.total_ms - self.tools_ms - self.model_ms


class Answer(BaseModel):
    """Hold the answer of one turn. Citations are lesion ids in the order they are named."""

    model_config = ConfigDict(frozen=True)

    answer: str
    citations: tuple[str, ...] = ()
    tool_calls: tuple[ToolCallRecord, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    grounding: Grounding = Grounding()
    model: str = "offline"
    notice: str | None = None  # something the user should know, e.g. that another model took over
    follow_ups: tuple[str, ...] = ()
    timing: Timing = Timing()


@dataclass(frozen=True)
class TurnBegan:
    """Begin a turn: its first event. `number` is what `Assistant.rewind` takes to undo it."""

    number: int


@dataclass(frozen=True)
class ToolStarted:
    """Begin a tool call. `title` is for the screen."""

    id: str
    title: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True)
class ToolFinished:
    """End a tool call, with its facts, or None where `title` says what went wrong."""

    id: str
    title: str
    duration_ms: int
    artifact: Facts | None

    @property
    def ok(self) -> bool:
        """Tell whether the tool returned facts."""
        return self.artifact is not None


@dataclass(frozen=True)
class TextChunk:
    """Append checked text."""

    text: str


@dataclass(frozen=True)
class TextReset:
    """Clear what was written so far: it does not count."""


@dataclass(frozen=True)
class Notice:
    """Tell the user something, such as a change of model."""

    text: str


@dataclass(frozen=True)
class AnswerReady:
    """End the turn."""

    answer: Answer


Event = TurnBegan | ToolStarted | ToolFinished | TextChunk | TextReset | Notice | AnswerReady
