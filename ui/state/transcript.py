"""The transcript of a page: one turn with all that came of it."""

import secrets
import threading
from dataclasses import dataclass, field

from assistant.agent.assistant import Assistant
from ui.state.scenes import Scene


@dataclass
class ChatStep:
    """One tool call, as a line of the chat."""

    title: str
    details: str
    duration_ms: int | None = None


@dataclass
class ChatTurn:
    """One question and all that came of it."""

    question: str
    key: str = field(default_factory=lambda: secrets.token_hex(4))  # names the turn in links
    scenes: dict[str, Scene] = field(default_factory=dict)  # by region, the one spoken of last at the end
    steps: dict[str, ChatStep] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    text: str = ""
    links: list[str] = field(default_factory=list)
    follow_ups: tuple[str, ...] = ()
    done: bool = False
    until_asked: bool = False  # goes with the next question
    answered_by: Assistant | None = None
    number: int | None = None  # by which that assistant takes it back
    linked: tuple[str, str] | None = None  # the text as it was written, and with links
    stop: threading.Event = field(default_factory=threading.Event)
