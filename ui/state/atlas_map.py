"""The atlas as a map: its vectors on the plane that keeps most of their spread, and where a region falls on it."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from assistant.wording.phrases import lesion_facts
from tools.atlas.searchable import SearchableAtlas
from tools.domain.facts import LesionFacts, SearchFacts
from tools.domain.lesions import AtlasLesion

MAX_POINTS = 5000  # more dots than a reader can tell apart; hits are always among what a region brings


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
    """Centre (dim,), two axes (dim, 2), the share of variance on them, and each lesion's place (N, 2)."""

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    kept: float
    places: NDArray[np.float64]
    row_of: dict[str, int]


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
            rows = set(np.linspace(0, len(plane.places) - 1, min(MAX_POINTS, len(plane.places))).astype(int).tolist())
            points = tuple(
                self._point(lesion, plane) for row, lesion in enumerate(self._atlas.lesions()) if row in rows
            )
            self._view = AtlasMapView(
                types=self._atlas.types(), points=points, lesions=len(plane.places), kept=round(plane.kept, 3)
            )
        return self._view

    def region(self, vector: NDArray[np.float32], found: SearchFacts | None) -> RegionOnMap:
        """Place a unit vector (dim,) on the map, with the hits of its search."""
        plane = self._current()
        x, y = ((vector - plane.centre) @ plane.axes).tolist()
        known = [hit.lesion_id for hit in found.hits if hit.lesion_id in plane.row_of] if found else []
        return RegionOnMap(x=x, y=y, hits=tuple(self._point(self._atlas.get(each), plane) for each in known))

    def _current(self) -> _Plane:
        with self._lock:
            if self._plane is None or len(self._plane.places) != len(self._atlas):
                self._plane, self._view = _plane_of(self._atlas), None
            return self._plane

    def _point(self, lesion: AtlasLesion, plane: _Plane) -> MapPoint:
        x, y = plane.places[plane.row_of[lesion.lesion_id]].tolist()
        types = self._atlas.types()
        return MapPoint(
            lesion_id=lesion.lesion_id,
            x=round(x, 4),
            y=round(y, 4),
            type_index=types.index(lesion.lesion_type) if lesion.lesion_type else -1,
            words=lesion_facts(LesionFacts.of(lesion, 0)),
        )


def _plane_of(atlas: SearchableAtlas) -> _Plane:
    """Fit the first two principal components. The sign of an axis is arbitrary: its largest weight points up."""
    vectors = atlas.vectors()
    centre = vectors.mean(axis=0, dtype=np.float64)
    spread = np.cov(vectors.T) if len(vectors) > 1 else np.eye(vectors.shape[1])
    variances, directions = np.linalg.eigh(spread)
    axes = directions[:, :-3:-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    kept = float(variances[-2:].sum() / max(variances.sum(), 1e-12))
    row_of = {lesion.lesion_id: row for row, lesion in enumerate(atlas.lesions())}
    return _Plane(centre, axes, kept, (vectors - centre) @ axes, row_of)
