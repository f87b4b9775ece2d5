"""The atlas: Chroma records of lesions with known types, searched by embedding and metadata."""

import logging
import secrets
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from encoder.pack import Images
from tools.atlas.calibration import CALIBRATION_VERSION, Calibration, calibrate
from tools.atlas.catalog import Catalog, Vectors
from tools.atlas.records import NOTE, metadata_to_lesion
from tools.atlas.searchable import AtlasView, SearchableAtlas
from tools.atlas.searchers import CompressedSearcher, ExactSearcher, IndexSearcher, Searcher
from tools.atlas.snapshot import Snapshot, read_snapshot, write_snapshot
from tools.domain.lesions import AtlasError
from tools.domain.patient_keys import PatientKeys

MAX_IN_MEMORY = 100_000  # vectors of a local atlas all compared with a query (200 MB at 512 dimensions)
MAX_IN_MEMORY_REMOTE = 5_000  # the same over HTTP, where each costs 10 KB of JSON to fetch
MAX_REFIT = 2_000  # lesions of an atlas that is calibrated anew while its user waits: about ten seconds
Facts = dict[str, Any]  # what the store remembers of the whole atlas
CHANGING = "changing"  # among an atlas's facts while lesions are being written, or were when the writer died

log = logging.getLogger(__name__)


class Atlas(SearchableAtlas):
    """Lesions of known type to compare with, in a folder or on a Chroma server. Safe to search from several threads.

    `fingerprint` is the encoder's: an atlas answers only to the encoder it was built with. Up to `max_in_memory`
    vectors are all compared with a query, more are compressed for that, or found by Chroma's index. Raises AtlasError.
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
        self._current: AtlasView | None = None
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
        self.keys_match = facts.get("keys") == self._keys_mark()
        if not self.keys_match:
            log.warning("The atlas was built with another patient-key salt: patients cannot be matched with it.")

    def encoder_input(self, lesion_id: str) -> Images:
        """Read what a lesion was indexed with: its ROI (64, 64), or (2, 64, 64) with its context. Raises AtlasError."""
        image = self.store.roi(self.get(lesion_id).lesion_id)
        if image is None:
            raise AtlasError(f"The atlas holds no image of lesion {lesion_id!r}; index its ROI pack again.")
        return image

    def notes(self) -> dict[str, str]:
        """Read the teaching notes, which only people read, by lesion id."""
        return {lesion_id: str(record[NOTE]) for lesion_id, record in self.store.records() if record.get(NOTE)}

    def is_calibrated(self) -> bool:
        """Tell whether a calibration of this version is stored with the atlas."""
        return _is_current(self.store.facts())

    def calibrate(self) -> Calibration | None:
        """Fit votes and thresholds, each lesion asked with its own patient left out, and store them with the atlas.

        None: fewer than two patients, so that nothing can be compared.
        """
        facts = self._new_facts()
        with self._lock:
            catalog, searcher = self._read(facts)  # as it is now, whatever another revision had
            calibration = calibrate(catalog, searcher)
            self.store.remember(facts | _calibration_facts(calibration))
            self._current = self._view(facts, catalog, searcher, calibration)
        return calibration

    def start_revision(self, keep_calibration: bool = False) -> None:
        """Declare that lesions are changing: other readers look anew, and what was calibrated on them is dropped."""
        self.store.remember(self._new_facts() | self._kept_facts(keep_calibration) | {CHANGING: 1})

    def end_revision(self) -> None:
        """Declare that lesions have changed and the calibration still holds."""
        self.store.remember(self._new_facts() | self._kept_facts(True))

    def _kept_facts(self, keep_calibration: bool) -> dict[str, Any]:
        stored = self.store.facts() if keep_calibration else {}
        return {name: value for name, value in stored.items() if name in ("calibration", "calibration_version")}

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def view(self) -> AtlasView:
        """Hold the atlas in memory; read it again when another process has written to it."""
        facts = self.store.facts()
        revision = str(facts.get("revision"))
        view = self._current
        if view and view.revision == revision:
            return view
        with self._lock:
            if self._current and self._current.revision == revision:
                return self._current
            catalog, searcher = self._read(facts)
            self._current = self._view(facts, catalog, searcher, self._calibration_of(facts, catalog, searcher))
            return self._current

    def _read(self, facts: Facts) -> tuple[Catalog, Searcher]:
        """Take columns and vectors from beside the database; from the database where it is changing, or they lag."""
        count = self.store.count()
        state = f"{facts['revision']}-{count}"
        folder = None if self.store.remote or CHANGING in facts else Path(self.location)
        kept = read_snapshot(folder, state, self._max_in_memory) if folder else None
        if kept is None:
            catalog = Catalog.of(metadata_to_lesion(lesion_id, record) for lesion_id, record in self.store.records())
            keep = folder if folder and self.store.in_place and len(catalog) == count else None
            if keep and write_snapshot(keep, state, catalog, self.store.dim(), partial(self._fill, catalog)):
                kept = read_snapshot(keep, state, self._max_in_memory)
            if kept is None:
                vectors = None
                if len(catalog) <= self._max_in_memory:
                    vectors = np.zeros((len(catalog), self.store.dim()), np.float32)
                    self._fill(catalog, vectors)
                kept = Snapshot(catalog, vectors, None)
        return kept.catalog, self._searcher(kept)

    def _fill(self, catalog: Catalog, vectors: Vectors) -> None:
        """Read all vectors (N, dim) from the database in the catalog's order."""
        for ids, page in self.store.vector_pages():
            rows = catalog.rows(ids)
            vectors[rows[rows >= 0]] = page[rows >= 0]

    def _searcher(self, kept: Snapshot) -> Searcher:
        if kept.vectors is not None and len(kept.catalog) <= self._max_in_memory:
            return ExactSearcher(kept.vectors)
        if kept.vectors is not None and kept.compressed is not None:
            return CompressedSearcher(kept.vectors, kept.compressed)
        return IndexSearcher(self.store, kept.catalog, kept.vectors, self._max_in_memory)

    def _view(self, facts: Facts, catalog: Catalog, searcher: Searcher, calibration: Calibration | None) -> AtlasView:
        dim = searcher.vectors_at(np.array([0])).shape[1] if len(catalog) else 0
        return AtlasView(str(facts["revision"]), catalog, searcher, dim, calibration)

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

    def _new_facts(self) -> Facts:
        """Write what the store remembers of an atlas whose lesions have just changed."""
        return {"fingerprint": self.fingerprint, "keys": self._keys_mark(), "revision": secrets.token_hex(8)}

    def _keys_mark(self) -> str:
        """Mark the salt, so that two installations can tell whether they share it, without giving it away."""
        return self.keys.study("the keys of this atlas")


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
