"""The atlas: Chroma records of lesions with known types, searched by embedding and metadata."""

import dataclasses
import hashlib
import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from encoder.pack import Images, LesionRecord, LesionRow, PackError, RoiPack
from encoder.roi import to_roi_width
from tools.atlas.catalog import Catalog
from tools.atlas.type_votes import NEIGHBOURS, Calibration, calibrate, type_probabilities
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

if TYPE_CHECKING:  # loads Chroma, which the records above do not need
    from tools.atlas.searchers import Searcher


Vectors = NDArray[np.float32]
Embed = Callable[[NDArray[Any]], Vectors]
Progress = Callable[[int, int], None]

BATCH = 512  # lesions embedded and written at a time: what an interruption can cost
IN_MEMORY = 100_000  # vectors of a local atlas held in memory (200 MB at 512 dimensions)
IN_MEMORY_REMOTE = 5_000  # the same over HTTP, where each costs 10 KB of JSON to fetch
CALIBRATION_QUERIES = 3000
PATIENT_KEY = re.compile(r"p-[0-9a-f]{12}")
STUDY_KEY = re.compile(r"s-[0-9a-f]{12}")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outline:
    """What an atlas holds, in few words."""

    types: tuple[str, ...]  # sorted
    lesions: int
    sources: frozenset[str]


@dataclass(frozen=True)
class _View:
    """The atlas as of one revision."""

    revision: str
    catalog: Catalog
    searcher: "Searcher"
    dim: int  # 0: empty
    calibration: Calibration | None


class Atlas:
    """Lesions of known type to compare with, in a folder or on a Chroma server. Safe to search from several threads.

    `fingerprint` is the encoder's: an atlas answers only to the encoder it was built with. Raises AtlasError.
    """

    def __init__(
        self,
        location: str | Path,
        fingerprint: str,
        keys: PatientKeys,
        create: bool = False,
        in_memory: int | None = None,
    ) -> None:
        from tools.atlas.chroma_store import ChromaStore

        self.location = str(location)
        self.fingerprint = fingerprint
        self._keys = keys
        self._lock = threading.RLock()
        self._current: _View | None = None
        new_facts = {"fingerprint": fingerprint, "keys": self._keys_mark(), "revision": secrets.token_hex(8)}
        self._store = ChromaStore(self.location, create, new_facts)
        self._in_memory = in_memory or (IN_MEMORY_REMOTE if self._store.remote else IN_MEMORY)
        facts = self._store.facts()
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
        """How many different patients."""
        return self._view().catalog.patients

    def index(self, pack: RoiPack, embed: Embed, progress: Progress | None = None) -> int:
        """Adds or updates the lesions of a pack; returns how many were new or changed.

        `embed` takes (N, 64, 64) images to (N, dim) unit vectors. After an interruption the same call continues where
        it stopped: what is stored with the same content is skipped. Searches are calibrated anew.
        """
        if not self.keys_match:
            raise AtlasError(
                f"The atlas at {self.location} was built with another LESION_SEARCH_SALT, so the same patient would "
                "count as two. Set the salt it was built with, or index into a new atlas."
            )
        written = 0
        size = min(BATCH, self._store.max_batch)
        for start in range(0, len(pack), size):
            images = np.asarray(pack.images[start : start + size])
            rows = pack.lesions[start : start + size]
            lesions = [self._record(row) for row in rows]
            digests = [_digest(lesion, image) for lesion, image in zip(lesions, images, strict=True)]
            stored = self._store.content_of([lesion.lesion_id for lesion in lesions])
            new = [i for i, lesion in enumerate(lesions) if stored.get(lesion.lesion_id) != digests[i]]
            if new:
                if not written:
                    self._remember(calibration=None)
                widths = np.array([rows[i].native_width_mm for i in new])
                self._store.upsert(
                    [lesions[i].lesion_id for i in new],
                    _checked(embed(to_roi_width(images[new], widths)), len(new)),
                    [_metadata(lesions[i]) | {"content": digests[i]} for i in new],
                    images[new],
                )
                written += len(new)
            if progress:
                progress(start + len(images), len(pack))
        if written:
            self.calibrate()
        return written

    def search(
        self, vector: Vectors, k: int = 10, filters: Filters | None = None, patient_key: str | None = None
    ) -> SearchResult:
        """The `k` most similar lesions that pass `filters`, to a unit vector (dim,).

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
        from tools.atlas.searchers import Query

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
            Hit(rank, catalog.lesions[row], float(similarity))
            for rank, (row, similarity) in enumerate(zip(found.rows, found.similarities, strict=True), start=1)
        )
        votes: tuple[TypeVote, ...] = ()
        confidence: Confidence = "none"
        if hits and view.calibration:
            fit = view.calibration
            if len(voters.rows) and catalog.types:
                probabilities = type_probabilities(
                    voters.similarities[None], catalog.type[voters.rows][None], _shares(catalog), fit.vote
                )[0]
                order = np.argsort(-probabilities, kind="stable")
                votes = tuple(TypeVote(catalog.types[code], float(probabilities[code])) for code in order)
            confidence = fit.confidence(hits[0].similarity, votes[0].probability if votes else None)
        if confidence == "none":
            votes = ()
        return SearchResult(hits, votes, confidence, int(mask.sum()), len(catalog), filters)

    def get(self, lesion_id: str) -> AtlasLesion:
        """One record. Raises AtlasError if there is none of this id."""
        catalog = self._view().catalog
        row = catalog.row_of.get(lesion_id)
        if row is None:
            raise AtlasError(f"The atlas has no lesion {lesion_id!r}; use an id from a search.")
        return catalog.lesions[row]

    def roi(self, lesion_id: str) -> Images:
        """The (64, 64) image a lesion was indexed with, int16 HU or uint8."""
        image = self._store.roi(self.get(lesion_id).lesion_id)
        if image is None:
            raise AtlasError(f"The atlas holds no image of lesion {lesion_id!r}; index its ROI pack again.")
        return image

    def similarity(self, vector: Vectors, lesion_id: str) -> float:
        """Cosine between a unit vector (dim,) and one lesion."""
        view = self._view()
        row = view.catalog.row_of[self.get(lesion_id).lesion_id]
        return float(np.clip(view.searcher.vectors_at(np.array([row]))[0] @ self._query(vector, view), -1, 1))

    def counts(self, group_by: str = "lesion_type") -> dict[str, int]:
        """Lesions by `lesion_type`, `sex`, `age`, `size`, `body_part`, `source` or `patient`; `unknown` comes last."""
        return self._view().catalog.counts(group_by)

    def types(self) -> tuple[str, ...]:
        """The lesion types of this atlas, sorted."""
        return self._view().catalog.types

    def outline(self) -> Outline:
        """Types, number and sources of the lesions, all of one revision and from one look at the database."""
        catalog = self._view().catalog
        return Outline(catalog.types, len(catalog), frozenset(catalog.counts("source")))

    def lesions(self) -> Iterator[AtlasLesion]:
        """All records, sorted by lesion id."""
        return iter(self._view().catalog.lesions)

    def vectors(self) -> Vectors:
        """All unit vectors, (N, dim), in the order of `lesions()`."""
        catalog = self._view().catalog
        return self._store.vectors(catalog.row_of)

    def to_pack(self) -> RoiPack:
        """The atlas as a ROI pack, from which it can be rebuilt, for instance with another encoder.

        Patients and studies stand in it under their keys, which indexing takes as they are.
        """
        catalog = self._view().catalog
        images = dict(self._store.rois())
        if len({image.dtype for image in images.values()}) > 1:
            raise AtlasError("This atlas holds both HU and windowed images; a ROI pack holds one kind.")
        lacking = [lesion.lesion_id for lesion in catalog.lesions if lesion.lesion_id not in images]
        if lacking or not catalog.lesions:
            raise AtlasError(f"The atlas cannot be exported: {len(lacking)} of {len(catalog)} lesions have an image.")
        return RoiPack(
            np.stack([images[lesion.lesion_id] for lesion in catalog.lesions]),
            tuple(_row(lesion) for lesion in catalog.lesions),
        )

    def calibrate(self) -> Calibration | None:
        """Fits votes and thresholds, each lesion asked with its own patient left out, and stores them with the atlas.

        `index` does this by itself. None: fewer than two patients, so that nothing can be compared.
        """
        view = self._view()
        calibration = _calibrated(view.catalog, view.searcher)
        self._remember(calibration)
        return calibration

    def calibration(self) -> Calibration | None:
        """What `calibrate` found: temperature, thresholds, ECE before and after."""
        return self._view().calibration

    def close(self) -> None:
        """Lets go of the database."""
        self._store.close()

    def _view(self) -> _View:
        """The atlas in memory, read again when somebody has written to it."""
        from tools.atlas.searchers import ExactSearcher, IndexSearcher

        facts = self._store.facts()
        revision = str(facts.get("revision"))
        view = self._current
        if view and view.revision == revision:
            return view
        with self._lock:
            if self._current and self._current.revision == revision:
                return self._current
            catalog = Catalog(_lesion(lesion_id, record) for lesion_id, record in self._store.records().items())
            searcher: Searcher
            if len(catalog) <= self._in_memory:
                searcher = ExactSearcher(self._store.vectors(catalog.row_of))
            else:
                searcher = IndexSearcher(self._store, catalog)
            stored = facts.get("calibration")
            calibration = Calibration.from_json(stored) if stored else _calibrated(catalog, searcher)
            dim = searcher.vectors_at(np.array([0])).shape[1] if len(catalog) else 0
            self._current = _View(revision, catalog, searcher, dim, calibration)
            return self._current

    def _remember(self, calibration: Calibration | None) -> None:
        facts = {"fingerprint": self.fingerprint, "keys": self._keys_mark(), "revision": secrets.token_hex(8)}
        if calibration:
            facts["calibration"] = calibration.to_json()
        self._store.remember(facts)

    def _keys_mark(self) -> str:
        """Tells whether two installations share their salt, without giving it away."""
        return self._keys.study("the keys of this atlas")

    def _query(self, vector: Vectors, view: _View) -> Vectors:
        query = np.asarray(vector, np.float32).reshape(-1)
        if view.dim and query.shape != (view.dim,):
            raise AtlasError(
                f"The query has {len(query)} dimensions and the atlas {view.dim}; encode it with the atlas's encoder."
            )
        if not np.isfinite(query).all() or not query.any():
            raise AtlasError("The query's embedding is not a finite vector; choose another region.")
        return query / np.linalg.norm(query)

    def _record(self, row: LesionRow) -> AtlasLesion:
        """A pack's row without its identifiers."""
        patient = row.patient_id if PATIENT_KEY.fullmatch(row.patient_id) else self._keys.patient(row.patient_id)
        study = row.study_id
        if study and not STUDY_KEY.fullmatch(study):
            study = self._keys.study(study)
        kept = {name: getattr(row, name) for name in _SHARED_COLUMNS}
        return AtlasLesion(patient_key=patient, study_key=study, **kept)


_COLUMNS = tuple(field.name for field in dataclasses.fields(AtlasLesion))
_SHARED_COLUMNS = tuple(field.name for field in dataclasses.fields(LesionRecord))
_DIGEST_ORDER = (
    "lesion_id", "patient_key", "lesion_type", "sex", "age_years", "long_axis_mm", "short_axis_mm", "body_part",
    "source", "study_key", "slice", "split", "pixel_spacing_mm", "field_of_view_mm",
)  # fmt: skip


def _row(lesion: AtlasLesion) -> LesionRow:
    kept = {name: getattr(lesion, name) for name in _SHARED_COLUMNS}
    return LesionRow(patient_id=lesion.patient_key, study_id=lesion.study_key, **kept)


def _metadata(lesion: AtlasLesion) -> dict[str, Any]:
    """Chroma knows no None: what is unknown is left out."""
    record = dataclasses.asdict(lesion)
    return {name: value for name, value in record.items() if value is not None and name != "lesion_id"}


def _lesion(lesion_id: str, record: dict[str, Any]) -> AtlasLesion:
    """A stored record, held to the rules of a pack's row: others may write to a shared atlas. Raises AtlasError."""
    lesion = AtlasLesion(lesion_id, **{name: record[name] for name in _COLUMNS[1:] if name in record})
    try:
        _row(lesion)
        if not PATIENT_KEY.fullmatch(lesion.patient_key):
            raise PackError("its patient is not under a key.")
    except (PackError, TypeError, AttributeError) as error:  # metadata of any type can be stored
        reason = str(error) if isinstance(error, PackError) else "a number stands where text should be, or the reverse."
        raise AtlasError(
            f"The atlas holds a record that is not safe to use: {reason} Correct that lesion in its ROI pack and index "
            "it into a new atlas."
        ) from error
    return lesion


def _digest(lesion: AtlasLesion, image: NDArray[Any]) -> str:
    # The text is part of every stored atlas: were it another, indexing would embed all anew.
    facts = ", ".join(f"{name}={getattr(lesion, name)!r}" for name in _DIGEST_ORDER)
    digest = hashlib.blake2s(f"AtlasLesion({facts})".encode(), digest_size=12)
    digest.update(image.dtype.str.encode() + np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()


def _checked(vectors: Vectors, count: int) -> Vectors:
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=-1) if vectors.ndim == 2 else np.zeros(0)
    if lengths.shape != (count,) or not np.isfinite(lengths).all() or not lengths.all():
        raise AtlasError(f"The encoder gave {vectors.shape} for {count} images: it needs one finite vector for each.")
    return vectors / lengths[:, None]


def _shares(catalog: Catalog) -> NDArray[np.float64]:
    counts = np.bincount(catalog.type[catalog.type >= 0], minlength=len(catalog.types))
    shares: NDArray[np.float64] = counts / max(counts.sum(), 1)
    return shares


def _calibrated(catalog: Catalog, searcher: "Searcher") -> Calibration | None:
    """Asks up to 3,000 of the atlas's own lesions, always the same ones, with their patients left out."""
    from tools.atlas.searchers import Query

    if catalog.patients < 2:
        return None
    rows = np.sort(np.random.default_rng(0).permutation(len(catalog))[:CALIBRATION_QUERIES])
    similarities = np.full((len(rows), NEIGHBOURS), -np.inf)
    types = np.full((len(rows), NEIGHBOURS), -1)
    others = Filters()
    for query, (row, vector) in enumerate(zip(rows, searcher.vectors_at(rows), strict=True)):
        key = catalog.lesions[row].patient_key
        wanted = Query(catalog.in_scope(others, key), NEIGHBOURS, others, key)
        (found,) = searcher.nearest(vector, [wanted])
        similarities[query, : len(found.rows)] = found.similarities
        types[query, : len(found.rows)] = catalog.type[found.rows]
    return calibrate(similarities, types, catalog.type[rows], catalog.patient[rows], _shares(catalog))
