"""Several atlases searched as one: hits, votes and confidence are those of all their lesions together."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from encoder.pack import Images
from tools.atlas.atlas import MAX_REFIT, Atlas
from tools.atlas.calibration import Calibration, calibrate
from tools.atlas.catalog import Catalog, Rows, Vectors
from tools.atlas.own_cases import OwnCases
from tools.atlas.searchable import AtlasView, SearchableAtlas
from tools.atlas.searchers import Neighbours, Query, Searcher, top_k

OWN = "own cases"
CARRIES = 0.9  # share of the lesions from which on one member's calibration stands for the group's

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Member:
    """One atlas of a group, and what it is called before users: never a path or an address."""

    name: str
    atlas: Atlas


@dataclass(frozen=True, eq=False)
class _Part:
    """A member's place in the group: `rows` (n,) are the group's rows of the member's lesions, -1 for a twin."""

    view: AtlasView
    rows: Rows


class GroupSearcher:
    """Nearest neighbours among all members: each is asked with its share of the mask, and the best are kept."""

    def __init__(self, parts: Sequence[_Part], size: int, dim: int) -> None:
        self._parts = parts
        self._dim = dim
        self.part_of = np.zeros(size, np.intp)  # (N,): which part has a lesion of the group, and in which row
        self._row_in_part = np.zeros(size, np.intp)
        for number, part in enumerate(parts):
            counted = part.rows >= 0
            self.part_of[part.rows[counted]] = number
            self._row_in_part[part.rows[counted]] = np.flatnonzero(counted)

    def nearest(self, vectors: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        found = [
            part.view.searcher.nearest(vectors, [_of_part(query, part) for query in queries]) for part in self._parts
        ]
        return [
            top_k(
                np.concatenate([part.rows[one[i].rows] for part, one in zip(self._parts, found, strict=True)]),
                np.concatenate([one[i].similarities for one in found]),
                query.count,
            )
            for i, query in enumerate(queries)
        ]

    def vectors_at(self, rows: Rows) -> Vectors:
        vectors = np.zeros((len(rows), self._dim), np.float32)
        for number, part in enumerate(self._parts):
            here = self.part_of[rows] == number
            if here.any():
                vectors[here] = part.view.searcher.vectors_at(self._row_in_part[rows[here]])
        return vectors


class AtlasGroup(SearchableAtlas):
    """Atlases of one encoder, searched together, and the user's own cases as soon as there are any.

    Where two hold a lesion of the same id, that of the atlas named first counts, once. Votes are calibrated on all
    lesions together, or by the calibration of the largest member where that holds nearly all of them, or where fitting
    anew would take too long.
    """

    def __init__(self, members: Sequence[Member], fingerprint: str, own: OwnCases | None = None) -> None:
        self._members = tuple(members)
        self.own = own
        self._lock = threading.RLock()
        self._current: AtlasView | None = None
        self._joined_members: tuple[Member, ...] = ()  # those of `_current`
        self.location = ", ".join(member.atlas.location for member in self.members())
        self.fingerprint = fingerprint
        self.keys_match = all(member.atlas.keys_match for member in self._members)

    def members(self) -> tuple[Member, ...]:
        """List what is searched, the own cases first where there are any."""
        own = self.own.atlas() if self.own is not None else None
        return (Member(OWN, own), *self._members) if own is not None and len(own) else self._members

    def encoder_input(self, lesion_id: str) -> Images:
        """Read what a lesion was indexed with: its ROI (64, 64), or (2, 64, 64) with its context. Raises AtlasError."""
        view = self.view()
        row = view.catalog.row(self.get(lesion_id).lesion_id)
        number = 0 if view.atlas_of is None else int(view.atlas_of[row])
        return self._joined_members[number].atlas.encoder_input(lesion_id)

    def close(self) -> None:
        """Let go of the databases."""
        for member in self.members():
            member.atlas.close()

    def view(self) -> AtlasView:
        """Join the members as they are now."""
        members = self.members()
        views = [member.atlas.view() for member in members]
        revision = "+".join(view.revision for view in views)
        with self._lock:
            if self._current is None or self._current.revision != revision:
                self._current, self._joined_members = self._joined(members, views, revision), members
            return self._current

    def _joined(self, members: Sequence[Member], views: Sequence[AtlasView], revision: str) -> AtlasView:
        catalog, rows = Catalog.joined([view.catalog for view in views])
        parts = [_Part(view, of_part) for view, of_part in zip(views, rows, strict=True)]
        for member, part in zip(members, parts, strict=True):
            if twins := int((part.rows < 0).sum()):
                log.warning("%d lesions of the %s are in another atlas too and count once.", twins, member.name)
        dim = max(view.dim for view in views)
        searcher = GroupSearcher(parts, len(catalog), dim)
        calibration = _calibration(catalog, searcher, views)
        names = tuple(member.name for member in members)
        return AtlasView(
            revision, catalog, searcher, dim, calibration, names, searcher.part_of if len(members) > 1 else None
        )


def _of_part(query: Query, part: _Part) -> Query:
    """Ask a member for its share of a query."""
    mask = (part.rows >= 0) & query.mask[part.rows]
    return Query(mask, query.count, query.conditions)


def _calibration(catalog: Catalog, searcher: Searcher, views: Sequence[AtlasView]) -> Calibration | None:
    largest = max(views, key=lambda view: len(view.catalog))
    carries = len(largest.catalog) >= CARRIES * len(catalog) or len(catalog) > MAX_REFIT
    return largest.calibration if carries and largest.calibration else calibrate(catalog, searcher)
