"""The demo: phantom cases and the atlas built from them, made on first use and reused afterwards."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from encoder.embedder import Embedder, load_embedder
from encoder.errors import is_full, storage_error
from encoder.names import is_name
from encoder.pack import read_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.folder import is_remote, require_atlas, sole_writer
from tools.atlas.group import OWN, AtlasGroup, Member
from tools.atlas.own_cases import CaseError, OwnCases
from tools.domain.patient_keys import PatientKeys, load_patient_keys
from tools.domain.progress import StageProgress
from tools.scratch import is_running
from tools.settings import Settings

# marker inside a finished folder, so that an interrupted first run starts again; its number grows with the format
COMPLETE = "complete-3"
DEMO, DEMO_NAME = "demo", "demo atlas"  # how it is named in the settings, and before users


def patient_keys(settings: Settings) -> PatientKeys:
    """Load the patient keys of this installation. Raises StorageError where none can be made."""
    with _data_folder(settings):
        return load_patient_keys(settings.data, settings.salt.get_secret_value() if settings.salt else None)


def open_atlas(settings: Settings, embedder: Embedder, progress: StageProgress | None = None) -> AtlasGroup:
    """Open the atlases of the settings together with the own cases; where none is named, the demo atlas, which is built
    when it is not there yet.

    Raises AtlasError when a named atlas is missing or does not fit the encoder.
    """
    keys = patient_keys(settings)
    own = None if settings.own_cases == "off" else open_own_cases(settings, embedder)
    members: list[Member] = []
    for location in settings.atlases or (DEMO,):
        name = member_name(location, settings, len(members) + 1)
        if name == OWN and own is not None:
            require_atlas(str(settings.own_atlas))
        elif location == DEMO and not _is_built(settings, embedder.fingerprint):
            members.append(Member(name, _build_demo_atlas(settings, embedder, keys, progress)))
        else:
            place = _location(location, settings, embedder.fingerprint)
            members.append(Member(name, Atlas(place, embedder.fingerprint, keys)))
    return AtlasGroup(members, embedder.fingerprint, own)


def open_own_cases(settings: Settings, embedder: Embedder | None = None) -> OwnCases:
    """Open the own cases of this installation, which are made with the first one. Raises CaseError where turned off."""
    if settings.own_cases == "off":
        raise CaseError("Own cases are turned off: set LESION_SEARCH_OWN_CASES=on to save and search them.")
    embedder = embedder or load_embedder(settings.encoder)
    keys = patient_keys(settings)
    return OwnCases(settings.own_atlas, embedder.fingerprint, keys, embedder, settings.may_save_cases)


def member_name(location: str, settings: Settings, number: int) -> str:
    """Say what an atlas is called before users: never a path or an address. `number` is its place among several."""
    if location == DEMO:
        return DEMO_NAME
    if location == "own" or (not is_remote(location) and Path(location).resolve() == settings.own_atlas.resolve()):
        return OWN
    folder = Path(location).name
    return folder if not is_remote(location) and is_name(folder) else f"atlas {number}"


def existing_atlases(settings: Settings, fingerprint: str) -> list[str]:
    """List where the atlases lie that a search would ask, without those that are still to be made."""
    places = [
        _location(location, settings, fingerprint)
        for location in settings.atlases or (DEMO,)
        if location != DEMO or _is_built(settings, fingerprint)
    ]
    if settings.own_cases != "off" and settings.own_atlas.exists():
        places.append(str(settings.own_atlas))
    return list(dict.fromkeys(places))


def _location(location: str, settings: Settings, fingerprint: str) -> str:
    """Find the place of an atlas that may be named by a word."""
    if location == DEMO:
        return str(_demo_atlas_folder(settings, fingerprint))
    return str(settings.own_atlas) if location == "own" else location


def _is_built(settings: Settings, fingerprint: str) -> bool:
    return (_demo_atlas_folder(settings, fingerprint) / COMPLETE).exists()


def ensure_samples(settings: Settings, progress: StageProgress | None = None) -> Path:
    """Find the folder of phantom cases (`dicom/` of the teaching cases, `pack/`, `truth.csv`), made on first use.

    Raises StorageError where they cannot be made; what was half made is deleted then.
    """
    folder = settings.samples
    if not (folder / COMPLETE).exists():
        from tools.pipelines.phantoms.teaching_cases import unpack_teaching_cases  # loads pydicom, for once

        part = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(part, ignore_errors=True)
        report = None if progress is None else lambda done, of: progress("Making teaching cases", done, of)
        try:
            with _data_folder(settings):
                _sweep(settings)
                unpack_teaching_cases(part, report)
                (part / COMPLETE).touch()
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another process was faster
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def open_workspace_parts(settings: Settings, progress: StageProgress | None = None) -> tuple[Embedder, AtlasGroup]:
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
