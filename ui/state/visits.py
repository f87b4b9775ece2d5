"""Who may see what in the browser: a visit for every study that is open, reachable only with its visitor's cookie.

A page shows one visit. A page that is reloaded, opened in a second tab, or back after the network was gone shows the
visit used last; opening another study keeps the first, which the page can go back to.
"""

import math
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.agent.assistant import Assistant
from encoder.errors import LesionSearchError
from encoder.roi import ROI_SIZE
from tools.domain.patient_keys import PatientKeys
from tools.domain.study import SafeFacts, Study
from tools.domain.windows import Window
from tools.intake.worker_process import WorkerPool
from tools.settings import Settings
from tools.workspace.session import Session, Workspace
from tools.workspace.undo import bring_back, kept_regions
from ui.state.atlas_map import AtlasMap
from ui.state.undo import ClearedConversation

if TYPE_CHECKING:
    from encoder.embedder import Embedder
    from tools.atlas.atlas import Atlas
    from ui.state.transcript import ChatTurn

UPLOADS = "uploads"  # folder of a session that holds what was sent, until it is read
COOKIE = "lesion_search_visitor"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class VisitError(LesionSearchError):
    """The page does not belong to this visitor, or the server is full."""


@dataclass(frozen=True)
class Shared:
    """What all visits use and nobody changes: atlas, encoder, patient keys, settings."""

    atlas: "Atlas"
    embedder: "Embedder"
    keys: PatientKeys
    settings: Settings

    @cached_property
    def atlas_map(self) -> AtlasMap:
        """The map of the atlas, made on first use."""
        return AtlasMap(self.atlas)


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
    upload_bytes: int = 0  # of the upload that is under way
    compared: tuple[str, str, int] | None = None  # region and atlas lesion that an answer puts side by side, and when
    facts: dict[str, SafeFacts] = field(default_factory=dict)  # by series, with what their pictures look like
    turns: list["ChatTurn"] = field(default_factory=list)
    cleared: ClearedConversation | None = None  # the conversation before this one, until a question is asked
    last_seen: float = field(default_factory=time.monotonic)
    _sent: int = 0
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

    def discard_upload(self, folder: Path) -> None:
        """Delete what was sent, as soon as it has been read."""
        shutil.rmtree(folder, ignore_errors=True)
        self.upload_bytes = 0

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
        self._sent = max(self._sent, other._sent)

    def next_revision(self) -> int:
        """Give a number that grows with everything sent to the screen, so that it can tell old from new: the time in
        milliseconds, so that it goes on growing when a visit ended and the page is given another."""
        with self._lock:
            self._sent = max(self._sent + 1, time.time_ns() // 1_000_000)
            return self._sent


class Visits:
    """All open studies of this server. Every look-up needs the visitor's cookie; nothing is found by a key alone."""

    def __init__(self, shared: Shared, clock: Callable[[], float] = time.monotonic) -> None:
        self.shared = shared
        self.settings = shared.settings
        self.workers = WorkerPool()
        self._clock = clock
        self._visits: list[Visit] = []
        self._pages: dict[str, Visit] = {}  # what each open page (Gradio's session hash) shows
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._visits)

    def of_page(self, visitor: str | None, page: str | None) -> Visit:
        """Give what a page (Gradio's session hash) shows: what its visitor used last where the page is new.

        Raises VisitError without a proper cookie, when the page is another visitor's, and when the server is full.
        """
        if visitor is None or not is_visitor(visitor) or not page:
            raise VisitError("This page needs its cookie to keep your study apart from others': allow it and reload.")
        with self._lock:
            visit = self._pages.get(page)
            if visit is not None and not _equal(visit.visitor, visitor):
                raise VisitError("This page belongs to somebody else: reload it to get one of your own.")
            if visit is None:
                own = self._of(visitor)
                visit = max(own, key=lambda each: each.last_seen) if own else self._add(visitor, self.settings.model)
                self._pages[page] = visit
            visit.last_seen = self._clock()
            return visit

    def for_study(self, visitor: str, page: str) -> Visit:
        """Give a page a visit to open a study in: its own while that is empty, else a new one beside it.

        Raises VisitError as `of_page` does.
        """
        visit = self.of_page(visitor, page)
        if visit.session.study is None:
            return visit
        with self._lock:
            visit = self._turn_to(page, self._add(visitor, visit.model))
        self.sweep()
        return visit

    def go_back(self, visitor: str, page: str, study_key: str) -> Visit:
        """Show a study again that the visitor has opened before. Raises VisitError where it is gone."""
        self.of_page(visitor, page)
        found = self.of_study(visitor, study_key)
        if found is None:
            raise VisitError("That study is no longer open: choose a case or open a file.")
        with self._lock:
            return self._turn_to(page, found)

    def opened(self, visitor: str) -> list[Visit]:
        """List a visitor's open studies, the one opened first at the beginning."""
        with self._lock:
            return [visit for visit in self._of(visitor) if visit.session.study is not None]

    def may_listen(self, visitor: str | None, page: str) -> bool:
        """Tell whether a visitor may hear the events of a page: not of another visitor's."""
        visit = self._pages.get(page)
        return visit is None or _equal(visit.visitor, visitor or "")

    def of_key(self, visitor: str | None, key: str) -> Visit | None:
        """Find the visit that has this key, or whose study has it, if it belongs to the visitor."""
        return self._find(visitor, lambda visit: _equal(visit.key, key) or _equal(visit.study_key, key))

    def of_study(self, visitor: str | None, study_key: str) -> Visit | None:
        """Find the visit that has this study open, if it belongs to the visitor."""
        return self._find(visitor, lambda visit: _equal(visit.study_key, study_key))

    def knows(self, visitor: str | None) -> bool:
        """Tell whether a visitor has an open page."""
        return self._find(visitor, lambda visit: True) is not None

    def close(self, visitor: str | None, page: str | None) -> None:
        """Note that a page was closed: what it showed is kept for a while, where there was anything."""
        with self._lock:
            visit = self._pages.get(page or "")
            if visit is None or not _equal(visit.visitor, visitor or ""):
                return
            del self._pages[page or ""]
            if any(shown.visitor == visit.visitor for shown in self._pages.values()):
                return
            for each in self._of(visit.visitor):
                each.last_seen = max(each.last_seen, self._clock())  # all of them are kept from now on
        self.sweep()

    def sweep(self) -> int:
        """Delete what was idle for too long, closed too long ago, or is too large to be kept unseen; say how many
        visits that were."""
        now, limits = self._clock(), self.settings
        with self._lock:
            here = {visit.visitor for visit in self._pages.values()}
            stale = [
                visit
                for visit in self._visits
                if visit.last_seen < now - 60 * limits.idle_minutes
                or (visit.visitor not in here and visit.last_seen <= now - 60 * limits.keep_minutes)
                or (visit.visitor not in here and visit.session.study is None)
            ]
            kept_mb = 0.0
            for visit in sorted(set(self._visits) - set(stale), key=lambda each: -each.last_seen):
                kept_mb += 0.0 if visit in self._pages.values() else visit.megabytes
                if kept_mb > limits.max_kept_mb and visit not in self._pages.values():
                    stale.append(visit)
            for visit in stale:
                self._drop(visit)
        for visit in stale:
            visit.discard()
        return len(stale)

    def warm_up(self) -> None:
        """Load what the first upload and the first question need. Asks no model outside this machine."""
        self.workers.fill()
        visit = self._new_visit(new_visitor())
        visit.choose_model("offline")
        self.shared.embedder(np.zeros((1, 2, ROI_SIZE, ROI_SIZE), np.int16))
        for _ in visit.assistant().stream("What is in the atlas?"):
            pass
        visit.discard()
        self.shared.atlas_map.view()

    def close_all(self) -> None:
        """Delete everything when the server stops."""
        self.workers.close()
        with self._lock:
            visits = list(self._visits)
            self._visits.clear()
            self._pages.clear()
        for visit in visits:
            visit.discard()

    def _find(self, visitor: str | None, matches: Callable[[Visit], bool]) -> Visit | None:
        if not is_visitor(visitor):
            return None
        with self._lock:
            for visit in self._of(visitor or ""):
                if matches(visit):
                    visit.last_seen = self._clock()
                    return visit
        return None

    def _of(self, visitor: str) -> list[Visit]:
        return [visit for visit in self._visits if _equal(visit.visitor, visitor)]

    def _add(self, visitor: str, model: str) -> Visit:
        self._make_room(visitor)
        visit = self._new_visit(visitor)
        visit.choose_model(model)
        self._visits.append(visit)
        return visit

    def _turn_to(self, page: str, visit: Visit) -> Visit:
        """Let a page show another visit; what it is sent from now on is newer than what it was sent."""
        visit.send_after(self._pages[page])
        self._pages[page] = visit
        visit.last_seen = self._clock()
        return visit

    def _drop(self, visit: Visit) -> None:
        self._visits.remove(visit)
        self._pages = {page: shown for page, shown in self._pages.items() if shown is not visit}

    def _make_room(self, visitor: str) -> None:
        """Close the visitor's own oldest study when they have too many, else the oldest that nobody looks at."""
        own, shown = self._of(visitor), list(self._pages.values())
        if len(own) >= self.settings.max_visits_per_user:
            candidates = [visit for visit in own if visit not in shown] or own
        elif len(self._visits) >= self.settings.max_visits:
            candidates = [visit for visit in self._visits if visit.session.study is None or visit not in shown]
            if not candidates:
                raise VisitError("Too many people use this server just now: try again in a few minutes.")
        else:
            return
        oldest = min(candidates, key=lambda visit: visit.last_seen)
        self._drop(oldest)
        oldest.discard()

    def _new_visit(self, visitor: str) -> Visit:
        shared = self.shared
        session = Session(Path(tempfile.mkdtemp(prefix="lesion-search-")))
        workspace = Workspace(session, shared.atlas, shared.embedder)
        return Visit(visitor, session, workspace, self.settings.model, last_seen=self._clock())


def new_visitor() -> str:
    """Draw a fresh cookie value, 256 bits."""
    return secrets.token_urlsafe(32)


def is_visitor(value: str | None) -> bool:
    """Tell whether a cookie value is well-formed."""
    return value is not None and _TOKEN.fullmatch(value) is not None


def _equal(a: str, b: str) -> bool:
    return bool(a) and secrets.compare_digest(a.encode(), b.encode())
