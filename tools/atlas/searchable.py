"""What can be searched: records, votes and similarities, of one atlas or of several together."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoder.pack import Images
from tools.atlas.calibration import Calibration, usual_similarity
from tools.atlas.catalog import Catalog, Condition, Vectors
from tools.atlas.searchers import Query, Searcher
from tools.atlas.type_votes import NEIGHBOURS, type_probabilities
from tools.domain.lesions import (
    AtlasError,
    AtlasLesion,
    Confidence,
    Filters,
    Hit,
    SearchResult,
    TypeVote,
)

if TYPE_CHECKING:
    from tools.atlas.own_cases import OwnCases


@dataclass(frozen=True)
class AtlasSummary:
    """What an atlas holds, in few words."""

    types: tuple[str, ...]  # sorted
    lesions: int
    sources: dict[str, int]  # how many lesions of each


@dataclass(frozen=True)
class AtlasView:
    """An atlas as of one revision."""

    revision: str
    catalog: Catalog
    searcher: Searcher
    dim: int  # 0: empty
    calibration: Calibration | None
    atlases: tuple[str, ...] = ()  # names of those that are searched together
    atlas_of: NDArray[np.intp] | None = None  # (N,): which of them each lesion is from

    def atlas_at(self, row: int) -> str | None:
        """Name the atlas that a lesion is from, where several are searched."""
        return None if self.atlas_of is None else self.atlases[self.atlas_of[row]]


class SearchableAtlas(ABC):
    """Lesions of known type to compare with. Safe to search from several threads. Raises AtlasError.

    `fingerprint` is that of the encoder it was built with, the only one it answers to.
    """

    fingerprint: str
    location: str
    keys_match: bool  # whether its patients can be told from the query's: they stand under the same salt
    own: "OwnCases | None" = None  # where the user's own cases are kept; None: nothing can be saved

    @abstractmethod
    def view(self) -> AtlasView:
        """Hold what is searched in memory; read it again when another process has written to it."""

    @abstractmethod
    def encoder_input(self, lesion_id: str) -> Images:
        """Read what a lesion was indexed with: its ROI (64, 64), or (2, 64, 64) with its context. Raises AtlasError."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open."""

    def __len__(self) -> int:
        return len(self.view().catalog)

    @property
    def patients(self) -> int:
        """Count the different patients."""
        return self.view().catalog.patients

    def lesions_of(self, patient_key: str) -> int:
        """Count the lesions of a patient."""
        return int(self.view().catalog.passing([Condition("patient_key", "==", patient_key)]).sum())

    def search(
        self, vector: Vectors, k: int = 10, filters: Filters | None = None, patient_key: str | None = None
    ) -> SearchResult:
        """Find the `k` lesions that pass `filters` and are most similar to a unit vector (dim,).

        `patient_key` is the query's own patient, whom the scope leaves out, or keeps alone. Hits, and how sure the
        search is, follow the filters. The votes do not: they ask all other patients' lesions, as calibrated, and are
        withheld where nothing similar enough was found. Nothing passing the filters is an empty result.
        """
        filters = filters or Filters()
        if k < 1:
            raise AtlasError(f"A search needs at least one hit to look for, not {k}.")
        if filters.scope == "same-patient" and not self.keys_match:
            raise AtlasError(
                f"The atlas at {self.location} was built with another LESION_SEARCH_SALT, so lesions of the same "
                "patient cannot be told; set the salt it was built with, or search all lesions."
            )
        view = self.view()
        catalog = view.catalog
        query = self._query(vector, view)
        passing = Query.of(catalog, k, filters, patient_key)
        others = Query.of(catalog, NEIGHBOURS, Filters(), patient_key)
        found, voters = view.searcher.nearest(query[None], [passing, others])
        hits = tuple(
            _hit(view, rank, row, float(cosine))
            for rank, (row, cosine) in enumerate(zip(found.rows, found.similarities, strict=True), start=1)
        )
        votes: tuple[TypeVote, ...] = ()
        confidence: Confidence = "none"
        if hits and view.calibration:
            fit = view.calibration
            if len(voters.rows) and catalog.types:
                probabilities = type_probabilities(
                    voters.similarities[None],
                    catalog.type[voters.rows][None].astype(np.int64),
                    catalog.type_shares,
                    fit.vote,
                )[0]
                order = np.argsort(-probabilities, kind="stable")
                votes = tuple(TypeVote(catalog.types[code], float(probabilities[code])) for code in order)
            confidence = fit.confidence(hits[0].cosine, votes[0].probability if votes else None)
        if confidence == "none":
            votes = ()
        own = 0
        if filters.scope == "cross-patient" and patient_key:
            same = Query.of(catalog, k, filters.model_copy(update={"scope": "same-patient"}), patient_key)
            own = int(same.mask.sum())
        return SearchResult(hits, votes, confidence, int(passing.mask.sum()), len(catalog), filters, own)

    def get(self, lesion_id: str) -> AtlasLesion:
        """Read one record. Raises AtlasError if there is none of this id."""
        catalog = self.view().catalog
        return catalog.lesion(_row(catalog, lesion_id))

    def roi(self, lesion_id: str) -> Images:
        """Read the ROI (64, 64) of a lesion, int16 HU or uint8, to be shown. Raises AtlasError."""
        image = self.encoder_input(lesion_id)
        return image[0] if image.ndim == 3 else image

    def similarity(self, vector: Vectors, lesion_id: str) -> float:
        """Compute the calibrated similarity, 0..1, of a unit vector (dim,) and one lesion. Raises AtlasError."""
        view = self.view()
        row = _row(view.catalog, lesion_id)
        return _similarity(view, float(view.searcher.vectors_at(np.array([row]))[0] @ self._query(vector, view)))

    def counts(self, group_by: str = "lesion_type") -> dict[str, int]:
        """Count lesions by `lesion_type`, `sex`, `age`, `size`, `body_part`, `source` or `patient`, `unknown` last.

        Raises AtlasError.
        """
        return self.view().catalog.counts(group_by)

    def types(self) -> tuple[str, ...]:
        """List the lesion types of this atlas, sorted."""
        return self.view().catalog.types

    def summary(self) -> AtlasSummary:
        """Sum up types, number and sources of the lesions, all of one revision and from one look at the database."""
        catalog = self.view().catalog
        return AtlasSummary(catalog.types, len(catalog), catalog.counts("source"))

    def lesions(self) -> Iterator[AtlasLesion]:
        """Iterate over all records, sorted by lesion id."""
        catalog = self.view().catalog
        return (catalog.lesion(row) for row in range(len(catalog)))

    def vectors(self) -> Vectors:
        """Read all unit vectors, (N, dim), in the order of `lesions()`."""
        view = self.view()
        return view.searcher.vectors_at(np.arange(len(view.catalog)))

    def calibration(self) -> Calibration | None:
        """Read how similarities translate: vote, thresholds, ECE before and after. None: nothing to compare."""
        return self.view().calibration

    def _query(self, vector: Vectors, view: AtlasView) -> Vectors:
        query = np.asarray(vector, np.float32).reshape(-1)
        if view.dim and query.shape != (view.dim,):
            raise AtlasError(
                f"The query has {len(query)} dimensions and the atlas {view.dim}; encode it with the atlas's encoder."
            )
        if not np.isfinite(query).all() or not query.any():
            raise AtlasError("The query's embedding is not a finite vector; choose another region.")
        return query / np.linalg.norm(query)


def _row(catalog: Catalog, lesion_id: str) -> int:
    row = catalog.row(lesion_id)
    if row is None:
        raise AtlasError(f"The atlas has no lesion {lesion_id!r}; use an id from a search.")
    return row


def _hit(view: AtlasView, rank: int, row: int, cosine: float) -> Hit:
    return Hit(rank, view.catalog.lesion(row), _similarity(view, cosine), cosine, view.atlas_at(row))


def _similarity(view: AtlasView, cosine: float) -> float:
    return view.calibration.similarity(cosine) if view.calibration else usual_similarity(cosine)
