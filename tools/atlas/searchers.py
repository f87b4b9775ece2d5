"""How a search is run: exactly over vectors in memory, or by Chroma's index with the cheapest way to filter.

A filter inside Chroma costs 20 to 70 times the vector search itself, so it is the last resort:

1. few lesions pass the filters: fetch their vectors and compare exactly;
2. most pass: ask the index for more than needed, unfiltered, and filter here;
3. in between, or where that came up short: let Chroma filter first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.atlas.catalog import Catalog, Mask, Rows
from tools.atlas.chroma_store import ChromaStore, Vectors
from tools.domain.lesions import Filters

FEW = 300  # vectors fetched by id for an exact answer
SPARE = 40  # fetched beyond what the filters' share suggests
MOST = 1000  # an unfiltered search for more than this costs more than a filter
NO_ROWS = np.zeros(0, np.intp)
SAME = 6  # similarities equal to so many decimals are ties, decided by lesion id


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Rows of the catalog, best first, and their cosine similarities."""

    rows: Rows
    similarities: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Query:
    """The `count` best among `mask`; `filters` and `patient_key` are what made the mask."""

    mask: Mask
    count: int
    filters: Filters
    patient_key: str | None


class Searcher(Protocol):
    """Finds nearest lesions to a unit vector (dim,), for several filters at once."""

    def nearest(self, vector: Vectors, wanted: Sequence[Query]) -> list[Neighbours]: ...

    def vectors_at(self, rows: Rows) -> Vectors: ...


class ExactSearcher:
    """Compares with every vector: (N, dim) in memory. 33,000 lesions of 512 dimensions take a few milliseconds."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def nearest(self, vector: Vectors, wanted: Sequence[Query]) -> list[Neighbours]:
        if not len(self._vectors):
            return [_best(NO_ROWS, np.zeros(0), 0) for _ in wanted]
        similarities = (self._vectors @ vector).astype(np.float64)
        return [_best(np.flatnonzero(one.mask), similarities[one.mask], one.count) for one in wanted]

    def vectors_at(self, rows: Rows) -> Vectors:
        return self._vectors[rows]


class IndexSearcher:
    """Asks Chroma's HNSW index, for atlases too large or too far away to hold in memory."""

    def __init__(self, store: ChromaStore, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    def nearest(self, vector: Vectors, wanted: Sequence[Query]) -> list[Neighbours]:
        return [self._nearest(vector, one) for one in wanted]

    def vectors_at(self, rows: Rows) -> Vectors:
        found: dict[str, Vectors] = {}
        ids = [self._catalog.lesions[row].lesion_id for row in rows]
        for start in range(0, len(ids), FEW):
            found |= self._store.vectors_of(ids[start : start + FEW])
        return np.stack([found[lesion_id] for lesion_id in ids])

    def _nearest(self, vector: Vectors, wanted: Query) -> Neighbours:
        passing = int(wanted.mask.sum())
        count = min(wanted.count, passing)
        if not count:
            return _best(NO_ROWS, np.zeros(0), 0)
        if passing <= FEW:
            rows = np.flatnonzero(wanted.mask)
            return _best(rows, (self.vectors_at(rows) @ vector).astype(np.float64), count)
        fetch = ceil(1.5 * count * len(self._catalog) / passing) + SPARE
        if fetch <= MOST:
            found = self._ask(vector, fetch, wanted, where=None)
            if len(found.rows) >= count:
                return found
        return self._ask(vector, count + SPARE, wanted, where_clause(self._catalog, wanted))

    def _ask(self, vector: Vectors, fetch: int, wanted: Query, where: dict[str, Any] | None) -> Neighbours:
        found = self._store.nearest(vector, min(fetch, len(self._catalog)), where)
        pairs = [(self._catalog.row_of[i], similarity) for i, similarity in found if i in self._catalog.row_of]
        rows = np.array([row for row, _ in pairs], np.intp)
        keep = wanted.mask[rows] if len(rows) else np.zeros(0, bool)
        return _best(rows[keep], np.array([similarity for _, similarity in pairs])[keep], wanted.count)


def where_clause(catalog: Catalog, wanted: Query) -> dict[str, Any] | None:
    """The filters in Chroma's language."""
    filters = wanted.filters
    clauses: list[dict[str, Any]] = []
    if wanted.patient_key and filters.scope != "all":
        operator = "$eq" if filters.scope == "same-patient" else "$ne"
        clauses.append({"patient_key": {operator: wanted.patient_key}})
    if filters.lesion_types or filters.exclude_types:
        clauses.append({"lesion_type": {"$in": catalog.allowed_types(filters)}})
    if filters.sex is not None:
        clauses.append({"sex": filters.sex})
    for column, operator, bound in (
        ("age_years", "$gte", filters.min_age),
        ("age_years", "$lte", filters.max_age),
        ("long_axis_mm", "$gte", filters.min_size_mm),
        ("long_axis_mm", "$lte", filters.max_size_mm),
    ):
        if bound is not None:
            clauses.append({column: {operator: bound}})
    return {"$and": clauses} if len(clauses) > 1 else clauses[0] if clauses else None


def _best(rows: Rows, similarities: NDArray[np.float64], count: int) -> Neighbours:
    """The `count` most similar; rows are in order of lesion id, so they settle ties the same way every time."""
    rounded: NDArray[np.float64] = similarities.clip(-1, 1).round(SAME)
    if 0 < count < len(rows):
        edge = np.partition(rounded, len(rows) - count)[len(rows) - count]
        rows, rounded = rows[rounded >= edge], rounded[rounded >= edge]
    order = np.lexsort((rows, -rounded))[:count]
    return Neighbours(rows[order], rounded[order])
