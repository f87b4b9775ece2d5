"""Who may see what in the browser: a visit for every study that is open, reachable only with its visitor's cookie.

A page shows one visit. A page that is reloaded, opened in a second tab, or back after the network was gone shows the
visit used last; opening another study keeps the first, which the page can go back to.
"""

import re
import secrets
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoder.errors import storage_error
from encoder.roi import ROI_SIZE
from tools.domain.patient_keys import PatientKeys
from tools.intake import worker_process
from tools.regions.segmentation import outline_from_seed
from tools.settings import Settings
from tools.workspace.session import Session, Workspace
from ui.state.atlas_map import AtlasMap
from ui.state.disk import Disk
from ui.state.transcript import ChatTurn
from ui.state.visit import Visit, VisitError

if TYPE_CHECKING:
    from encoder.embedder import Embedder
    from tools.atlas.searchable import SearchableAtlas

COOKIE = "lesion_search_visitor"
NEW_S = 60.0  # an empty page is new for so long
USED_S = 600.0  # a page that asked for something in this time is used by somebody
MAX_REMEMBERED = 4096  # visitors, and pages, of whom something is noted
GAVE_WAY = "“{title}” was closed to make room for others, because it had not been used for a while: open it again."
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}(\.[A-Za-z0-9_-]{6,43}){0,2}")  # with its time and signature


@dataclass(frozen=True)
class Shared:
    """What all visits use and nobody changes: atlas, encoder, patient keys, settings."""

    atlas: "SearchableAtlas"
    embedder: "Embedder"
    keys: PatientKeys
    settings: Settings

    @cached_property
    def atlas_map(self) -> AtlasMap:
        """The map of the atlas, made on first use."""
        return AtlasMap(self.atlas)


class Visits:
    """All open studies of this server. Every look-up needs the visitor's cookie; nothing is found by a key alone."""

    def __init__(self, shared: Shared, clock: Callable[[], float] = time.monotonic) -> None:
        self.shared = shared
        self.settings = shared.settings
        self.disk = Disk(self.settings)
        self._clock = clock
        self._visits: list[Visit] = []
        self._pages: dict[str, Visit] = {}  # what each open page (Gradio's session hash) shows
        self._addresses: OrderedDict[str, str] = OrderedDict()  # by visitor: whence the last request came
        self._claims: OrderedDict[str, str] = OrderedDict()  # by page: whose it is, before it shows anything
        self._farewells: OrderedDict[str, str] = OrderedDict()  # by visitor: what became of a study of theirs
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._visits)

    def of_page(self, visitor: str | None, page: str | None) -> Visit:
        """Give what a page (Gradio's session hash) shows: what its visitor looked at last where the page is new.

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
                visit = max(own, key=lambda each: each.looked_at) if own else self._add(visitor, self.settings.model)
                self._pages[page] = visit
            visit.last_seen = visit.looked_at = self._clock()
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

    def note_address(self, visitor: str, address: str) -> None:
        """Note from which network address a visitor comes."""
        with self._lock:
            _remember(self._addresses, visitor, address)

    def address_of(self, visitor: str) -> str:
        """Tell from which network address a visitor came last; empty where that is not known."""
        return self._addresses.get(visitor, "")

    def room_on_disk(self, others: bool) -> bool:
        """Let what nobody reads, and then the oldest idle visit with files, `others` too, give way to an upload; tell
        whether anything did."""
        gone = self.disk.discard_abandoned()
        if gone or not others:
            return gone > 0
        with self._lock:
            holding = [visit for visit in self._visits if self.disk.held(owner=visit.key) and self._is_idle(visit)]
            if not holding:
                return False
            oldest = min(holding, key=lambda visit: visit.last_seen)
            self._give_way(oldest)
        return True

    def claim(self, visitor: str | None, page: str) -> bool:
        """Make a page that nobody has a visitor's own; tell whether they may hear its events and speak into them."""
        with self._lock:
            shown = self._pages.get(page)
            owner = self._claims.get(page) if shown is None else shown.visitor
            if owner is None and visitor is not None:
                _remember(self._claims, page, visitor)
            return owner is None or _equal(owner, visitor or "")

    def forget(self, visitor: str | None) -> None:
        """Close everything that a visitor has open."""
        with self._lock:
            own = self._of(visitor or "")
            for visit in own:
                self._drop(visit)
        for visit in own:
            self._discard(visit)

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
            self._claims.pop(page or "", None)
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
            self._discard(visit)
        self.disk.discard_abandoned(60 * limits.keep_minutes)
        return len(stale)

    def warm_up(self) -> None:
        """Load what the first upload, click and question need. Asks no model outside this machine."""
        worker_process.warm_up()
        outline_from_seed(np.zeros((ROI_SIZE, ROI_SIZE), np.int16), (1.0, 1.0), ROI_SIZE / 2, ROI_SIZE / 2)
        visit = self._new_visit(new_visitor())
        visit.choose_model("offline")
        self.shared.embedder(np.zeros((1, 2, ROI_SIZE, ROI_SIZE), np.int16))
        for _ in visit.assistant().stream("What is in the atlas?"):
            pass
        visit.discard()
        self.shared.atlas_map.view()

    def close_all(self) -> None:
        """Delete everything when the server stops."""
        with self._lock:
            visits = list(self._visits)
            self._visits.clear()
            self._pages.clear()
            self._claims.clear()
        for visit in visits:
            self._discard(visit)

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
        if visitor in self._farewells:
            visit.turns.append(ChatTurn(question="", text=self._farewells.pop(visitor), done=True))
        return visit

    def _turn_to(self, page: str, visit: Visit) -> Visit:
        """Let a page show another visit; what it is sent from now on is newer than what it was sent."""
        visit.send_after(self._pages[page])
        self._pages[page] = visit
        visit.last_seen = visit.looked_at = self._clock()
        return visit

    def _drop(self, visit: Visit) -> None:
        self._visits.remove(visit)
        self._pages = {page: shown for page, shown in self._pages.items() if shown is not visit}

    def _make_room(self, visitor: str) -> None:
        """Close the visitor's own oldest study when they have too many; where there are too many from their address, or
        on the server, the one that is missed least."""
        own, shown = self._of(visitor), list(self._pages.values())
        if len(own) >= self.settings.max_visits_per_user:
            oldest = min([visit for visit in own if visit not in shown] or own, key=lambda visit: visit.looked_at)
            self._drop(oldest)
            self._discard(oldest)
            return
        address = self.address_of(visitor)
        near = [visit for visit in self._visits if address and self.address_of(visit.visitor) == address]
        crowd = near if len(near) >= self.settings.max_visits_per_address else self._visits
        if crowd is self._visits and len(crowd) < self.settings.max_visits:
            return
        now = self._clock()
        ranked = [(0, visit) for visit in crowd if self._is_empty(visit) and visit.last_seen < now - NEW_S]
        ranked += [(1, visit) for visit in crowd if self._is_idle(visit)]
        ranked += [(2, visit) for visit in crowd if self._is_empty(visit)]
        if not ranked:
            raise VisitError("Too many people use this server just now: try again in a few minutes.")
        self._give_way(min(ranked, key=lambda each: (each[0], each[1].last_seen))[1])

    def _is_empty(self, visit: Visit) -> bool:
        """Tell whether nothing would be missed: no study is open, and none is on its way."""
        return visit.session.study is None and not self.disk.held(owner=visit.key)

    def _is_idle(self, visit: Visit) -> bool:
        """Tell whether nobody uses a visit: no page shows it, or none has for a while asked for anything."""
        return visit not in self._pages.values() or visit.last_seen < self._clock() - USED_S

    def _give_way(self, visit: Visit) -> None:
        """Close a visit in favour of others; its visitor is told when they come back."""
        if visit.session.study is not None:
            _remember(self._farewells, visit.visitor, GAVE_WAY.format(title=visit.title))
        self._drop(visit)
        self._discard(visit)

    def _discard(self, visit: Visit) -> None:
        visit.discard()
        self.disk.discard_all(visit.key)

    def _new_visit(self, visitor: str) -> Visit:
        shared = self.shared
        try:
            session = Session(Path(tempfile.mkdtemp(prefix="lesion-search-")))
        except OSError as error:
            raise VisitError(str(storage_error(error, "The server's temporary folder"))) from error
        workspace = Workspace(session, shared.atlas, shared.embedder)
        stores = self.settings.dicomweb is not None and self.settings.dicomweb_store
        return Visit(visitor, session, workspace, self.settings.model, last_seen=self._clock(), stores_reports=stores)


def new_visitor() -> str:
    """Draw a fresh cookie value, 256 bits."""
    return secrets.token_urlsafe(32)


def is_visitor(value: str | None) -> bool:
    """Tell whether a cookie value is well-formed."""
    return value is not None and _TOKEN.fullmatch(value) is not None


def _remember(notes: OrderedDict[str, str], visitor: str, note: str) -> None:
    notes[visitor] = note
    notes.move_to_end(visitor)
    if len(notes) > MAX_REMEMBERED:
        notes.popitem(last=False)


def _equal(a: str, b: str) -> bool:
    return bool(a) and secrets.compare_digest(a.encode(), b.encode())
