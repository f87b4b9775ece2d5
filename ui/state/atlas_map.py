"""The atlas as a map: its vectors on the plane that keeps most of their spread, and where a region falls on it."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from assistant.wording.phrases import lesion_facts
from tools.atlas.catalog import Rows
from tools.atlas.searchable import SearchableAtlas
from tools.domain.facts import LesionFacts, SearchFacts

MAX_POINTS = 5000  # more dots than a reader can tell apart; hits are always among what a region brings

MAX_FITTED = 20_000  # vectors that the plane is fitted on


class MapPoint(BaseModel):
    """One lesion: its place, the number of its type (-1: not recorded), and what a user reads of it."""

    lesion_id: str
    x: float
    y: float
    type_index: int
    words: str


class AtlasMapView(BaseModel):
    """The whole map. Of a large atlas every n-th lesion."""

    types: tuple[str, ...]
    points: tuple[MapPoint, ...]
    lesions: int
    kept: float  # share of the vectors' variance that the plane shows, 0..1


class RegionOnMap(BaseModel):
    """Where a region falls, and its hits, the most similar first."""

    x: float
    y: float
    hits: tuple[MapPoint, ...]


@dataclass(frozen=True)
class _Plane:
    """Centre (dim,), two axes (dim, 2), the share of variance on them, and of how many lesions it was found."""

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    kept: float
    lesions: int


class AtlasMap:
    """Places on the plane of the first two principal components; found once, and again when the atlas has grown."""

    def __init__(self, atlas: SearchableAtlas) -> None:
        self._atlas = atlas
        self._lock = threading.Lock()
        self._plane: _Plane | None = None
        self._view: AtlasMapView | None = None

    def view(self) -> AtlasMapView:
        """Draw the map of the whole atlas, once for every size of it."""
        plane = self._current()
        if self._view is None:
            rows = np.linspace(0, plane.lesions - 1, min(MAX_POINTS, plane.lesions)).astype(int)
            self._view = AtlasMapView(
                types=self._atlas.types(),
                points=self._points(rows, plane),
                lesions=plane.lesions,
                kept=round(plane.kept, 3),
            )
        return self._view

    def region(self, vector: NDArray[np.float32], found: SearchFacts | None) -> RegionOnMap:
        """Place a unit vector (dim,) on the map, with the hits of its search."""
        plane = self._current()
        x, y = ((vector - plane.centre) @ plane.axes).tolist()
        rows = self._atlas.view().catalog.rows([hit.lesion_id for hit in found.hits] if found else [])
        return RegionOnMap(x=x, y=y, hits=self._points(rows[rows >= 0], plane))

    def _current(self) -> _Plane:
        with self._lock:
            if self._plane is None or self._plane.lesions != len(self._atlas):
                self._plane, self._view = _plane_of(self._atlas), None
            return self._plane

    def _points(self, rows: Rows, plane: _Plane) -> tuple[MapPoint, ...]:
        atlas = self._atlas.view()
        places = (atlas.searcher.vectors_at(rows) - plane.centre) @ plane.axes if len(rows) else rows
        return tuple(
            MapPoint(
                lesion_id=lesion.lesion_id,
                x=round(x, 4),
                y=round(y, 4),
                type_index=int(atlas.catalog.type[row]),
                words=lesion_facts(LesionFacts.of(lesion, 0)),
            )
            for row, lesion, (x, y) in zip(rows, map(atlas.catalog.lesion, rows), places.tolist(), strict=True)
        )


def _plane_of(atlas: SearchableAtlas) -> _Plane:
    """Fit the first two principal components. The sign of an axis is arbitrary: its largest weight points up."""
    view = atlas.view()
    lesions = len(view.catalog)
    rows = np.linspace(0, lesions - 1, min(MAX_FITTED, lesions)).astype(int)
    vectors = view.searcher.vectors_at(rows)
    centre = vectors.mean(axis=0, dtype=np.float64)
    spread = np.cov(vectors.T) if len(vectors) > 1 else np.eye(vectors.shape[1])
    variances, directions = np.linalg.eigh(spread)
    axes = directions[:, :-3:-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    kept = float(variances[-2:].sum() / max(variances.sum(), 1e-12))
    return _Plane(centre, axes, kept, lesions)
