"""What an atlas needs of a database, whichever holds it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from encoder.pack import Images
from tools.atlas.catalog import Condition, Vectors

Metadata = Mapping[str, str | int | float | None]  # None deletes what is stored under that name
Candidates = tuple[list[str], NDArray[np.float64]]  # ids of lesions, best first, and their cosine similarities


class Store(Protocol):
    """Lesions with vectors, metadata and images, and facts about the whole. Raises AtlasError."""

    remote: bool
    max_batch: int  # lesions written or read by their ids at a time

    @property
    def in_place(self) -> bool:
        """Tell whether the database is opened where it lies, and not in a private copy."""
        ...

    def facts(self) -> dict[str, Any]:
        """Read what the database remembers about itself: fingerprint, revision, calibration."""
        ...

    def remember(self, facts: Metadata) -> None:
        """Replace all facts."""
        ...

    def upsert(
        self, ids: Sequence[str], vectors: Vectors, records: Sequence[Metadata], images: Sequence[Images]
    ) -> None:
        """Write at most `max_batch` lesions; one that is found always has its picture."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Delete lesions with their images."""
        ...

    def count(self) -> int:
        """Count the lesions."""
        ...

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Read all ids and metadata."""
        ...

    def vector_pages(self) -> Iterator[tuple[list[str], Vectors]]:
        """Read all ids and vectors (n, dim), some at a time."""
        ...

    def metadata_of(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read all metadata of a few lesions."""
        ...

    def vectors_of(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Read the vectors (dim,) of a few lesions."""
        ...

    def nearest(self, vectors: Vectors, count: int, conditions: Sequence[Condition] = ()) -> list[Candidates]:
        """Find about the `count` nearest to each of some unit vectors (Q, dim)."""
        ...

    def roi(self, lesion_id: str) -> Images | None:
        """Read the stored ROI (64, 64), or (2, 64, 64) with its context; None where there is none."""
        ...

    def rois(self) -> Iterator[tuple[str, Images]]:
        """Read all images with their lesion ids."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


def open_store(location: str, create: bool, new_facts: Metadata) -> Store:
    """Open the database of a folder or an address, or make it with these facts. Raises AtlasError."""
    from tools.atlas.chroma_store import ChromaStore  # loads Chroma, which the records do not need

    return ChromaStore(location, create, new_facts)
