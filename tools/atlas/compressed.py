"""Compressed vectors beside the database: what a search of a million lesions reads instead of the vectors themselves.

Vectors are projected on their first principal components and held with eight bits a component by FAISS (Douze et al.
2024, arXiv:2401.08281), which compares a query with all that pass: whatever a filter keeps, nothing is lost by it. The
best are compared again by their full vectors. Needs the extra `scale`.
"""

import mmap
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tools.atlas.catalog import RowMask, Rows, Vectors

COMPONENTS = (32, 64, 128, 256)  # 32 hold .98 of the variance of the shipped encoder's vectors; more where needed
TRAINED_ON = 50_000  # vectors that the components are fitted on
ADDED_AT_ONCE = 20_000
CHECKED, NEAREST, RECOMPARED = 20, 10, 20  # vectors asked about when it is made; of how many times ten the ten must be
MIN_RECALL = 0.99


class CompressedVectors:
    """Compressed copies of vectors (N, dim), row by row. Safe to search from several threads."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @staticmethod
    def is_available() -> bool:
        """Tell whether FAISS is installed."""
        return find_spec("faiss") is not None

    @classmethod
    def of(cls, vectors: Vectors) -> "CompressedVectors":
        """Compress all vectors with as few components as find nearly all of the ten nearest of some of them."""
        rows = np.random.default_rng(0).permutation(len(vectors))
        asked = vectors[np.sort(rows[:CHECKED])]
        everything = np.ones(len(vectors), bool)
        parts = []
        for start in range(0, len(vectors), ADDED_AT_ONCE):
            parts.append(vectors[start : start + ADDED_AT_ONCE] @ asked.T)
            forget(vectors)
        nearest = np.argsort(-np.concatenate(parts), axis=0, kind="stable")[:NEAREST].T
        for components in (*(count for count in COMPONENTS if count < vectors.shape[1]), vectors.shape[1]):
            made = cls._with(components, vectors, np.sort(rows[:TRAINED_ON]))
            found = [made.nearest(vector, RECOMPARED * NEAREST, everything) for vector in asked]
            if np.mean([np.isin(best, some).mean() for best, some in zip(nearest, found, strict=True)]) >= MIN_RECALL:
                break
        return made

    @classmethod
    def _with(cls, components: int, vectors: Vectors, sample: Rows) -> "CompressedVectors":
        import faiss

        # distance, not inner product: the components are those of the vectors less their mean
        index = faiss.index_factory(vectors.shape[1], f"PCA{components},SQ8", faiss.METRIC_L2)
        index.train(vectors[sample])
        for start in range(0, len(vectors), ADDED_AT_ONCE):
            index.add(np.ascontiguousarray(vectors[start : start + ADDED_AT_ONCE]))
            forget(vectors)
        return cls(index)

    @classmethod
    def read(cls, file: Path) -> "CompressedVectors":
        """Read what `write` wrote. Raises RuntimeError where it is damaged."""
        import faiss

        return cls(faiss.read_index(str(file)))

    def write(self, file: Path) -> None:
        """Write all to a file."""
        import faiss

        faiss.write_index(self._index, str(file))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(self, vector: Vectors, count: int, mask: RowMask) -> Rows:
        """Find the rows of about the `count` nearest to a unit vector (dim,) among those marked in `mask` (N,)."""
        import faiss

        marked = np.packbits(mask, bitorder="little")
        selected = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(marked))
        settings = faiss.SearchParametersPreTransform(index_params=selected)
        _, found = self._index.search(np.ascontiguousarray(vector[None]), count, params=settings)
        rows: Rows = found[0][found[0] >= 0].astype(np.intp)
        return rows


def forget(vectors: Vectors) -> None:
    """Take what was read of mapped vectors out of this process; the system keeps it as long as there is room."""
    mapped = getattr(vectors, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
