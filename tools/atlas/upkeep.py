"""An atlas that is looked after: what it holds, what is doubtful in it; built anew, joined with others, backed up."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from encoder.errors import storage_error
from encoder.pack import write_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import Embed, export_pack, index_pack
from tools.atlas.folder import sole_writer
from tools.atlas.records import NOTE_COLUMN
from tools.domain.lesions import AtlasError
from tools.domain.patient_keys import PatientKeys
from tools.domain.progress import StageProgress

NEIGHBOURS = 10  # of other patients, that are asked about a label
SAME_PICTURE = 0.99999  # similarity of two crops that are one picture
QUERIES_AT_ONCE = 512


@dataclass(frozen=True)
class DoubtfulLabel:
    """A lesion none of whose nearest lesions of other patients has its type, and the type that most of them have."""

    lesion_id: str
    lesion_type: str
    neighbours_type: str
    agreeing: int  # neighbours of that type


@dataclass(frozen=True)
class AtlasInfo:
    """What an atlas holds. `duplicates` are pairs of lesion ids with one picture."""

    location: str
    lesions: int
    patients: int
    types: dict[str, int]
    sources: dict[str, int]
    licences: dict[str, int]
    encoder: str  # fingerprint
    same_encoder: bool  # as the one that asked
    same_salt: bool  # whether its patients can be told from those of a query
    calibrated: bool
    accuracy: float | None  # of its votes, each lesion asked with its own patient left out
    calibration_error: float | None  # expected calibration error of the votes
    duplicates: tuple[tuple[str, str], ...]
    doubtful: tuple[DoubtfulLabel, ...]


def open_as_built(location: str, keys: PatientKeys) -> Atlas:
    """Open an atlas whatever encoder it was built with: its vectors are compared among each other only."""
    from tools.atlas.chroma_store import ChromaStore  # loads Chroma

    store = ChromaStore(location, create=False, new_facts={})
    fingerprint = str(store.facts().get("fingerprint"))
    store.close()
    return Atlas(location, fingerprint, keys)


def examine(atlas: Atlas, fingerprint: str, progress: StageProgress | None = None) -> AtlasInfo:
    """Sum up an atlas, and find pictures that are in it twice and labels that all neighbours contradict."""
    lesions = len(atlas)
    fit = atlas.calibration() if lesions else None
    duplicates, doubtful = _compare(atlas, progress) if lesions > 1 else ((), ())
    return AtlasInfo(
        location=atlas.location,
        lesions=lesions,
        patients=atlas.patients,
        types=atlas.counts("lesion_type"),
        sources=atlas.counts("source"),
        licences=atlas.counts("licence"),
        encoder=atlas.fingerprint,
        same_encoder=atlas.fingerprint == fingerprint,
        same_salt=atlas.keys_match,
        calibrated=fit is not None,
        accuracy=fit.accuracy if fit else None,
        calibration_error=fit.ece_after if fit else None,
        duplicates=duplicates,
        doubtful=doubtful,
    )


def _compare(
    atlas: Atlas, progress: StageProgress | None
) -> tuple[tuple[tuple[str, str], ...], tuple[DoubtfulLabel, ...]]:
    """Compare every lesion with all others, some at a time: (n, N) similarities."""
    catalog, vectors = atlas.view().catalog, atlas.vectors()
    ids, patients = [value.decode() for value in catalog.ids], catalog.patient
    types = np.array([*catalog.types, ""])[catalog.type]
    duplicates: list[tuple[str, str]] = []
    doubtful: list[DoubtfulLabel] = []
    for start in range(0, len(ids), QUERIES_AT_ONCE):
        rows = np.arange(start, min(start + QUERIES_AT_ONCE, len(ids)))
        similar = vectors[rows] @ vectors.T
        for row, twin in np.argwhere(similar >= SAME_PICTURE):
            if start + row < twin:
                duplicates.append((ids[start + row], ids[twin]))
        similar[patients[rows][:, None] == patients] = -np.inf
        similar[:, types == ""] = -np.inf
        count = min(NEIGHBOURS, len(ids))
        nearest = np.argpartition(-similar, count - 1, axis=1)[:, :count]
        for row, found in zip(rows, nearest, strict=True):
            known = found[np.isfinite(similar[row - start, found])]
            if types[row] and len(known) == NEIGHBOURS and not (types[known] == types[row]).any():
                names, counts = np.unique(types[known], return_counts=True)
                most = int(np.argmax(counts))
                doubtful.append(DoubtfulLabel(ids[row], str(types[row]), str(names[most]), int(counts[most])))
        if progress:
            progress("Comparing lesions", int(rows[-1]) + 1, len(ids))
    doubtful.sort(key=lambda label: -label.agreeing)
    return tuple(duplicates), tuple(doubtful)


def rebuild(
    locations: Sequence[str],
    out: Path,
    fingerprint: str,
    embed: Embed,
    keys: PatientKeys,
    progress: StageProgress | None = None,
) -> int:
    """Build an atlas in the new folder `out` of the lesions of one atlas or several, embedded anew; count them.

    It appears when it is complete. Raises AtlasError where patients stand under another salt, or one id is of two
    patients.
    """
    owners: dict[str, str] = {}
    with appearing(out) as part:
        built = Atlas(part, fingerprint, keys, create=True)
        for location in locations:
            with sole_writer(location, progress):
                source = open_as_built(location, keys)
                _refuse_strangers(source, owners)
                pack, notes = export_pack(source), source.notes()
                source.close()
            report = None if progress is None else partial(progress, f"Embedding {Path(location).name}")
            index_pack(built, pack, embed, report, notes)
        lesions = len(built)
        built.close()
    return lesions


def back_up(location: str, out: Path, keys: PatientKeys, progress: StageProgress | None = None) -> int:
    """Write an atlas, which may be in use, as a ROI pack to the new folder `out`; count its lesions.

    `index` makes an atlas of it again, with this encoder or another. Raises AtlasError.
    """
    with appearing(out) as part:
        with sole_writer(location, progress):
            atlas = open_as_built(location, keys)
            pack, notes = export_pack(atlas), atlas.notes()
            atlas.close()
        column = {NOTE_COLUMN: [notes.get(lesion.lesion_id, "") for lesion in pack.lesions]}
        write_pack(pack, part, column if notes else None)
    return len(pack)


@contextlib.contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """Lend the hidden folder beside `out` that becomes `out` when all went well. Raises StorageError."""
    part = _part(out)
    try:
        yield part
        _finish(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _refuse_strangers(atlas: Atlas, owners: dict[str, str]) -> None:
    if not atlas.keys_match:
        raise AtlasError(
            f"The atlas at {atlas.location} was built with another LESION_SEARCH_SALT, so the same patient would "
            "count as two. Set the salt it was built with."
        )
    for lesion in atlas.lesions():
        if owners.setdefault(lesion.lesion_id, lesion.patient_key) != lesion.patient_key:
            raise AtlasError(
                f"Lesion {lesion.lesion_id} is of one patient in one atlas and of another in {atlas.location}: their "
                "ids come from different sources, so they cannot be joined."
            )


def _part(out: Path) -> Path:
    """Make the hidden folder beside `out` in which it is written. Raises StorageError."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise storage_error(error, str(out), "Choose another folder with --out") from error


def _finish(part: Path, out: Path) -> None:
    part.chmod(0o755)  # a temporary folder is its owner's alone
    if out.is_dir():
        out.rmdir()  # an empty one
    os.replace(part, out)
