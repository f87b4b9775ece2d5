"""How much of the disk uploads may take: what lies there is counted, of each visit, of each address and of them all."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from encoder.errors import LesionSearchError
from tools.settings import Settings

ABANDONED_S = 60.0  # after which what was sent and never opened gives way to other files


class DiskError(LesionSearchError):
    """What is sent has no room on the disk. `others`: others hold it, so that they may give way."""

    def __init__(self, message: str, others: bool = False) -> None:
        super().__init__(message)
        self.others = others


@dataclass(eq=False)
class _Batch:
    """The files of one upload."""

    owner: str
    address: str
    size: int = 0
    written: float = 0.0
    users: int = 0  # files being written, and whoever reads them
    discarded: bool = False


@dataclass(eq=False)
class Disk:
    """Counts the files that lie in upload folders. A folder that is still written or read counts until that has ended,
    because the system gives its blocks back only then."""

    settings: Settings
    free: Callable[[Path], int] = field(default=lambda folder: shutil.disk_usage(folder).free)
    clock: Callable[[], float] = time.monotonic
    _batches: dict[Path, _Batch] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def held(self, owner: str | None = None, address: str | None = None) -> int:
        """Count the bytes of one owner, of one address, or of all."""
        with self._lock:
            return sum(
                batch.size
                for batch in self._batches.values()
                if (owner is None or batch.owner == owner) and (address is None or batch.address == address)
            )

    @contextmanager
    def using(self, folder: Path, owner: str, address: str = "") -> Iterator[None]:
        """Keep a folder in the account while it is written or read. Raises DiskError where it was discarded."""
        with self._lock:
            batch = self._batches.setdefault(folder, _Batch(owner, address))
            if batch.discarded:
                raise DiskError("This upload was given up: choose the files once more.")
            batch.users += 1
            batch.written = self.clock()
        try:
            yield
        finally:
            with self._lock:
                batch.users -= 1
                self._settle(folder)

    def spend(self, folder: Path, count: int) -> None:
        """Count bytes before they are written. Raises DiskError where there is no room for them."""
        limits = self.settings
        with self._lock:
            batch = self._batches[folder]
            if batch.discarded:
                raise DiskError("This upload was given up: choose the files once more.")
            if batch.size + count > limits.max_upload_mb << 20:
                raise DiskError("That is too much to open at once: send one series.")
            if self.held(owner=batch.owner) + count > limits.max_upload_mb << 20:
                raise DiskError("Your last upload is still being read: send this one when its slices are there.")
            if self.held(address=batch.address) + count > limits.max_disk_mb_per_address << 20:
                raise DiskError("Too much is being sent from your network: try again when it has been read.")
            if (
                self.held() + count > limits.max_disk_mb << 20
                or self.free(folder) - count < limits.min_free_disk_mb << 20
            ):
                raise DiskError("The server has no room for more files just now: try again in a few minutes.", True)
            batch.size += count
            batch.written = self.clock()

    def discard(self, folder: Path) -> None:
        """Delete an upload's files; what is still written or read is counted until then."""
        shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            if folder in self._batches:
                self._batches[folder].discarded = True
                self._settle(folder)

    def discard_all(self, owner: str) -> None:
        """Delete all files of an owner."""
        with self._lock:
            folders = [folder for folder, batch in self._batches.items() if batch.owner == owner]
        for folder in folders:
            self.discard(folder)

    def discard_abandoned(self, idle_s: float = ABANDONED_S) -> int:
        """Delete what was sent some time ago and is not read by anybody; say how many uploads that were."""
        with self._lock:
            long_ago = self.clock() - idle_s
            folders = [f for f, batch in self._batches.items() if not batch.users and batch.written <= long_ago]
        for folder in folders:
            self.discard(folder)
        return len(folders)

    def _settle(self, folder: Path) -> None:
        """Drop a discarded folder from the account once nobody uses it, and it is gone."""
        batch = self._batches.get(folder)
        if batch is None or batch.users or not batch.discarded:
            return
        shutil.rmtree(folder, ignore_errors=True)  # a file may have been made while it was deleted
        if folder.exists():
            batch.size = sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
        else:
            del self._batches[folder]
