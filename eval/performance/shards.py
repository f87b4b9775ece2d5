"""Search over shards: many lesions in parts that are searched apart, and the ten best of all put together.

The parts are searched one after another in one process. With a core for each, a query takes as long as the slowest.
"""

import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from eval.performance.scale_engines import FILTERS, K
from eval.performance.synthetic_lesions import DIM, SyntheticLesions
from tools.atlas.compressed import CompressedVectors, forget
from tools.atlas.searchers import CompressedSearcher, Query, top_k
from tools.domain.progress import StageProgress


class ShardedTimes(BaseModel):
    """One filter over so many lesions in so many parts. Milliseconds are of the processor: the median query's."""

    lesions: int
    shards: int
    filter: str
    passing: float
    recall: float  # of the ten nearest, after merging
    cpu_ms: float  # all parts together, and merging
    slowest_ms: float  # the slowest part of each query, and merging
    merge_ms: float
    compressed_bytes: float  # a lesion
    load: float  # processes that wanted a core meanwhile


def measure_shards(
    count: int, shards: int, queries: int = 40, dim: int = DIM, seed: int = 0, progress: StageProgress | None = None
) -> list[ShardedTimes]:
    """Search synthetic lesions in parts of one size, unfiltered and with each filter. Takes 2 KB of disk a lesion."""
    lesions = SyntheticLesions(count, dim, seed)
    catalog, asked = lesions.catalog(), lesions.queries(queries)
    conditions = {name: Query.of(catalog, K, filters, None) for name, filters in FILTERS.items()}
    bounds = np.linspace(0, count, shards + 1).astype(int)
    found: dict[str, list[list[Any]]] = {name: [[] for _ in asked] for name in FILTERS}
    nearest: dict[str, list[list[Any]]] = {name: [[] for _ in asked] for name in FILTERS}
    spent = {name: np.zeros((shards, queries)) for name in FILTERS}
    size = 0
    with tempfile.TemporaryDirectory(prefix="lesion-search-") as folder:
        vectors = np.lib.format.open_memmap(Path(folder, "vectors.npy"), "w+", np.float32, (count, dim))
        done = 0
        for block in lesions.vectors():
            vectors[done : done + len(block)] = block
            done += len(block)
        for shard, (start, end) in enumerate(pairwise(bounds)):
            if progress:
                progress(f"{count:,} lesions in {shards} parts", shard, shards)
            part = vectors[start:end]
            compressed = CompressedVectors.of(part)
            compressed.write(Path(folder, "compressed"))
            size += Path(folder, "compressed").stat().st_size
            searcher = CompressedSearcher(part, compressed)
            similar = part @ asked.T
            forget(vectors)
            for name, query in conditions.items():
                here = Query(query.mask[start:end], K, query.conditions)
                rows = np.flatnonzero(here.mask)
                searcher.nearest(asked[:1], [here])
                for number, vector in enumerate(asked):
                    began = time.process_time()
                    best = searcher.nearest(vector[None], [here])[0]
                    spent[name][shard, number] = time.process_time() - began
                    found[name][number].append((best.rows + start, best.similarities))
                    exact = top_k(rows, similar[rows, number].astype(np.float64), K)
                    nearest[name][number].append((exact.rows + start, exact.similarities))
        if progress:
            progress(f"{count:,} lesions in {shards} parts", shards, shards)
    times = []
    for name, query in conditions.items():
        began = time.process_time()
        merged = [_merged(parts) for parts in found[name]]
        merge_ms = (time.process_time() - began) / queries * 1e3
        truth = [_merged(parts) for parts in nearest[name]]
        hits = sum(int(np.isin(best, rows).sum()) for best, rows in zip(truth, merged, strict=True))
        times.append(
            ShardedTimes(
                lesions=count,
                shards=shards,
                filter=name,
                passing=float(query.mask.mean()),
                recall=hits / max(sum(map(len, truth)), 1),
                cpu_ms=float(np.median(spent[name].sum(axis=0))) * 1e3 + merge_ms,
                slowest_ms=float(np.median(spent[name].max(axis=0))) * 1e3 + merge_ms,
                merge_ms=merge_ms,
                compressed_bytes=size / count,
                load=os.getloadavg()[0],
            )
        )
    return times


def _merged(parts: list[Any]) -> Any:
    """Put the ten best of each part together: the rows of the ten best of all."""
    rows, similarities = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(rows)
    return top_k(rows[order], similarities[order], K).rows


def to_markdown(measured: list[ShardedTimes]) -> str:
    """Format a row for each number of lesions and parts: recall, processor time of all and of the slowest part."""
    names = list(dict.fromkeys(each.filter for each in measured))
    lines = [
        f"Recall@{K} after merging; processor time of all parts / of the slowest part, ms a query.",
        "",
        "| lesions | parts | " + " | ".join(names) + " | merging | compressed, bytes a lesion | load |",
        "|---" * (len(names) + 5) + "|",
    ]
    for count, shards in sorted({(each.lesions, each.shards) for each in measured}):
        row = {each.filter: each for each in measured if (each.lesions, each.shards) == (count, shards)}
        cells = [f"{each.recall:.3f}; {each.cpu_ms:.1f} / {each.slowest_ms:.1f}" for each in row.values()]
        any_ = next(iter(row.values()))
        lines.append(
            f"| {count:,} | {shards} | " + " | ".join(cells)
            + f" | {any_.merge_ms:.2f} ms | {any_.compressed_bytes:.0f} | {any_.load:.1f} |"
        )  # fmt: skip
    return "\n".join(lines) + "\n"
