"""How a search is run: exactly over vectors in memory, or by Chroma's index with the cheapest way to filter.

A filter inside Chroma costs 20 to 70 times the vector search itself, so it is the last resort:

1. few lesions pass the filters: fetch their vectors and compare exactly;
2. most pass: ask the index for more than needed, unfiltered, and filter here;
3. in between, or where that came up short: let Chroma filter first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.atlas.catalog import Catalog, RowMask, Rows, Vectors
from tools.domain.lesions import Filters

if TYPE_CHECKING:  # a search in memory needs no Chroma
    from tools.atlas.chroma_store import ChromaStore

MAX_EXACT_CANDIDATES = 300  # vectors fetched by id for an exact answer
OVERFETCH = 40  # fetched beyond what the filters' share suggests
MAX_UNFILTERED_FETCH = 1000  # an unfiltered search for more than this costs more than a filter
EMPTY_ROWS = np.zeros(0, np.intp)
SIMILARITY_DECIMALS = 6  # similarities equal to so many decimals are ties, decided by lesion id


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Rows of the catalog, best first, and their cosine similarities."""

    rows: Rows
    similarities: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Query:
    """The `count` best among `mask`; `filters` and `patient_key` are what made the mask."""

    mask: RowMask
    count: int
    filters: Filters
    patient_key: str | None


class Searcher(Protocol):
    """Nearest-neighbour search among an atlas's unit vectors."""

    def nearest(self, vector: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        """Find the nearest lesions to a unit vector (dim,), for several filters at once."""
        ...

    def vectors_at(self, rows: Rows) -> Vectors:
        """Read the vectors (len(rows), dim) of some lesions."""
        ...


class ExactSearcher:
    """Exhaustive search over vectors (N, dim) in memory. 33,000 lesions of 512 dimensions take a few milliseconds."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def nearest(self, vector: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        if not len(self._vectors):
            return [top_k(EMPTY_ROWS, np.zeros(0), 0) for _ in queries]
        similarities = (self._vectors @ vector).astype(np.float64)
        return [top_k(np.flatnonzero(query.mask), similarities[query.mask], query.count) for query in queries]

    def vectors_at(self, rows: Rows) -> Vectors:
        return self._vectors[rows]


class IndexSearcher:
    """Approximate search by Chroma's HNSW index, for atlases too large or too far away to hold in memory.

    Malkov and Yashunin 2016, arXiv:1603.09320.
    """

    def __init__(self, store: "ChromaStore", catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    def nearest(self, vector: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        return [self._nearest(vector, query) for query in queries]

    def vectors_at(self, rows: Rows) -> Vectors:
        found: dict[str, Vectors] = {}
        ids = [self._catalog.lesions[row].lesion_id for row in rows]
        for start in range(0, len(ids), MAX_EXACT_CANDIDATES):
            found |= self._store.vectors_of(ids[start : start + MAX_EXACT_CANDIDATES])
        return np.stack([found[lesion_id] for lesion_id in ids])

    def _nearest(self, vector: Vectors, query: Query) -> Neighbours:
        passing = int(query.mask.sum())
        count = min(query.count, passing)
        if not count:
            return top_k(EMPTY_ROWS, np.zeros(0), 0)
        if passing <= MAX_EXACT_CANDIDATES:
            rows = np.flatnonzero(query.mask)
            return top_k(rows, (self.vectors_at(rows) @ vector).astype(np.float64), count)
        fetch = ceil(1.5 * count * len(self._catalog) / passing) + OVERFETCH
        if fetch <= MAX_UNFILTERED_FETCH:
            found = self._query_index(vector, fetch, query, where=None)
            if len(found.rows) >= count:
                return found
        return self._query_index(vector, count + OVERFETCH, query, where_clause(self._catalog, query))

    def _query_index(self, vector: Vectors, fetch: int, query: Query, where: dict[str, Any] | None) -> Neighbours:
        found = self._store.nearest(vector, min(fetch, len(self._catalog)), where)
        pairs = [(self._catalog.row_of[i], similarity) for i, similarity in found if i in self._catalog.row_of]
        rows = np.array([row for row, _ in pairs], np.intp)
        keep = query.mask[rows] if len(rows) else np.zeros(0, bool)
        return top_k(rows[keep], np.array([similarity for _, similarity in pairs])[keep], query.count)


def where_clause(catalog: Catalog, query: Query) -> dict[str, Any] | None:
    """Translate the filters into Chroma's `where` language; None where nothing is filtered."""
    filters = query.filters
    clauses: list[dict[str, Any]] = []
    if query.patient_key and filters.scope != "all":
        operator = "$eq" if filters.scope == "same-patient" else "$ne"
        clauses.append({"patient_key": {operator: query.patient_key}})
    if filters.lesion_types:
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


def top_k(rows: Rows, similarities: NDArray[np.float64], count: int) -> Neighbours:
    """Keep the `count` most similar; rows are in order of lesion id, so they settle ties the same way every time."""
    rounded: NDArray[np.float64] = similarities.clip(-1, 1).round(SIMILARITY_DECIMALS)
    if 0 < count < len(rows):
        edge = np.partition(rounded, len(rows) - count)[len(rows) - count]
        rows, rounded = rows[rounded >= edge], rounded[rounded >= edge]
    order = np.lexsort((rows, -rounded))[:count]
    return Neighbours(rows[order], rounded[order])
