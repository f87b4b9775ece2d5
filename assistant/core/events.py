"""What comes out of a turn: events while it runs, and the answer."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.core.evidence import Evidence
from assistant.core.turn_state import ToolCallRecord
from tools.domain.facts import Facts


class Grounding(BaseModel):
    """What the check of the answer found."""

    model_config = ConfigDict(frozen=True)

    claims: int = 0
    unsupported: tuple[str, ...] = ()  # the claims without evidence
    removed: tuple[str, ...] = ()  # the sentences that were taken out for them


class Timing(BaseModel):
    """How long a turn took, and how much of it was waited for tools and for a language model."""

    model_config = ConfigDict(frozen=True)

    total_ms: float = 0.0
    tools_ms: float = 0.0
    model_ms: float = 0.0  # 0 for the built-in planner, whose work is the program's own

    @property
    def own_ms(self) -> float:
        """What is neither tools nor model: planning, state, checking, events."""
        return self.total_ms - self.tools_ms - self.model_ms


class Answer(BaseModel):
    """The answer of one turn. Citations are lesion ids in the order they are named."""

    model_config = ConfigDict(frozen=True)

    answer: str
    citations: tuple[str, ...] = ()
    tool_calls: tuple[ToolCallRecord, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    grounding: Grounding = Grounding()
    model: str = "offline"
    notice: str | None = None  # something the person should know, e.g. that another model took over
    follow_ups: tuple[str, ...] = ()
    timing: Timing = Timing()


@dataclass(frozen=True)
class TurnBegan:
    """The first event of a turn. `number` is what `Assistant.rewind` takes to undo it."""

    number: int


@dataclass(frozen=True)
class ToolStarted:
    """A tool begins. `title` is for people."""

    id: str
    title: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True)
class ToolFinished:
    """A tool is done: its facts, or None where `title` says what went wrong."""

    id: str
    title: str
    duration_ms: int
    artifact: Facts | None

    @property
    def ok(self) -> bool:
        return self.artifact is not None


@dataclass(frozen=True)
class TextChunk:
    """Checked text: append it."""

    text: str


@dataclass(frozen=True)
class TextReset:
    """What was written so far does not count: clear it."""


@dataclass(frozen=True)
class Notice:
    """Something the person should know, such as a change of model."""

    text: str


@dataclass(frozen=True)
class AnswerReady:
    """The turn is done."""

    answer: Answer


Event = TurnBegan | ToolStarted | ToolFinished | TextChunk | TextReset | Notice | AnswerReady
