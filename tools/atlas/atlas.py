"""The atlas: Chroma records of lesions with known types, searched by embedding and metadata."""

import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from encoder.pack import Images
from tools.atlas.calibration import CALIBRATION_VERSION, Calibration, calibrate, usual_similarity
from tools.atlas.catalog import Catalog, Vectors
from tools.atlas.records import metadata_to_lesion
from tools.atlas.searchers import ExactSearcher, IndexSearcher, Query, Searcher
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
from tools.domain.patient_keys import PatientKeys

MAX_IN_MEMORY = 100_000  # vectors of a local atlas held in memory (200 MB at 512 dimensions)
MAX_IN_MEMORY_REMOTE = 5_000  # the same over HTTP, where each costs 10 KB of JSON to fetch
MAX_REFIT = 2_000  # lesions of an atlas that is calibrated anew while its user waits: about ten seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AtlasSummary:
    """What an atlas holds, in few words."""

    types: tuple[str, ...]  # sorted
    lesions: int
    sources: frozenset[str]


@dataclass(frozen=True)
class _View:
    """The atlas as of one revision."""

    revision: str
    catalog: Catalog
    searcher: Searcher
    dim: int  # 0: empty
    calibration: Calibration | None


class Atlas:
    """Lesions of known type to compare with, in a folder or on a Chroma server. Safe to search from several threads.

    `fingerprint` is the encoder's: an atlas answers only to the encoder it was built with. Up to `max_in_memory`
    vectors are searched exactly in memory, more by Chroma's index. Raises AtlasError.
    """

    def __init__(
        self,
        location: str | Path,
        fingerprint: str,
        keys: PatientKeys,
        create: bool = False,
        max_in_memory: int | None = None,
    ) -> None:
        from tools.atlas.chroma_store import ChromaStore  # loads Chroma, which the records do not need

        self.location = str(location)
        self.fingerprint = fingerprint
        self.keys = keys
        self._lock = threading.RLock()
        self._current: _View | None = None
        self.store = ChromaStore(self.location, create, self._new_facts())
        self._max_in_memory = max_in_memory or (MAX_IN_MEMORY_REMOTE if self.store.remote else MAX_IN_MEMORY)
        facts = self.store.facts()
        built_with = str(facts.get("fingerprint"))
        if built_with != fingerprint:
            raise AtlasError(
                f"The atlas at {self.location} was built with encoder {built_with[:12]}, and this is encoder "
                f"{fingerprint[:12]}: their similarities do not compare. Use the encoder it was built with, or index "
                "the ROI pack again into a new atlas with `lesion-search index PACK --atlas NEW_FOLDER`."
            )
        self.keys_match = facts.get("keys") == self._keys_mark()  # whether its patients can be told from the query's
        if not self.keys_match:
            log.warning("The atlas was built with another patient-key salt: patients cannot be matched with it.")

    def __len__(self) -> int:
        return len(self._view().catalog)

    @property
    def patients(self) -> int:
        """Count the different patients."""
        return self._view().catalog.patients

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
        view = self._view()
        catalog = view.catalog
        query = self._query(vector, view)
        mask = catalog.passing(filters, patient_key)
        others = Filters()
        found, voters = view.searcher.nearest(
            query,
            [
                Query(mask, k, filters, patient_key),
                Query(catalog.in_scope(others, patient_key), NEIGHBOURS, others, patient_key),
            ],
        )
        hits = tuple(
            Hit(rank, catalog.lesions[row], _similarity(view, cosine), float(cosine))
            for rank, (row, cosine) in enumerate(zip(found.rows, found.similarities, strict=True), start=1)
        )
        votes: tuple[TypeVote, ...] = ()
        confidence: Confidence = "none"
        if hits and view.calibration:
            fit = view.calibration
            if len(voters.rows) and catalog.types:
                probabilities = type_probabilities(
                    voters.similarities[None], catalog.type[voters.rows][None], catalog.type_shares, fit.vote
                )[0]
                order = np.argsort(-probabilities, kind="stable")
                votes = tuple(TypeVote(catalog.types[code], float(probabilities[code])) for code in order)
            confidence = fit.confidence(hits[0].cosine, votes[0].probability if votes else None)
        if confidence == "none":
            votes = ()
        own = 0
        if filters.scope == "cross-patient" and patient_key:
            own = int(catalog.passing(filters.model_copy(update={"scope": "same-patient"}), patient_key).sum())
        return SearchResult(hits, votes, confidence, int(mask.sum()), len(catalog), filters, own)

    def get(self, lesion_id: str) -> AtlasLesion:
        """Read one record. Raises AtlasError if there is none of this id."""
        catalog = self._view().catalog
        row = catalog.row_of.get(lesion_id)
        if row is None:
            raise AtlasError(f"The atlas has no lesion {lesion_id!r}; use an id from a search.")
        return catalog.lesions[row]

    def roi(self, lesion_id: str) -> Images:
        """Read the ROI (64, 64) of a lesion, int16 HU or uint8, to be shown. Raises AtlasError."""
        image = self.encoder_input(lesion_id)
        return image[0] if image.ndim == 3 else image

    def encoder_input(self, lesion_id: str) -> Images:
        """Read what a lesion was indexed with: its ROI (64, 64), or (2, 64, 64) with its context. Raises AtlasError."""
        image = self.store.roi(self.get(lesion_id).lesion_id)
        if image is None:
            raise AtlasError(f"The atlas holds no image of lesion {lesion_id!r}; index its ROI pack again.")
        return image

    def similarity(self, vector: Vectors, lesion_id: str) -> float:
        """Compute the calibrated similarity, 0..1, of a unit vector (dim,) and one lesion. Raises AtlasError."""
        view = self._view()
        row = view.catalog.row_of[self.get(lesion_id).lesion_id]
        return _similarity(view, float(view.searcher.vectors_at(np.array([row]))[0] @ self._query(vector, view)))

    def counts(self, group_by: str = "lesion_type") -> dict[str, int]:
        """Count lesions by `lesion_type`, `sex`, `age`, `size`, `body_part`, `source` or `patient`, `unknown` last.

        Raises AtlasError.
        """
        return self._view().catalog.counts(group_by)

    def types(self) -> tuple[str, ...]:
        """List the lesion types of this atlas, sorted."""
        return self._view().catalog.types

    def summary(self) -> AtlasSummary:
        """Sum up types, number and sources of the lesions, all of one revision and from one look at the database."""
        catalog = self._view().catalog
        return AtlasSummary(catalog.types, len(catalog), frozenset(catalog.counts("source")))

    def lesions(self) -> Iterator[AtlasLesion]:
        """Iterate over all records, sorted by lesion id."""
        return iter(self._view().catalog.lesions)

    def vectors(self) -> Vectors:
        """Read all unit vectors, (N, dim), in the order of `lesions()`."""
        catalog = self._view().catalog
        return self.store.vectors(catalog.row_of)

    def calibration(self) -> Calibration | None:
        """Read how similarities translate: vote, thresholds, ECE before and after. None: nothing to compare."""
        return self._view().calibration

    def is_calibrated(self) -> bool:
        """Tell whether a calibration of this version is stored with the atlas."""
        return _is_current(self.store.facts())

    def calibrate(self) -> Calibration | None:
        """Fit votes and thresholds, each lesion asked with its own patient left out, and store them with the atlas.

        None: fewer than two patients, so that nothing can be compared.
        """
        view = self._view()
        calibration = calibrate(view.catalog, view.searcher)
        self.store.remember(self._new_facts() | _calibration_facts(calibration))
        return calibration

    def start_revision(self) -> None:
        """Declare that lesions are about to change: what was calibrated on them is dropped, other readers look anew."""
        self.store.remember(self._new_facts())

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def _view(self) -> _View:
        """Hold the atlas in memory; read it again when another process has written to it."""
        facts = self.store.facts()
        revision = str(facts.get("revision"))
        view = self._current
        if view and view.revision == revision:
            return view
        with self._lock:
            if self._current and self._current.revision == revision:
                return self._current
            records = self.store.records().items()
            catalog = Catalog(metadata_to_lesion(lesion_id, metadata) for lesion_id, metadata in records)
            searcher: Searcher
            if len(catalog) <= self._max_in_memory:
                searcher = ExactSearcher(self.store.vectors(catalog.row_of))
            else:
                searcher = IndexSearcher(self.store, catalog)
            calibration = self._calibration_of(facts, catalog, searcher)
            dim = searcher.vectors_at(np.array([0])).shape[1] if len(catalog) else 0
            self._current = _View(revision, catalog, searcher, dim, calibration)
            return self._current

    def _calibration_of(self, facts: dict[str, Any], catalog: Catalog, searcher: Searcher) -> Calibration | None:
        """Take the stored calibration where its version is this one; otherwise fit anew, where that is not too slow."""
        stored = _stored_calibration(facts)
        if stored and _is_current(facts):
            return stored
        if stored and len(catalog) > min(MAX_REFIT, self._max_in_memory):
            log.warning(
                "The atlas at %s was calibrated by another version of this program, so its votes and confidence may "
                "differ from those of a new atlas: index its ROI pack into it again, which only calibrates it anew.",
                self.location,
            )
            return stored
        calibration = calibrate(catalog, searcher)
        if "calibration" in facts:  # without, another process is writing to it, or was interrupted
            self._store_refit(facts, calibration)
        return calibration

    def _store_refit(self, facts: dict[str, Any], calibration: Calibration | None) -> None:
        """Keep a calibration fitted while opening, unless the lesions have changed since or the atlas is read-only."""
        try:
            if self.store.facts().get("revision") == facts.get("revision"):
                self.store.remember(facts | _calibration_facts(calibration))
        except AtlasError as error:
            log.warning("The atlas is calibrated anew each time it is opened, as that cannot be stored: %s", error)

    def _new_facts(self) -> dict[str, str | int | float]:
        """Write what the store remembers of an atlas whose lesions have just changed."""
        return {"fingerprint": self.fingerprint, "keys": self._keys_mark(), "revision": secrets.token_hex(8)}

    def _keys_mark(self) -> str:
        """Mark the salt, so that two installations can tell whether they share it, without giving it away."""
        return self.keys.study("the keys of this atlas")

    def _query(self, vector: Vectors, view: _View) -> Vectors:
        query = np.asarray(vector, np.float32).reshape(-1)
        if view.dim and query.shape != (view.dim,):
            raise AtlasError(
                f"The query has {len(query)} dimensions and the atlas {view.dim}; encode it with the atlas's encoder."
            )
        if not np.isfinite(query).all() or not query.any():
            raise AtlasError("The query's embedding is not a finite vector; choose another region.")
        return query / np.linalg.norm(query)


def _similarity(view: _View, cosine: float) -> float:
    return view.calibration.similarity(cosine) if view.calibration else usual_similarity(cosine)


def _is_current(facts: dict[str, Any]) -> bool:
    return "calibration" in facts and facts.get("calibration_version") == CALIBRATION_VERSION


def _stored_calibration(facts: dict[str, Any]) -> Calibration | None:
    """Read a stored calibration; None where there is none, or one of other fields than this version's."""
    try:
        return Calibration.from_json(facts["calibration"]) if "calibration" in facts else None
    except (TypeError, KeyError, ValueError):
        return None


def _calibration_facts(calibration: Calibration | None) -> dict[str, str | int | float]:
    if calibration is None:
        return {}
    return {"calibration": calibration.to_json(), "calibration_version": CALIBRATION_VERSION}
