"""How a search is run: over all vectors, over compressed ones, or by Chroma's index.

What passes the filters is known from the columns, so that a filter costs no more than the search itself. The first two
compare the query with whatever passes. Chroma's index does not know what passes, and a filter of its own costs 20 to 70
times the search, so:

1. few lesions pass: they are compared exactly;
2. most pass: the index names more than needed, unfiltered, and what passes is kept;
3. in between, or where that came up short: all that pass are compared, or on a server Chroma filters.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.atlas.catalog import Catalog, Condition, RowMask, Rows, Vectors
from tools.atlas.compressed import RECOMPARED, CompressedVectors, forget
from tools.domain.lesions import Filters

if TYPE_CHECKING:
    from tools.atlas.chroma_store import Candidates, ChromaStore

MAX_EXACT_FETCHED = 300  # vectors fetched by id from a server for an exact answer
MAX_EXACT_MAPPED = 20_000  # vectors read from a mapped file for one: about what an index costs
OVERFETCH = 40  # fetched beyond what the filters' share suggests
MAX_UNFILTERED_FETCH = 1000  # an unfiltered search for more than this costs more than a filter
BATCH = 64  # queries compared with all vectors at once
SPARSE = 0.25  # share of the lesions under which only those that pass are compared
BLOCK = 50_000  # vectors gathered at a time
SIMILARITY_DECIMALS = 6  # similarities equal to so many decimals are ties, decided by lesion id


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Rows of the catalog, best first, and their cosine similarities."""

    rows: Rows
    similarities: NDArray[np.float64]

    def first(self, count: int) -> "Neighbours":
        """Keep the best."""
        return Neighbours(self.rows[:count], self.similarities[:count])


@dataclass(frozen=True, eq=False)
class Query:
    """The `count` best of those that meet the conditions: `mask` (N,) marks them."""

    mask: RowMask
    count: int
    conditions: tuple[Condition, ...]

    @classmethod
    def of(cls, catalog: Catalog, count: int, filters: Filters, patient_key: str | None) -> "Query":
        """Ask for what passes scope and filters."""
        conditions = catalog.conditions(filters, patient_key)
        return cls(catalog.passing(conditions), count, conditions)


class Searcher(Protocol):
    """Nearest-neighbour search among an atlas's unit vectors."""

    def nearest(self, vectors: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        """Find the nearest lesions for each query: of a unit vector of its own (Q, dim), or all of one (1, dim)."""
        ...

    def vectors_at(self, rows: Rows) -> Vectors:
        """Read the vectors (len(rows), dim) of some lesions."""
        ...


class ExactSearcher:
    """Exhaustive search over vectors (N, dim). 33,000 lesions of 512 dimensions take a few milliseconds."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def nearest(self, vectors: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        found: list[Neighbours] = []
        for start in range(0, len(queries), BATCH):
            asked = vectors if len(vectors) == 1 else vectors[start : start + BATCH]
            some = queries[start : start + BATCH]
            dense = any(query.mask.mean() > SPARSE for query in some) if len(self._vectors) else False
            whole = self._vectors @ (asked[0] if len(asked) == 1 else asked.T) if dense else None
            for i, query in enumerate(some):
                if whole is None:
                    found.append(exact(self._vectors, asked[min(i, len(asked) - 1)], query))
                    continue
                rows = np.flatnonzero(query.mask)
                column = whole if len(asked) == 1 else whole[:, i]
                found.append(top_k(rows, column[rows].astype(np.float64), query.count))
        return found

    def vectors_at(self, rows: Rows) -> Vectors:
        return self._vectors[rows]


class CompressedSearcher:
    """Search by compressed vectors, the best of which are compared again by their own (N, dim), mapped from a file."""

    def __init__(self, vectors: Vectors, compressed: CompressedVectors) -> None:
        self._vectors = vectors
        self._compressed = compressed
        self._threads = ThreadPoolExecutor(os.cpu_count(), "search")  # FAISS uses one for each query

    def nearest(self, vectors: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        keys = [(i % len(vectors), query.conditions) for i, query in enumerate(queries)]
        asked: dict[tuple[int, tuple[Condition, ...]], Query] = {}  # what is asked for twice is searched once
        for key, query in zip(keys, queries, strict=True):
            if key not in asked or asked[key].count < query.count:
                asked[key] = query
        each = self._threads.map(lambda key: self._nearest(vectors[key[0]], asked[key].mask, asked[key].count), asked)
        found = dict(zip(asked, each, strict=True))
        return [found[key].first(query.count) for key, query in zip(keys, queries, strict=True)]

    def vectors_at(self, rows: Rows) -> Vectors:
        found = self._vectors[rows]
        forget(self._vectors)
        return found

    def _nearest(self, vector: Vectors, mask: RowMask, count: int) -> Neighbours:
        fetch = RECOMPARED * count + OVERFETCH
        few = int(np.count_nonzero(mask)) <= fetch
        rows = np.flatnonzero(mask) if few else np.sort(self._compressed.nearest(vector, fetch, mask))
        return top_k(rows, (self.vectors_at(rows) @ vector).astype(np.float64), count)


class IndexSearcher:
    """Search among the candidates of a store's index, for atlases too large or too far away to compare with all.

    `vectors` (N, dim) are mapped from beside the database; None: they are fetched by id. Chroma's index is HNSW: Malkov
    and Yashunin 2016, arXiv:1603.09320.
    """

    def __init__(self, store: "ChromaStore", catalog: Catalog, vectors: Vectors | None, max_in_memory: int) -> None:
        self._store = store
        self._catalog = catalog
        self._vectors = vectors
        self._max_exact = MAX_EXACT_FETCHED if vectors is None else min(MAX_EXACT_MAPPED, max_in_memory)

    def nearest(self, vectors: Vectors, queries: Sequence[Query]) -> list[Neighbours]:
        asked = _one_each(vectors, queries)
        passing = [int(np.count_nonzero(query.mask)) for query in queries]
        fetches = [self._fetch(query, count) for query, count in zip(queries, passing, strict=True)]
        by_index = [i for i, fetch in enumerate(fetches) if 0 < fetch <= MAX_UNFILTERED_FETCH]
        candidates: dict[int, Candidates] = {}
        if by_index:
            fetch = max(fetches[i] for i in by_index)
            several = vectors if len(vectors) == 1 else vectors[by_index]
            answers = self._store.nearest(several, min(fetch, len(self._catalog)))
            candidates = dict(zip(by_index, answers * len(by_index) if len(vectors) == 1 else answers, strict=False))
        found = []
        for i, query in enumerate(queries):
            best = self._kept(*candidates[i], asked[i], query) if i in candidates else None
            if best is None or len(best.rows) < min(query.count, passing[i]):
                best = self._filtered(asked[i], query, passing[i])
            found.append(best)
        return found

    def vectors_at(self, rows: Rows) -> Vectors:
        if self._vectors is not None:
            return self._vectors[rows]
        found: dict[str, Vectors] = {}
        ids = [value.decode() for value in self._catalog.ids[rows]]
        for start in range(0, len(ids), MAX_EXACT_FETCHED):
            found |= self._store.vectors_of(ids[start : start + MAX_EXACT_FETCHED])
        return np.stack([found[lesion_id] for lesion_id in ids])

    def _fetch(self, query: Query, passing: int) -> int:
        """Say how many to ask the index for, so that enough of them pass; 0: compare exactly."""
        if passing <= self._max_exact:
            return 0
        return ceil(1.5 * min(query.count, passing) * len(self._catalog) / passing) + OVERFETCH

    def _kept(self, ids: Sequence[str], similarities: NDArray[np.float64], vector: Vectors, query: Query) -> Neighbours:
        """Keep the candidates that pass, compared exactly where their vectors are at hand."""
        rows = self._catalog.rows(ids)
        keep = (rows >= 0) & query.mask[rows]
        rows = rows[keep]
        if self._vectors is not None:
            similarities = (self._vectors[rows] @ vector).astype(np.float64)
        else:
            similarities = similarities[keep]
        return top_k(rows, similarities, query.count)

    def _filtered(self, vector: Vectors, query: Query, passing: int) -> Neighbours:
        if self._vectors is not None:
            return exact(self._vectors, vector, query)
        if passing <= MAX_EXACT_FETCHED:
            rows = np.flatnonzero(query.mask)
            known = self.vectors_at(rows) if passing else np.zeros((0, len(vector)), np.float32)
            return top_k(rows, (known @ vector).astype(np.float64), query.count)
        count = min(query.count, passing) + OVERFETCH
        ((ids, similarities),) = self._store.nearest(vector[None], count, query.conditions)
        return self._kept(ids, similarities, vector, query)


def _one_each(vectors: Vectors, queries: Sequence[Query]) -> list[Vectors]:
    """Give every query its unit vector (dim,): its own of (Q, dim), or the one of (1, dim)."""
    return [vectors[0]] * len(queries) if len(vectors) == 1 else list(vectors)


def exact(vectors: Vectors, vector: Vectors, query: Query) -> Neighbours:
    """Compare a unit vector (dim,) with all that pass, some at a time."""
    rows = np.flatnonzero(query.mask)
    blocks = [vectors[rows[start : start + BLOCK]] @ vector for start in range(0, len(rows), BLOCK)]
    return top_k(rows, np.concatenate(blocks).astype(np.float64) if blocks else np.zeros(0), query.count)


def top_k(rows: Rows, similarities: NDArray[np.float64], count: int) -> Neighbours:
    """Keep the `count` most similar; rows are in order of lesion id, so they settle ties the same way every time."""
    rounded: NDArray[np.float64] = similarities.clip(-1, 1).round(SIMILARITY_DECIMALS)
    if 0 < count < len(rows):
        edge = np.partition(rounded, len(rows) - count)[len(rows) - count]
        rows, rounded = rows[rounded >= edge], rounded[rounded >= edge]
    order = np.lexsort((rows, -rounded))[:count]
    return Neighbours(rows[order], rounded[order])
