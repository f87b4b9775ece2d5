"""Intake: DICOM files, folders and zips become a Study of ordered HU volumes and safe facts. Identifiers stop here."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from encoder.errors import LesionSearchError
from tools.domain.lazy_volume import LazyVolume
from tools.domain.patient_keys import PatientKeys
from tools.domain.study import Series, Study
from tools.intake.explanations import describe_left_out, reasons_by_file
from tools.intake.messages import IntakeLimits, Reason
from tools.intake.patients import Patient, patients_of
from tools.intake.plausibility import is_beyond_doubt, is_large_enough, reason_against_values
from tools.intake.ranking import solid_block
from tools.intake.sandbox import IntakeResult, Only, read_headers, read_records, read_sandboxed, worker_for
from tools.intake.series import build_series
from tools.intake.slice_loader import SliceLoader
from tools.intake.worker_process import WorkerError
from tools.settings import Settings, get_settings

MANY_SLICES = 16  # fewer are decoded in no time
UNSAFE = "The upload could not be read safely; send the original DICOM files again."


class IntakeError(LesionSearchError):
    """Nothing of an upload can be used. `left_out` has the number of each file and why, where files were looked at."""

    def __init__(self, message: str, left_out: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(message)
        self.left_out = left_out


def intake_limits(settings: Settings, follow_links: bool = False) -> IntakeLimits:
    """Give the bounds of one upload that the settings ask for; links are followed for the operator's own folders."""
    return IntakeLimits(
        follow_links=follow_links,
        max_upload_bytes=settings.max_upload_mb << 20,
        max_files=settings.max_upload_files,
        max_voxels=settings.max_upload_megavoxels * 1_000_000,
        timeout_s=settings.upload_timeout_s,
    )


@lru_cache(maxsize=1)
def upload_slots() -> threading.BoundedSemaphore:
    """Give the slots in which this process reads uploads; others wait: memory is what a small machine lacks."""
    return threading.BoundedSemaphore(get_settings().uploads_at_once)


def _nothing() -> None:
    pass


def read_study(paths: Sequence[Path] | Path, keys: PatientKeys, limits: IntakeLimits | None = None) -> Study:
    """Read files, folders and zips into a Study: one patient, series best first, what was left out in plain sentences.

    Untrusted bytes are parsed in a worker process within `limits`, by default those of the settings. `patient_key` is
    `keys.patient(PatientID)`, None where the files have none or a placeholder. Raises IntakeError, in one sentence,
    when nothing can be used.
    """
    try:
        with upload_slots():
            files, limits = _given(paths), limits or intake_limits(get_settings())
            return _study(_within_limits(files, limits, read_sandboxed(files, limits)), keys)
    except WorkerError as error:
        raise IntakeError(UNSAFE) from error


def read_studies(paths: Sequence[Path] | Path, keys: PatientKeys, limits: IntakeLimits | None = None) -> list[Study]:
    """Read like `read_study`, but every patient: a study each, the one with most CT images first, which also has the
    files that belong to none. Raises IntakeError when nothing can be used."""
    try:
        with upload_slots():
            files, limits = _given(paths), limits or intake_limits(get_settings())
            reading = _within_limits(files, limits, read_sandboxed(files, limits))
    except WorkerError as error:
        raise IntakeError(UNSAFE) from error
    patients = patients_of(reading.frames) or [Patient("")]
    rest = replace(reading, left_out=[])
    return [_to_study(reading if i == 0 else rest, patient, keys) for i, patient in enumerate(patients)]


def open_study(
    paths: Sequence[Path] | Path,
    keys: PatientKeys,
    when_done: Callable[[], None] = _nothing,
    limits: IntakeLimits | None = None,
) -> Study:
    """Like `read_study`, but of an ordinary CT series only the headers are read before it returns; its slices are
    decoded afterwards, the middle one first (see `tools.domain.lazy_volume`). One that turns out to be damaged stays
    and says so.

    `when_done` is called once, when the files are not needed any longer. Raises IntakeError.
    """
    files, limits = _given(paths), limits or intake_limits(get_settings())
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(when_done)
        at_the_end.enter_context(upload_slots())
        try:
            reading, workers = read_headers(files, limits)
            only = _block_that_fits(files, limits, reading)
            if only is not None:
                for worker in workers:
                    worker.close()
                reading, workers = read_headers(files, limits, only=only)
                reading = _without_the_rest(reading, only)
        except WorkerError as error:
            raise IntakeError(UNSAFE) from error
        for worker in workers:
            at_the_end.callback(worker.close)
        if workers and _is_ordinary(reading):
            loader = SliceLoader(workers, limits, lambda: worker_for(files, limits))
            study = replace(_study(reading, keys, loader), stop_loading=loader.close)
            if all(_looks_right(series, loader) for series in study.series):
                loader.start(study.series[0].volume_hu, study.series[0].middle_slice, at_the_end.pop_all().close)
                return study
        for worker in workers:
            worker.close()
        try:
            return _study(_within_limits(files, limits, read_sandboxed(files, limits)), keys)
        except WorkerError as error:
            raise IntakeError(UNSAFE) from error


def _within_limits(files: list[Path], limits: IntakeLimits, reading: IntakeResult) -> IntakeResult:
    """Read again what fits, in one block, where a reading met with more pixels than can be held."""
    only = _block_that_fits(files, limits, reading)
    return reading if only is None else _without_the_rest(read_sandboxed(files, limits, only=only), only)


def _block_that_fits(files: list[Path], limits: IntakeLimits, reading: IntakeResult) -> Only | None:
    """Choose the files to read, and of which only some frames, where all of them have more pixels than can be held;
    None where they fit."""
    if not any(reason is Reason.TOO_LARGE_IMAGE for _, reason in reading.left_out):
        return None
    frames = read_records(files, limits)
    if sum(frame.record.pixel_bytes // 2 for frame in frames) <= limits.max_voxels:
        return None  # a file that only claims to be so large
    counts = Counter(frame.record.file for frame in frames)
    block = solid_block(frames, limits.max_voxels)
    parts = {file: None if len(chosen) == counts[file] else sorted(chosen) for file, chosen in block.items()}
    return parts | {file: None for file in range(1, reading.files + 1) if file not in counts}


def _without_the_rest(reading: IntakeResult, only: Only) -> IntakeResult:
    """Say of the files that were not read why."""
    reading.left_out += [(file, Reason.OUTSIDE_BLOCK) for file in range(1, reading.files + 1) if file not in only]
    reading.left_out += [(file, Reason.PARTLY_READ) for file, frames in only.items() if frames is not None]
    return reading


def _looks_right(series: Series, loader: SliceLoader) -> bool:
    """Whether the middle slice has air and tissue, as Hounsfield units have, and nothing speaks against those halfway
    to the ends; else all slices are looked at first."""
    volume = series.volume_hu
    if not isinstance(volume, LazyVolume) or series.facts.kind == "localizer" or not is_large_enough(*volume.shape[1:]):
        return True
    middle, quarter = series.middle_slice, len(volume) // 4
    there = loader.first_look(volume, list(dict.fromkeys((middle, quarter, 3 * quarter))))
    if middle not in there:
        return True  # the loader says later why it cannot be shown
    return is_beyond_doubt(volume[middle]) and all(
        reason_against_values(volume[i][None]) is None for i in there if i != middle
    )


def _given(paths: Sequence[Path] | Path) -> list[Path]:
    given = [paths] if isinstance(paths, str | Path) else paths
    if not given:
        raise IntakeError("No file was given; choose a DICOM file, a folder or a zip.")
    return [Path(path).absolute() for path in given]


def _is_ordinary(reading: IntakeResult) -> bool:
    """Whether headers alone tell the series: many slices, each at a place of its own. Of few slices, and of those that
    may be copies of each other, the pixels are looked at first."""
    places = [(frame.record.series_uid, frame.record.position_mm) for frame in reading.frames if frame.pixels is None]
    return len(places) >= MANY_SLICES and all(place for _, place in places) and len(set(places)) == len(places)


def _study(reading: IntakeResult, keys: PatientKeys, loader: SliceLoader | None = None) -> Study:
    """Patients are never mixed: the one with most CT images stays."""
    kept, *others = patients_of(reading.frames) or [Patient("")]
    reading.left_out += [(frame.record.file, Reason.OTHER_PATIENT) for other in others for frame in other.frames]
    return _to_study(reading, kept, keys, loader)


def _to_study(reading: IntakeResult, patient: Patient, keys: PatientKeys, loader: SliceLoader | None = None) -> Study:
    series, duplicates = build_series(patient.frames, keys, loader)
    left_out = [*reading.left_out, *duplicates]
    sentences, reasons = describe_left_out(left_out, reading.files), reasons_by_file(left_out)
    if not series:
        raise IntakeError(_nothing_usable(sentences), reasons)
    first = patient.frames[0].record
    return Study(
        study_key=keys.study(first.study_uid or first.series_uid),
        patient_key=keys.patient(patient.number) if patient.number else None,
        series=tuple(replace(one, warnings=(*patient.remarks, *one.warnings)) for one in series),
        skipped=sentences,
        left_out=reasons,
    )


def _nothing_usable(left_out: tuple[str, ...]) -> str:
    if not left_out:
        return "Nothing to read was found; choose a DICOM file, or a folder or zip with DICOM files."
    if len(left_out) == 1:
        return left_out[0]
    return "No image could be used. " + " ".join(left_out)
