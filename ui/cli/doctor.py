"""`doctor`: is this installation sound, and what was understood of an upload? Made to be pasted into an issue.

Nothing that identifies anybody is part of it: files are numbers, paths and tags are left out, reasons are sentences of
the program's own.
"""

import importlib.metadata
import json
import logging
import os
import platform
import re
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from packaging.requirements import Requirement

from encoder.embedder import Embedder, load_embedder
from encoder.errors import LesionSearchError
from tools import VERSION
from tools.domain.patient_keys import PatientKeys
from tools.domain.study import Series, Study
from tools.domain.study_words import series_words
from tools.intake.intake import IntakeError, intake_limits, read_studies
from tools.settings import Settings

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
MIN_PYTHON = (3, 11)
FIRST_START_MB = 150  # teaching cases and demo atlas


@dataclass(frozen=True)
class Check:
    """One part of the installation: what was found, and if it is not sound, what to do."""

    name: str
    ok: bool
    found: str


@dataclass(frozen=True)
class UploadSeries:
    """What was understood of one series. `number` counts from 1 over the whole upload, lengths are in mm."""

    number: int
    patient: int
    kind: str
    slices: int
    rows: int
    columns: int
    row_spacing_mm: float | None
    column_spacing_mm: float | None
    slice_gap_mm: float | None
    plane: str | None
    units: str
    words: tuple[str, ...]  # what tells it from the others: plane, kind, kernel, phase, examination
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class UploadFile:
    """What became of one file: the series it went to, or why it was left out."""

    file: int
    series: tuple[int, ...]
    images: int
    left_out: str | None


@dataclass(frozen=True)
class Upload:
    """What was understood of an upload; `problem` says why nothing can be used."""

    files: tuple[UploadFile, ...]
    series: tuple[UploadSeries, ...]
    problem: str | None


def examine(settings: Settings, path: Path | None, port: int, as_json: bool) -> None:
    """Check the installation, and an upload if one is given, and print both. Exits with 2 where something is wrong."""
    logging.disable(logging.WARNING)  # warnings name folders
    try:
        checks = tuple(check_installation(settings, port))
        upload = None if path is None else understand(path, settings)
    finally:
        logging.disable(logging.NOTSET)
    problems = [f"{check.name}: {check.found}" for check in checks if not check.ok]
    if upload and upload.problem:
        problems.append(f"upload: {upload.problem}")
    if as_json:
        shown = None if upload is None else asdict(upload)
        typer.echo(json.dumps({"ok": not problems, "checks": [asdict(check) for check in checks], "upload": shown}))
    else:
        typer.echo("\n".join(_as_text(checks, upload)))
    for problem in problems:
        typer.echo(f"lesion-search: {problem}", err=True)
    if problems:
        raise typer.Exit(2)


def check_installation(settings: Settings, port: int) -> Iterator[Check]:
    """Check Python, packages, encoder, atlas, folders, language model and port, one after another."""
    yield Check("program", True, f"lesion-search {VERSION}, {platform.system()} {platform.machine()}, {_cores()}")
    version = f"{platform.python_implementation()} {platform.python_version()}"
    usable = sys.version_info >= MIN_PYTHON
    yield Check("python", usable, version if usable else f"{version}; install Python 3.11 or newer")
    yield _packages()
    hide = _hider(settings)
    embedder: Embedder | None = None
    try:
        embedder = load_embedder(settings.encoder)
        yield Check("encoder", True, f"fingerprint {embedder.fingerprint[:12]}, {embedder.dim} dimensions")
    except LesionSearchError as error:
        yield Check("encoder", False, hide(str(error)))
    yield _data_folder(settings)
    yield _temporary_folder()
    yield from _atlases(settings, embedder, hide)
    yield _model(settings, hide)
    yield _port(port)


def understand(path: Path, settings: Settings) -> Upload:
    """Read an upload as the other commands do, and tell file by file what became of it."""
    keys = PatientKeys(secrets.token_bytes(32))  # nothing of this reading is kept
    if not path.exists():
        return Upload((), (), "the path does not exist: give a DICOM file, a folder or a zip")
    try:
        studies = read_studies(path, keys, intake_limits(settings, follow_links=True))
    except IntakeError as error:
        return Upload(tuple(_files([], error.left_out)), (), str(error))
    numbered = [(patient, series) for patient, study in enumerate(studies, start=1) for series in study.series]
    return Upload(
        tuple(_files([series for _, series in numbered], _left_out(studies))),
        tuple(_series(number, patient, series) for number, (patient, series) in enumerate(numbered, start=1)),
        None,
    )


def _left_out(studies: Iterable[Study]) -> list[tuple[int, str]]:
    return [item for study in studies for item in study.left_out]


def _files(series: list[Series], left_out: Iterable[tuple[int, str]]) -> Iterator[UploadFile]:
    """One entry a file, in the order of their numbers. Of a file with several frames some may be left out."""
    went_to: dict[int, list[int]] = {}
    for number, one in enumerate(series, start=1):
        for file in one.files:
            went_to.setdefault(file, []).append(number)
    reasons: dict[int, list[str]] = {}
    for file, reason in left_out:
        reasons.setdefault(file, []).append(reason)
    for file in sorted(went_to.keys() | reasons.keys()):
        numbers = went_to.get(file, [])
        why = "; ".join(reasons.get(file, ())) or None
        yield UploadFile(file, tuple(dict.fromkeys(numbers)), len(numbers), why)


def _series(number: int, patient: int, series: Series) -> UploadSeries:
    facts = series.facts
    return UploadSeries(
        number=number,
        patient=patient,
        kind=facts.modality,
        slices=facts.slices,
        rows=facts.rows,
        columns=facts.columns,
        row_spacing_mm=facts.row_spacing_mm,
        column_spacing_mm=facts.column_spacing_mm,
        slice_gap_mm=facts.slice_gap_mm,
        plane=facts.plane,
        units=facts.units,
        words=tuple(series_words(facts)),
        warnings=series.warnings,
    )


def _as_text(checks: Iterable[Check], upload: Upload | None) -> Iterator[str]:
    for check in checks:
        yield f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.found}"
    if upload is None:
        return
    yield ""
    for series in upload.series:
        row, column, gap = (_mm(v) for v in (series.row_spacing_mm, series.column_spacing_mm, series.slice_gap_mm))
        yield (
            f"Series {series.number} (patient {series.patient}): {series.kind}, "
            f"{series.slices} slice{'s' * (series.slices != 1)} of {series.rows} × {series.columns}, "
            f"pixels {row} × {column} mm, gap {gap} mm, "
            f"plane {series.plane or 'unknown'}, units {series.units}"
            + "".join(f", {word}" for word in series.words if word != series.plane)
        )
        yield from (f"  {warning}" for warning in series.warnings)
    alike: Callable[[UploadFile], Any] = lambda file: (file.series, file.images, file.left_out)  # noqa: E731
    for (numbers, images, left_out), group in groupby(upload.files, key=alike):
        files = [file.file for file in group]
        name = f"File {files[0]}" if len(files) == 1 else f"Files {files[0]} to {files[-1]}"
        fates = [f"{images} image{'s' * (images != 1)} of series {', '.join(map(str, numbers))}"] if numbers else []
        fates += [f"left out: {left_out}"] if left_out else []
        yield f"{name}: {'; '.join(fates)}"
    if upload.problem:
        yield f"BAD  upload: {upload.problem}"


def _mm(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _cores() -> str:
    return f"{os.cpu_count() or 1} cores"


def _hider(settings: Settings) -> Callable[[str], str]:
    """Take the operator's paths and addresses out of a sentence: they may name a person."""
    names = {
        str(settings.own_atlas): "ATLAS",
        **{place: "ATLAS" for place in settings.atlases if place not in ("demo", "own")},
        str(settings.data): "DATA",
        settings.encoder or "": "ENCODER",
        settings.model if os.sep in settings.model else "": "MODEL",
        str(Path.home()): "HOME",
    }
    shown = sorted((name for name in names if len(name) > 1), key=len, reverse=True)

    def hide(sentence: str) -> str:
        for name in shown:
            sentence = sentence.replace(name, names[name])
        return re.sub(r"(?<![\w.])/[^\s'\",;:()]+", "PATH", sentence)

    return hide


def _packages() -> Check:
    """Compare what is installed with requirements.txt, or with the package's own list where that is not there."""
    lines = REQUIREMENTS.read_text().splitlines() if REQUIREMENTS.is_file() else None
    wanted = lines or importlib.metadata.requires("lesion-search") or []
    required = [Requirement(line) for line in wanted if line.strip() and not line.startswith("#")]
    wrong, main = [], []
    for requirement in required:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        main.append(f"{requirement.name} {version}")
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version} and should be {requirement.specifier}")
    if wrong:
        return Check("packages", False, f"{', '.join(wrong)}; install them with `pip install -r requirements.txt`")
    return Check("packages", True, ", ".join(main))


def _data_folder(settings: Settings) -> Check:
    existing = next(path for path in (settings.data, *settings.data.absolute().parents) if path.exists())
    advice = "set LESION_SEARCH_DATA to another folder"
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        return Check("data folder", False, f"it cannot be written; make it writable, or {advice}")
    free_mb = shutil.disk_usage(existing).free >> 20
    complete = settings.samples.exists()
    if not complete and free_mb < FIRST_START_MB:
        return Check(
            "data folder",
            False,
            f"{free_mb} MB free, and the first start needs {FIRST_START_MB}; free some, or {advice}",
        )
    return Check("data folder", True, f"writable, {free_mb} MB free{'' if complete else ', filled at the first start'}")


def _temporary_folder() -> Check:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(1 << 20))
            file.flush()
    except OSError as error:
        why = error.strerror or "there is none"
        return Check("temporary folder", False, f"it cannot be written ({why}); set TMPDIR to another folder")
    return Check("temporary folder", True, f"writable, {shutil.disk_usage(tempfile.gettempdir()).free >> 20} MB free")


def _atlases(settings: Settings, embedder: Embedder | None, hide: Callable[[str], str]) -> Iterator[Check]:
    """Open the atlases that the other commands would use, without building one."""
    from tools.pipelines.demo import existing_atlases

    if embedder is None:
        yield Check("atlas", False, "it was not opened, as the encoder is missing")
        return
    places = existing_atlases(settings, embedder.fingerprint)
    if not places:
        yield Check("atlas", True, "none yet; the demo atlas is built at the first start")
    for place in places:
        yield _atlas(place, settings, embedder, hide)


def _atlas(location: str, settings: Settings, embedder: Embedder, hide: Callable[[str], str]) -> Check:
    from tools.atlas.atlas import Atlas
    from tools.pipelines.demo import patient_keys

    try:
        installed = settings.salt or settings.data.is_dir()
        keys = patient_keys(settings) if installed else PatientKeys(secrets.token_bytes(32))
        atlas = Atlas(location, embedder.fingerprint, keys)
        copied = "" if atlas.store.in_place else "; it is read-only, and a private copy of it is searched"
        held = f"{len(atlas)} lesions of {atlas.patients} patients, {len(atlas.types())} types"
        kept = "" if atlas.keys_match else "; its patient keys are another installation's"
        calibrated = "" if atlas.is_calibrated() else "; not calibrated yet"
        atlas.close()
    except LesionSearchError as error:
        return Check("atlas", False, hide(str(error)))
    return Check("atlas", True, f"{held}, fits the encoder{kept}{calibrated}{copied}")


def _model(settings: Settings, hide: Callable[[str], str]) -> Check:
    from assistant.models.registry import resolve_model

    try:
        resolved = resolve_model(settings.model)
    except LesionSearchError as error:
        return Check("language model", False, hide(str(error)))
    return Check("language model", True, f"{hide(resolved.name)} answers")


def _port(port: int) -> Check:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            if _is_ours(port):
                return Check("port", True, f"{port} is in use by a running Lesion Search")
            return Check("port", False, f"{port} cannot be used ({error.strerror}); choose another with --port")
    return Check("port", True, f"{port} is free")


def _is_ours(port: int) -> bool:
    """Ask whatever listens there for its page."""
    from http.client import HTTPConnection, HTTPException

    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/")
        return b"Lesion Search" in connection.getresponse().read(1 << 20)
    except (OSError, HTTPException):
        return False
