"""The demo: phantom cases and the atlas built from them, made on first use and reused afterwards."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from encoder.embedder import Embedder, load_embedder
from encoder.errors import is_full, storage_error
from encoder.pack import read_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.folder import sole_writer
from tools.domain.patient_keys import PatientKeys, load_patient_keys
from tools.domain.progress import StageProgress
from tools.pipelines.phantoms.generate import make_phantoms
from tools.scratch import is_running
from tools.settings import Settings

# marker inside a finished folder, so that an interrupted first run starts again; its number grows with the format
COMPLETE = "complete-3"


def patient_keys(settings: Settings) -> PatientKeys:
    """Load the patient keys of this installation. Raises StorageError where none can be made."""
    with _data_folder(settings):
        return load_patient_keys(settings.data, settings.salt.get_secret_value() if settings.salt else None)


def open_atlas(settings: Settings, embedder: Embedder, progress: StageProgress | None = None) -> Atlas:
    """Open the atlas of the settings, else the own atlas, else the demo atlas, which is built when it is not there yet.

    Raises AtlasError when a named atlas is missing or does not fit the encoder.
    """
    keys = patient_keys(settings)
    location = existing_atlas(settings, embedder.fingerprint)
    if location is not None:
        return Atlas(location, embedder.fingerprint, keys)
    return _build_demo_atlas(settings, embedder, keys, progress)


def existing_atlas(settings: Settings, fingerprint: str) -> str | None:
    """Name the atlas of the settings, else the own atlas, else a finished demo atlas; None where none is there yet."""
    if settings.atlas:
        return settings.atlas
    if settings.own_atlas.exists():
        return str(settings.own_atlas)
    folder = _demo_atlas_folder(settings, fingerprint)
    return str(folder) if (folder / COMPLETE).exists() else None


def ensure_samples(settings: Settings, progress: StageProgress | None = None) -> Path:
    """Find the folder of phantom cases (`dicom/`, `pack/`, `truth.csv`), made on first use.

    Raises StorageError where they cannot be made; what was half made is deleted then.
    """
    folder = settings.samples
    if not (folder / COMPLETE).exists():
        part = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(part, ignore_errors=True)
        report = None if progress is None else lambda done, of: progress("Making teaching cases", done, of)
        try:
            with _data_folder(settings):
                _sweep(settings)
                make_phantoms(part, progress=report)
                (part / COMPLETE).touch()
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another process was faster
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def open_workspace_parts(settings: Settings, progress: StageProgress | None = None) -> tuple[Embedder, Atlas]:
    """Open encoder and atlas as the settings name them: what every session shares."""
    embedder = load_embedder(settings.encoder)
    return embedder, open_atlas(settings, embedder, progress)


def _sweep(settings: Settings) -> None:
    """Delete half-made teaching cases of processes that were killed."""
    for left in settings.data.glob(f".{settings.samples.name}.*"):
        owner = left.suffix.removeprefix(".")
        if owner.isdigit() and not is_running(int(owner)):
            shutil.rmtree(left)


def _demo_atlas_folder(settings: Settings, fingerprint: str) -> Path:
    """Each encoder has its own demo atlas: an older one may still be open in another process."""
    return settings.data / f"demo-atlas-{fingerprint[:12]}"


def _build_demo_atlas(
    settings: Settings, embedder: Embedder, keys: PatientKeys, progress: StageProgress | None
) -> Atlas:
    folder = _demo_atlas_folder(settings, embedder.fingerprint)
    pack = read_pack(ensure_samples(settings, progress) / "pack")
    report = None if progress is None else lambda done, of: progress("Building the demo atlas", done, of)
    with _data_folder(settings), sole_writer(str(folder), progress):
        atlas = Atlas(folder, embedder.fingerprint, keys, create=True)
        index_pack(atlas, pack, embedder, progress=report)
        (folder / COMPLETE).touch()
    return atlas


@contextlib.contextmanager
def _data_folder(settings: Settings) -> Iterator[None]:
    """Word what keeps the data folder from being used. Raises StorageError."""
    try:
        yield
    except OSError as error:
        remedy = "Free some space there" if is_full(error) else "Make it writable"
        if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
            remedy = "Move that away"
        raise storage_error(
            error, f"The data folder {settings.data}", f"{remedy}, or set LESION_SEARCH_DATA to another folder"
        ) from error
