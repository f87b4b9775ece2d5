"""The demo: phantom cases and the atlas built from them, made on first use and reused afterwards."""

import os
import shutil
from pathlib import Path

from encoder.embedder import Embedder, load_embedder
from encoder.pack import read_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.patient_keys import PatientKeys, load_patient_keys
from tools.domain.progress import StageProgress
from tools.pipelines.phantoms.generate import make_phantoms
from tools.settings import Settings

# marker inside a finished folder, so that an interrupted first run starts again; its number grows with the format
COMPLETE = "complete-2"


def patient_keys(settings: Settings) -> PatientKeys:
    """Load the patient keys of this installation."""
    return load_patient_keys(settings.data, settings.salt.get_secret_value() if settings.salt else None)


def open_atlas(settings: Settings, embedder: Embedder, progress: StageProgress | None = None) -> Atlas:
    """Open the atlas of the settings, else the own atlas, else the demo atlas, which is built when it is not there yet.

    Raises AtlasError when a named atlas is missing or does not fit the encoder.
    """
    keys = patient_keys(settings)
    location = settings.atlas or (settings.own_atlas if settings.own_atlas.exists() else None)
    if location is not None:
        return Atlas(location, embedder.fingerprint, keys)
    return _demo_atlas(settings, embedder, keys, progress)


def ensure_samples(settings: Settings, progress: StageProgress | None = None) -> Path:
    """Find the folder of phantom cases (`dicom/`, `pack/`, `truth.csv`), made on first use."""
    folder = settings.samples
    if not (folder / COMPLETE).exists():
        part = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(part, ignore_errors=True)
        report = None if progress is None else lambda done, of: progress("Making teaching cases", done, of)
        make_phantoms(part, progress=report)
        (part / COMPLETE).touch()
        shutil.rmtree(folder, ignore_errors=True)
        try:
            part.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(part)
    return folder


def open_workspace_parts(settings: Settings, progress: StageProgress | None = None) -> tuple[Embedder, Atlas]:
    """Open encoder and atlas as the settings name them: what every session shares."""
    embedder = load_embedder(settings.encoder)
    return embedder, open_atlas(settings, embedder, progress)


def _demo_atlas_folder(settings: Settings, fingerprint: str) -> Path:
    """Each encoder has its own demo atlas: an older one may still be open in another process."""
    return settings.data / f"demo-atlas-{fingerprint[:12]}"


def _demo_atlas(settings: Settings, embedder: Embedder, keys: PatientKeys, progress: StageProgress | None) -> Atlas:
    folder = _demo_atlas_folder(settings, embedder.fingerprint)
    if (folder / COMPLETE).exists():
        return Atlas(folder, embedder.fingerprint, keys)
    pack = read_pack(ensure_samples(settings, progress) / "pack")
    atlas = Atlas(folder, embedder.fingerprint, keys, create=True)
    report = None if progress is None else lambda done, of: progress("Building the demo atlas", done, of)
    index_pack(atlas, pack, embedder, progress=report)
    (folder / COMPLETE).touch()
    return atlas
