"""An atlas's folder: one process writes to it at a time, and one that cannot be written is read from a private copy."""

import contextlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from encoder.errors import is_full, storage_error
from tools.domain.lesions import AtlasError, NoAtlasError
from tools.domain.progress import StageProgress

DATABASE = "chroma.sqlite3"
LOCK = "write.lock"
SNAPSHOT = "columns"  # folder in which an atlas's columns and vectors are kept for reading
POLL_S = 0.2
JUST_NOW_NS = 100_000_000
WAITING = "Waiting for another writer of this atlas"

log = logging.getLogger(__name__)


def is_remote(location: str) -> bool:
    """Tell whether an atlas lies on a Chroma server."""
    return location.startswith(("http://", "https://"))


def require_atlas(location: str) -> None:
    """Raise NoAtlasError where a folder holds no atlas. What lies on a server is known when it is asked."""
    if not is_remote(location) and not (Path(location) / DATABASE).is_file():
        raise NoAtlasError(missing(location))


def last_written(folder: str) -> tuple[tuple[int, int], ...] | None:
    """Tell when the database of a folder was written last, and how large it is; None where that was just now.

    What is written within one tick of the file system's clock looks the same.
    """
    found = []
    for name in (DATABASE, f"{DATABASE}-wal"):
        with contextlib.suppress(FileNotFoundError):
            state = (Path(folder) / name).stat()
            found.append((state.st_mtime_ns, state.st_size))
    newest_ns = max((at for at, _ in found), default=0)
    return tuple(found) if found and abs(time.time_ns() - newest_ns) > JUST_NOW_NS else None


def missing(location: str) -> str:
    """Say that there is no atlas at a location, and how one is made."""
    place = without_password(location)
    return f"There is no atlas at {place}; build one with `lesion-search index PACK --atlas {place}`."


def without_password(location: str) -> str:
    """Write an address without the name and password that may stand in it."""
    if "@" not in location or "://" not in location:
        return location
    scheme, rest = location.split("://", 1)
    return f"{scheme}://{rest.split('@', 1)[1]}"


@contextlib.contextmanager
def sole_writer(location: str, progress: StageProgress | None = None) -> Iterator[None]:
    """Hold an atlas for one writing process; wait, and say so, while another one has it. A server sees to it itself.

    The system lets go of the lock when a process ends, however it ends. Raises StorageError where the folder cannot be
    made or written.
    """
    if is_remote(location):
        yield
        return
    with contextlib.ExitStack() as open_files:
        try:
            Path(location).mkdir(parents=True, exist_ok=True)
            file = open_files.enter_context(Path(location, LOCK).open("ab"))
        except OSError as error:
            remedy = "" if is_full(error) else "Choose another folder with --atlas or LESION_SEARCH_DATA"
            raise storage_error(error, f"The atlas at {location}", remedy) from error
        if not _try_lock(file):
            log.warning("Another process is writing to the atlas at %s: waiting until it has finished.", location)
            while not _try_lock(file):
                if progress:
                    progress(WAITING, 0, 1)
                time.sleep(POLL_S)
            if progress:
                progress(WAITING, 1, 1)
        yield  # closing the file lets go of the lock


def is_writable(folder: Path) -> bool:
    """Tell whether this process may write to the folder and to everything in it."""
    return all(os.access(path, os.W_OK) for path in (folder, *folder.rglob("*")))


def private_copy(folder: Path) -> "tempfile.TemporaryDirectory[str]":
    """Copy an atlas to a temporary folder of this process, which goes with the object: SQLite writes even to read.

    Raises AtlasError where there is no room for it.
    """
    log.warning("The atlas at %s cannot be written: a private copy of it is searched.", folder)
    copy = tempfile.TemporaryDirectory(prefix="lesion-search-atlas-")
    try:
        for path in folder.rglob("*"):
            if SNAPSHOT in path.relative_to(folder).parts:  # read where it lies
                continue
            target = Path(copy.name, path.relative_to(folder))
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif path.name != LOCK:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    except OSError as error:
        copy.cleanup()
        raise AtlasError(
            f"The atlas at {folder} cannot be written, and there is no room for a copy to search "
            f"({error.strerror or error}): free some space in {tempfile.gettempdir()}, or set TMPDIR to another folder."
        ) from error
    return copy


def _try_lock(file: BinaryIO) -> bool:
    """Lock the whole file for this process, unless another one has it."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:  # some network disks know no locks
        log.warning("The atlas cannot be locked (%s): index into it from one process at a time.", error.strerror)
    return True
