"""Fill an atlas: from a ROI pack, or from DICOM studies, whose suggested regions become lesions of unknown type."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from encoder.embedder import load_embedder
from encoder.pack import LesionRow, PackError, RoiPack, read_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.patient_keys import PatientKeys
from tools.domain.progress import StageProgress
from tools.domain.region import Region
from tools.domain.study import Series, Study
from tools.intake.intake import IntakeError, read_study
from tools.pipelines.demo import patient_keys
from tools.regions.create import find_regions
from tools.regions.crop import crop_roi, field_of_view_mm
from tools.settings import Settings

REGIONS_PER_SERIES = 10


@dataclass(frozen=True)
class IndexSummary:
    """What `index_source` did; `notes` are sentences about what was left out."""

    added: int
    total: int
    location: str
    notes: tuple[str, ...]


def index_source(source: Path, settings: Settings, progress: StageProgress | None = None) -> IndexSummary:
    """Add a ROI pack or a folder of DICOM studies to the atlas of the settings, made if it is not there.

    Can be interrupted and called again. Raises PackError, IntakeError, AtlasError.
    """
    embedder = load_embedder(settings.encoder)
    keys = patient_keys(settings)
    notes: list[str] = []
    pack = read_pack(source) if _is_pack(source) else pack_of_studies(source, keys, notes, progress)
    atlas = Atlas(settings.atlas or settings.own_atlas, embedder.fingerprint, keys, create=True)
    report = None if progress is None else lambda done, of: progress("Indexing", done, of)
    added = index_pack(atlas, pack, embedder, progress=report)
    return IndexSummary(added, len(atlas), atlas.location, tuple(notes))


def pack_of_studies(
    source: Path, keys: PatientKeys, notes: list[str], progress: StageProgress | None = None
) -> RoiPack:
    """Crop suggested regions of every study below a folder, as a pack of untyped lesions under patient keys.

    Each folder that holds files is read as one study; what cannot be read is said in `notes`.
    Raises PackError when nothing was found.
    """
    folders = _folders_with_files(source)
    rows: list[LesionRow] = []
    rois = []
    for done, folder in enumerate(folders, start=1):
        try:
            study = read_study(sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else folder, keys)
        except IntakeError as error:
            notes.append(f"Folder {done} of {len(folders)}: {error}")
            continue
        notes.extend(study.skipped)
        for series in study.series:
            for number, region in enumerate(find_regions(series, max_regions=REGIONS_PER_SERIES), start=1):
                rows.append(_row(study, series, region, number))
                rois.append(crop_roi(series, region))
        if progress is not None:
            progress("Reading studies", done, len(folders))
    if not rows:
        raise PackError("Nothing to index was found: give a ROI pack, or a folder with CT series in DICOM.")
    return RoiPack(np.stack(rois), tuple(rows))


def _is_pack(source: Path) -> bool:
    if source.is_dir():
        return any((source / name).is_file() for name in ("images.npy", "images.npz", "lesions.csv"))
    return source.suffix in (".npz", ".npy")


def _folders_with_files(source: Path) -> list[Path]:
    if not source.exists():
        raise PackError("There is no such file or folder to index: check the path.")
    if source.is_file():
        return [source]
    return list(_walk(source))


def _walk(folder: Path) -> Iterator[Path]:
    entries = sorted(entry for entry in folder.iterdir() if not entry.is_symlink())
    if any(entry.is_file() for entry in entries):
        yield folder
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry)


def _row(study: Study, series: Series, region: Region, number: int) -> LesionRow:
    m, facts = region.measurement, series.facts
    return LesionRow(
        lesion_id=f"{series.series_key}-{region.slice_index + 1:04d}-{number:02d}",
        patient_id=study.patient_key or study.study_key.replace("s-", "p-", 1),
        sex=facts.sex,
        age_years=facts.age_years,
        long_axis_mm=m.long_axis_mm,
        short_axis_mm=m.short_axis_mm,
        body_part=facts.body_part,
        source="suggested",
        study_id=study.study_key,
        pixel_spacing_mm=facts.row_spacing_mm,
        field_of_view_mm=field_of_view_mm(region.box, series.spacing_mm[1:]) if facts.row_spacing_mm else None,
        slice=region.slice_index + 1,
    )
