"""Lesions that nobody has: records and unit vectors in any number, spread as real ones are, for measuring scale."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.domain.lesions import DEEPLESION_TYPES, AtlasLesion

DIM = 512
BLOCK = 5000  # lesions made at a time
SHAPES_OF_TYPE = 5  # clusters of each type
LESIONS_OF_PATIENT = 3
DECAY = 1.5  # variance falls with the k-th direction as k^-1.5; of the shipped encoder's vectors as k^-1.7 or faster
WITHIN = 0.8  # spread within a cluster, against that of the clusters' centres
MEAN = 2.8  # what all share: two of them have a cosine of .65 as a rule, as two real nodules have


@dataclass(frozen=True, eq=False)
class LesionBlock:
    """Some lesions in the order of their ids, and their unit vectors (n, dim)."""

    lesions: tuple[AtlasLesion, ...]
    vectors: NDArray[np.float32]


class SyntheticLesions:
    """Any number of lesions of eight types, always the same for a seed; queries are of the same kind, and no lesion."""

    def __init__(self, count: int, dim: int = DIM, seed: int = 0) -> None:
        self.count = count
        self.dim = dim
        self._seed = seed
        rng = np.random.default_rng((seed, 0))
        self._scale = (np.arange(1, dim + 1) ** (-DECAY / 2)).astype(np.float32)
        clusters = SHAPES_OF_TYPE * len(DEEPLESION_TYPES)
        self._centres = rng.normal(size=(clusters, dim)).astype(np.float32) * self._scale
        self._centres[:, 0] += MEAN
        self._rotation = np.linalg.qr(rng.normal(size=(dim, dim)))[0].astype(np.float32)  # no axis is special

    def blocks(self) -> Iterator[LesionBlock]:
        """Make all lesions, some at a time."""
        for start in range(0, self.count, BLOCK):
            numbers = np.arange(start, min(start + BLOCK, self.count))
            rng = np.random.default_rng((self._seed, 1, start))
            clusters, vectors = self._drawn(len(numbers), rng)
            ages = rng.integers(18, 90, len(numbers))
            sizes = rng.gamma(3.0, 6.0, len(numbers)).clip(3, 200).round(1)
            lesions = tuple(
                AtlasLesion(
                    f"synthetic-{number:08d}",
                    patient_key=f"p-{number // LESIONS_OF_PATIENT:012x}",
                    study_key=f"s-{number // LESIONS_OF_PATIENT:012x}",
                    lesion_type=DEEPLESION_TYPES[cluster % len(DEEPLESION_TYPES)],
                    sex="FM"[number // LESIONS_OF_PATIENT % 2],
                    age_years=int(age),
                    long_axis_mm=float(size),
                    source="synthetic",
                    slice=int(number % 300) + 1,
                )
                for number, cluster, age, size in zip(numbers, clusters, ages, sizes, strict=True)
            )
            yield LesionBlock(lesions, vectors)

    def queries(self, count: int) -> NDArray[np.float32]:
        """Make unit vectors (count, dim) of lesions that are not among them."""
        return self._drawn(count, np.random.default_rng((self._seed, 2)))[1]

    def _drawn(self, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        clusters = rng.integers(0, len(self._centres), count)
        spread = rng.standard_normal((count, self.dim), np.float32) * (WITHIN * self._scale)
        vectors: NDArray[np.float32] = (self._centres[clusters] + spread) @ self._rotation
        return clusters, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
