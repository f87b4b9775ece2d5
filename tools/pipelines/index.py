"""Fill an atlas: from a ROI pack, or from DICOM studies, whose suggested regions become lesions of unknown type."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from encoder.embedder import load_embedder
from encoder.pack import LesionRow, PackError, RoiPack, read_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.folder import sole_writer
from tools.domain.patient_keys import PatientKeys
from tools.domain.progress import StageProgress
from tools.domain.region import Region
from tools.domain.study import Series, Study
from tools.intake.explanations import NOTES
from tools.intake.intake import IntakeError, intake_limits, read_studies
from tools.intake.messages import IntakeLimits, Note
from tools.pipelines.demo import patient_keys
from tools.pipelines.embed import image_files
from tools.pipelines.ray_workers import embed_on_workers
from tools.regions.create import find_regions
from tools.regions.crop import crop_with_context, field_of_view_mm
from tools.settings import Settings

REGIONS_PER_SERIES = 10
NOTES_IN_ERROR = 3  # sentences on what was left out, where nothing remains


@dataclass(frozen=True)
class IndexSummary:
    """What `index_source` did; `notes` are sentences about what was left out."""

    added: int
    total: int
    location: str
    notes: tuple[str, ...]


def index_source(
    source: Path, settings: Settings, progress: StageProgress | None = None, workers: int | None = None
) -> IndexSummary:
    """Add a ROI pack or a folder of DICOM studies to the atlas of the settings, made if it is not there.

    Can be interrupted and called again. `workers` are processes of Ray that embed a pack; this one alone writes. Raises
    PackError, IntakeError, AtlasError, WorkersError.
    """
    if workers is not None and not _is_pack(source):
        raise PackError("Workers embed ROI packs, and this is none: leave out --workers.")
    embedder = load_embedder(settings.encoder)
    keys = patient_keys(settings)
    notes: list[str] = []
    if _is_pack(source):
        pack = read_pack(source)
    else:
        pack = pack_of_studies(source, keys, notes, progress, intake_limits(settings, follow_links=True))
    location = str(settings.own_atlas) if settings.atlas in (None, "own") else settings.atlas
    report = None if progress is None else lambda done, of: progress("Indexing", done, of)
    with sole_writer(location, progress), ExitStack() as lent:
        elsewhere = None
        if workers is not None:
            elsewhere = partial(
                embed_on_workers,
                lent.enter_context(image_files(source)),
                np.array([row.native_width_mm for row in pack.lesions]),
                encoder=settings.encoder,
                workers=workers,
            )
        atlas = Atlas(location, embedder.fingerprint, keys, create=True)
        added = index_pack(atlas, pack, embedder, progress=report, embed_batches=elsewhere)
        total = len(atlas)
        atlas.close()
    return IndexSummary(added, total, location, tuple(notes))


def pack_of_studies(
    source: Path,
    keys: PatientKeys,
    notes: list[str],
    progress: StageProgress | None = None,
    limits: IntakeLimits | None = None,
) -> RoiPack:
    """Crop suggested regions of every study below a folder, as a pack of untyped lesions under patient keys.

    Each folder that holds files is read by itself, as one study for each patient. Only CT in Hounsfield units is
    taken; what cannot be read or is another kind of image is said in `notes`. Raises PackError when nothing was found.
    """
    folders = _folders_with_files(source)
    if packs := [folder for folder in folders if _is_pack(folder)]:
        raise PackError(f"{source} holds {len(packs)} ROI packs: index each by itself, the first as {packs[0]}.")
    rows: list[LesionRow] = []
    inputs = []
    indexed: set[str] = set()
    for done, folder in enumerate(folders, start=1):
        name = f"Folder {done} of {len(folders)}"
        try:
            files = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else folder
            studies = read_studies(files, keys, limits)
        except IntakeError as error:
            notes.append(f"{name}: {error}")
            continue
        if len(studies) > 1:
            notes.append(f"{name}: it holds {len(studies)} patients; each is indexed by itself.")
        for study in studies:
            notes.extend(f"{name}: {sentence}" for sentence in study.skipped)
            for series in study.series:
                copied = series.series_key in indexed
                reason = "in another folder too" if copied else not_of_a_body(series)
                indexed.add(series.series_key)
                if reason:
                    notes.append(f"{name}: a series of {series.facts.slices} images was skipped, as it is {reason}.")
                    continue
                for number, region in enumerate(find_regions(series, max_regions=REGIONS_PER_SERIES), start=1):
                    rows.append(_row(study, series, region, number))
                    inputs.append(crop_with_context(series, region))
        if progress is not None:
            progress("Reading studies", done, len(folders))
    if not rows:
        raise PackError(
            " ".join(
                [*notes[:NOTES_IN_ERROR], "Nothing to index was found: give a ROI pack, or a folder with CT series."]
            )
        )
    return RoiPack.of_inputs(np.stack(inputs), tuple(rows))


def not_of_a_body(series: Series) -> str | None:
    """Say why a series holds no lesions to compare with; None for CT of a body in Hounsfield units."""
    if series.facts.modality != "CT":
        return f"{series.facts.modality} and not CT"
    if NOTES[Note.LOCALIZER] in series.warnings:
        return "a localizer"
    return None if series.facts.units == "HU" else "not in Hounsfield units (a screen copy or a derived image)"


def _is_pack(source: Path) -> bool:
    if source.is_dir():
        return any((source / name).is_file() for name in ("images.npy", "images.npz", "lesions.csv"))
    return source.suffix in (".npz", ".npy")


def _folders_with_files(source: Path) -> list[Path]:
    if not source.exists():
        raise PackError("There is no such file or folder to index: check the path.")
    if source.is_file():
        return [source]
    folders = []
    walked: set[Path] = set()
    for folder, subfolders, names in os.walk(source, followlinks=True):
        here = Path(folder).resolve()
        if here in walked:  # a link back to a folder above it would go round for ever
            subfolders.clear()
            continue
        walked.add(here)
        subfolders.sort()
        if names:
            folders.append(Path(folder))
    return folders


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
