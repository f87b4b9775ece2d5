"""Lesions that nobody has: records and unit vectors in any number, spread as real ones are, for measuring scale."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tools.atlas.catalog import NUMBERS, WORDS, Catalog, Words
from tools.domain.lesions import DEEPLESION_TYPES

DIM = 512
BLOCK = 5000  # lesions made at a time
SHAPES_OF_TYPE = 5  # clusters of each type
LESIONS_OF_PATIENT = 3
DECAY = 1.5  # variance falls with the k-th direction as k^-1.5; of the shipped encoder's vectors as k^-1.7 or faster
WITHIN = 0.8  # spread within a cluster, against that of the clusters' centres
MEAN = 2.8  # what all share: two of them have a cosine of .65 as a rule, as two real nodules have


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

    def catalog(self) -> Catalog:
        """Make all records, ids numbered by their rows."""
        number = np.arange(self.count)
        patient = number // LESIONS_OF_PATIENT
        blocks = [self._block(start) for start in range(0, self.count, BLOCK)]
        clusters, ages, sizes = (np.concatenate([block[i] for block in blocks]) for i in range(3))
        patients = np.arange(self.count // LESIONS_OF_PATIENT + 1)
        words = {name: Words(np.zeros(0, "S1"), np.full(self.count, -1, np.int8)) for name in WORDS} | {
            "patient_key": Words.of(np.char.mod(b"p-%012x", patients), patient),
            "study_key": Words.of(np.char.mod(b"s-%012x", patients), patient),
            "lesion_type": Words.of(np.array([name.encode() for name in DEEPLESION_TYPES]), clusters % 8),
            "sex": Words.of(np.array([b"F", b"M"]), patient % 2),
            "source": Words.of(np.array([b"synthetic"]), np.zeros(self.count, np.int8)),
        }
        numbers = {name: np.full(self.count, np.nan) for name in NUMBERS} | {
            "age_years": ages.astype(float),
            "long_axis_mm": sizes,
            "slice": number % 300 + 1.0,
        }
        return Catalog(np.char.mod(b"synthetic-%08d", number), words, numbers)

    def vectors(self) -> Iterator[NDArray[np.float32]]:
        """Make all unit vectors (n, dim) in the order of the records, some at a time."""
        for start in range(0, self.count, BLOCK):
            clusters, *_ = self._block(start)
            yield self._around(clusters, np.random.default_rng((self._seed, 3, start)))

    def _block(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Draw cluster, age and size (n,) of some lesions."""
        rng = np.random.default_rng((self._seed, 1, start))
        count = min(BLOCK, self.count - start)
        clusters = rng.integers(0, len(self._centres), count)
        return clusters, rng.integers(18, 90, count), rng.gamma(3.0, 6.0, count).clip(3, 200).round(1)

    def queries(self, count: int) -> NDArray[np.float32]:
        """Make unit vectors (count, dim) of lesions that are not among them."""
        rng = np.random.default_rng((self._seed, 2))
        return self._around(rng.integers(0, len(self._centres), count), rng)

    def _around(self, clusters: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
        spread = rng.standard_normal((len(clusters), self.dim), np.float32) * (WITHIN * self._scale)
        vectors = (self._centres[clusters] + spread) @ self._rotation
        unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit
