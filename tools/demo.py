"""The demo: phantom cases and the atlas built from them, made on first use and reused afterwards."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from encoder.embedder import Embedder, load_embedder
from tools.atlas import Atlas, AtlasError
from tools.phantom import make_phantoms
from tools.privacy import PatientKeys, load_patient_keys
from tools.roipack import read_pack
from tools.settings import Settings

# what is being done, how much of it is done, of how much
Progress = Callable[[str, int, int], None]

COMPLETE = "complete"  # marker inside a finished folder, so that an interrupted first run starts again


def patient_keys(settings: Settings) -> PatientKeys:
    """The patient keys of this installation."""
    return load_patient_keys(settings.data, settings.salt.get_secret_value() if settings.salt else None)


def open_atlas(settings: Settings, embedder: Embedder, progress: Progress | None = None) -> Atlas:
    """The atlas of the settings, or the demo atlas, which is built when it is not there yet.

    Raises AtlasError when a named atlas is missing or does not fit the encoder.
    """
    keys = patient_keys(settings)
    if settings.atlas is not None:
        return Atlas(settings.atlas, embedder.fingerprint, keys)
    return _demo_atlas(settings, embedder, keys, progress)


def ensure_samples(settings: Settings, progress: Progress | None = None) -> Path:
    """The folder of phantom cases (`dicom/`, `pack/`, `truth.csv`), made on first use."""
    folder = settings.samples
    if not (folder / COMPLETE).exists():
        part = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(part, ignore_errors=True)
        make_phantoms(part, progress=None if progress is None else lambda n, of: progress("Making teaching cases", n, of))
        (part / COMPLETE).touch()
        shutil.rmtree(folder, ignore_errors=True)
        try:
            part.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(part)
    return folder


def open_workspace_parts(settings: Settings, progress: Progress | None = None) -> tuple[Embedder, Atlas]:
    """Encoder and atlas as the settings name them: what every session shares."""
    embedder = load_embedder(settings.encoder)
    return embedder, open_atlas(settings, embedder, progress)


def _demo_atlas(settings: Settings, embedder: Embedder, keys: PatientKeys, progress: Progress | None) -> Atlas:
    folder = settings.demo_atlas
    if (folder / COMPLETE).exists():
        try:
            return Atlas(folder, embedder.fingerprint, keys)
        except AtlasError:
            shutil.rmtree(folder)  # made by another encoder: the demo atlas can always be made again
    pack = read_pack(ensure_samples(settings, progress) / "pack")
    atlas = Atlas(folder, embedder.fingerprint, keys, create=True)
    atlas.index(
        pack, embedder, progress=None if progress is None else lambda n, of: progress("Building the demo atlas", n, of)
    )
    atlas.calibrate()
    (folder / COMPLETE).touch()
    return atlas
