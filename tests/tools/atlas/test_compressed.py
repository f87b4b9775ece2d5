"""Compressed vectors find what comparing with all finds, whatever a filter keeps."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from eval.performance.synthetic_lesions import SyntheticLesions
from tools.atlas.compressed import CompressedVectors
from tools.atlas.searchers import CompressedSearcher, ExactSearcher, IndexSearcher, Query
from tools.domain.lesions import Filters

MADE = SyntheticLesions(20_000, dim=96)
CATALOG = MADE.catalog()
VECTORS = np.concatenate(list(MADE.vectors()))
FILTERS = [
    Filters(),
    Filters(min_size_mm=16),
    Filters(lesion_types=("lung",)),
    Filters(lesion_types=("lung",), sex="F", min_size_mm=40),
    Filters(lesion_types=("lung", "liver"), max_age=30),
]


@pytest.fixture(scope="module")
def compressed() -> CompressedVectors:
    return CompressedVectors.of(VECTORS)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_recall_is_that_of_comparing_all_at_every_selectivity(compressed, filters) -> None:
    queries = MADE.queries(40)
    asked = [Query.of(CATALOG, 10, filters, None)] * len(queries)
    truth = ExactSearcher(VECTORS).nearest(queries, asked)
    found = CompressedSearcher(VECTORS, compressed).nearest(queries, asked)
    assert np.mean([np.isin(t.rows, f.rows).mean() for t, f in zip(truth, found, strict=True)]) >= 0.99
    assert all(len(f.rows) == 10 for f in found)


def test_several_queries_of_one_vector_are_answered_one_by_one(compressed) -> None:
    searcher, vector = CompressedSearcher(VECTORS, compressed), MADE.queries(1)
    asked = [Query.of(CATALOG, count, filters, None) for count in (10, 25) for filters in FILTERS]
    together = searcher.nearest(vector, asked)
    for query, found in zip(asked, together, strict=True):
        (alone,) = searcher.nearest(vector, [query])
        assert found.rows.tolist() == alone.rows.tolist()


def test_vectors_that_few_components_do_not_tell_apart_get_more() -> None:
    noise = np.random.default_rng(0).normal(size=(3000, 96)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    searcher = CompressedSearcher(noise, CompressedVectors.of(noise))
    asked = [Query(np.ones(3000, bool), 10, ())] * 50
    truth = ExactSearcher(noise).nearest(noise[:50], asked)
    found = searcher.nearest(noise[:50], asked)
    assert np.mean([np.isin(t.rows, f.rows).mean() for t, f in zip(truth, found, strict=True)]) >= 0.98


def test_it_is_kept_and_searched_by_many_threads(compressed, tmp_path: Path) -> None:
    compressed.write(tmp_path / "file")
    again = CompressedVectors.read(tmp_path / "file")
    mask = Query.of(CATALOG, 10, FILTERS[2], None).mask
    queries = MADE.queries(30)
    with ThreadPoolExecutor(6) as pool:
        parallel = list(pool.map(lambda query: again.nearest(query, 50, mask).tolist(), queries))
    assert parallel == [compressed.nearest(query, 50, mask).tolist() for query in queries]


class NearestOfAll:
    """Stands in for Chroma's index: right, and without a filter."""

    def nearest(self, vectors, count, conditions=()):
        assert not conditions
        found = ExactSearcher(VECTORS).nearest(vectors, [Query(np.ones(len(VECTORS), bool), count, ())] * len(vectors))
        return [([CATALOG.ids[row].decode() for row in each.rows], each.similarities) for each in found]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_without_faiss_no_filter_loses_a_hit_either(filters) -> None:
    searcher = IndexSearcher(NearestOfAll(), CATALOG, VECTORS, max_in_memory=100)
    queries = MADE.queries(8)
    asked = [Query.of(CATALOG, 10, filters, None)] * len(queries)
    truth = ExactSearcher(VECTORS).nearest(queries, asked)
    for one, found in zip(truth, searcher.nearest(queries, asked), strict=True):
        assert one.rows.tolist() == found.rows.tolist()
