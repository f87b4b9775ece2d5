"""The temporary folder of this process: all that is temporary lies in it, and what a killed process left goes at the
next start."""

import atexit
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
from functools import lru_cache
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from encoder.errors import StorageError, storage_error

_GUARD = ".lock"  # held while folders are made and swept
_HOME, _RUN = "lesion-search-", "run-"


@lru_cache(maxsize=1)
def own_temporary_folder() -> Path:
    """Make a folder that goes with this process, delete those whose processes are gone, and let everything temporary
    of this process, that of libraries too, lie in it.

    Raises StorageError where it cannot be made, or where another user has taken its place.
    """
    try:
        home = lasting_folder() / f"{_HOME}{os.getuid() if hasattr(os, 'getuid') else 'user'}"
        folder, lock = _locked_folder(home)
    except OSError as error:
        raise storage_error(error, "The temporary folder", "Set TMPDIR to another folder") from error
    atexit.register(_delete, folder, lock, os.getpid())
    _end_tidily_when_told_to()
    tempfile.tempdir = str(folder)
    return folder


def lasting_folder() -> Path:
    """Name the temporary folder for what a user is meant to find after this process has ended."""
    here = Path(tempfile.gettempdir())
    return here.parent.parent if here.name.startswith(_RUN) and here.parent.name.startswith(_HOME) else here


def sweep(home: Path) -> int:
    """Delete the folders in `home` whose processes are gone, however they ended; say how many. Hold the guard."""
    gone = 0
    for folder in home.iterdir():
        if folder.is_symlink() or not folder.is_dir():
            continue
        lock = _lock_of(folder)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue  # its process lives
        _remove(folder, lock)
        gone += 1
    return gone


def is_running(process: int) -> bool:
    """Tell whether there is a process of this number."""
    if os.name == "nt":  # where asking ends it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def _locked_folder(home: Path) -> tuple[Path, BaseFileLock]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise StorageError(f"The temporary folder {home} belongs to somebody else: set TMPDIR to another folder.")
    home.chmod(0o700)
    with FileLock(home / _GUARD):
        sweep(home)
        folder = Path(tempfile.mkdtemp(prefix=_RUN, dir=home))
        lock = _lock_of(folder)
        lock.acquire(timeout=0)
    return folder, lock


def _lock_of(folder: Path) -> BaseFileLock:
    return FileLock(folder.with_suffix(".lock"))  # beside the folder, so that it outlives what is in it


def _remove(folder: Path, lock: BaseFileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _end_tidily_when_told_to() -> None:
    """Let a process that is asked to end (SIGTERM: `docker stop`, a shutdown) end as any other, and so tidy up."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def _delete(folder: Path, lock: BaseFileLock, owner: int) -> None:
    if os.getpid() == owner:  # not a child that was forked off
        _remove(folder, lock)
