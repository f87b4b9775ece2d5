"""One open study in the browser: its session, its conversation, and what only the screen needs to know."""

import math
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.agent.assistant import Assistant
from encoder.errors import LesionSearchError
from tools.domain.study import SafeFacts, Study
from tools.domain.windows import Window
from tools.intake.archive import ArchivedStudy
from tools.workspace.session import Session, Workspace
from tools.workspace.undo import bring_back, kept_regions
from ui.state.undo import ClearedConversation

if TYPE_CHECKING:
    from ui.state.transcript import ChatTurn

UPLOADS = "uploads"  # folder of a session that holds what was sent, until it is read


class VisitError(LesionSearchError):
    """The page does not belong to this visitor, or the server is full."""


@dataclass(eq=False)
class Visit:
    """One open study: its session, its conversation, and what only the screen needs to know.

    `visitor` is the secret in the browser's cookie. `key` and `study_key` are unguessable names for URLs; the second
    changes with every study, so that a late request for the last one finds nothing.
    """

    visitor: str
    session: Session
    workspace: Workspace
    model: str
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    study_key: str = ""
    title: str = ""
    start_slice: int | None = None
    start_window: Window | None = None
    compared: tuple[str, str, int] | None = None  # region and atlas lesion that an answer puts side by side, and when
    facts: dict[str, SafeFacts] = field(default_factory=dict)  # by series, with what their pictures look like
    turns: list["ChatTurn"] = field(default_factory=list)
    archived: dict[str, ArchivedStudy] = field(default_factory=dict)  # what the archive listed last, by random names
    fetched: tuple[int, int | None] = (0, None)  # images of a study that have arrived from the archive, of how many
    stores_reports: bool = False  # in the archive, where the user asks for it
    cleared: ClearedConversation | None = None  # the conversation before this one, until a question is asked
    last_seen: float = field(default_factory=time.monotonic)  # anything of it was asked for, a picture of it too
    looked_at: float = 0.0  # a page showed it
    shown: int = 0  # the revision that is on the screen, as the page says
    revision: int = 0  # what the page was sent last
    acting: threading.RLock = field(default_factory=threading.RLock)  # held while a reply is computed
    _assistant: Assistant | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def megabytes(self) -> float:
        """How large the pixels of the study are."""
        study = self.session.study
        return sum(2 * math.prod(series.volume_hu.shape) for series in study.series) / 2**20 if study else 0.0

    def open(
        self, study: Study, title: str, start_slice: int | None = None, start_window: Window | None = None
    ) -> None:
        """Show a study; the conversation about the last one is over."""
        self.session.open(study)
        self.study_key = secrets.token_urlsafe(24)
        self.title = title
        self.start_slice = start_slice
        self.start_window = start_window
        self.compared = None
        self.facts.clear()
        self.forget_conversation()

    def forget_conversation(self) -> None:
        """Start a new conversation: what was said and found is over, study and regions stay."""
        self.stop()
        self.session.undoable.clear()
        self.cleared = None
        self.turns.clear()
        self.session.forget_searches()
        with self._lock:
            self._assistant = None

    def clear_conversation(self) -> None:
        """Start a new conversation, which `undo` takes back until the next question is asked."""
        before = ClearedConversation(tuple(self.turns), self._assistant, kept_regions(self.session))
        self.forget_conversation()
        if before.turns:
            self.cleared = before

    def resume(self, turns: "tuple[ChatTurn, ...]", assistant: Assistant | None) -> None:
        """Go on with an earlier conversation."""
        self.turns[:] = turns
        with self._lock:
            self._assistant = assistant

    def asked(self) -> None:
        """Note that a new question goes on with this conversation: an earlier one is not resumed any more."""
        self.turns[:] = [turn for turn in self.turns if not turn.until_asked]
        self.cleared = None

    def undo(self) -> str:
        """Bring back what was deleted last, and say so in a sentence. Raises RegionError where there is no room."""
        if self.session.undoable or self.cleared is None:
            return bring_back(self.session)
        before, self.cleared = self.cleared, None
        return before.bring_back(self)

    @property
    def can_undo(self) -> bool:
        """Whether anything was deleted that can be brought back."""
        return bool(self.session.undoable or self.cleared)

    def discard(self) -> None:
        """Forget everything and delete its files."""
        self.stop()
        self.session.close()

    def assistant(self) -> Assistant:
        """Give the assistant of this visit, made on the first question."""
        with self._lock:
            if self._assistant is None:
                self._assistant = Assistant(self.workspace, self.model)
            return self._assistant

    def stop(self) -> None:
        """Stop answering, at once."""
        for turn in self.turns:
            turn.stop.set()

    def choose_model(self, model: str) -> None:
        """Let another model answer from the next question on; it starts a conversation of its own."""
        with self._lock:
            self.model = model
            self._assistant = None

    def compare(self, region_id: str, lesion_id: str | None) -> None:
        """Put a region beside an atlas lesion; None: beside none."""
        self.compared = (region_id, lesion_id, self.next_revision()) if lesion_id else None

    def send_after(self, other: "Visit") -> None:
        """Go on counting where another visit of the same page stopped."""
        self.revision = max(self.revision, other.revision)

    @property
    def is_shown(self) -> bool:
        """Whether the page shows what it was sent last. Gradio may lose a value: of two within one frame it shows the
        later, which may be the older, and a component writes back what it is drawing over one that arrives then."""
        return self.shown >= self.revision

    def next_revision(self) -> int:
        """Give a number that grows with everything sent to the screen, so that it can tell old from new: the time in
        milliseconds, so that it goes on growing when a visit ended and the page is given another."""
        with self._lock:
            self.revision = max(self.revision + 1, time.time_ns() // 1_000_000)
            return self.revision
