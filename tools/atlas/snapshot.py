"""An atlas's columns and vectors beside its database, so that opening it reads neither a record nor Chroma's index.

It is of one revision and one number of lesions, and made anew where the database is of another. Vectors are mapped into
memory: what nobody asks for is not read, and processes share it.
"""

import logging
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from encoder.errors import LesionSearchError
from tools.atlas.catalog import Catalog, Vectors
from tools.atlas.compressed import CompressedVectors
from tools.atlas.folder import SNAPSHOT

COLUMNS, VECTORS, COMPRESSED = "columns.npz", "vectors.npy", "compressed.faiss"
STATE = re.compile(r"[0-9a-f]{1,32}-\d{1,12}")  # revision and number of lesions; it becomes a folder's name
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile, LesionSearchError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Columns, vectors (N, dim) in their order, and compressed ones where there are many and FAISS is installed."""

    catalog: Catalog
    vectors: Vectors | None  # None: too many to be held in memory, and no folder to keep them in
    compressed: CompressedVectors | None


def read_snapshot(database: Path, state: str, max_in_memory: int) -> Snapshot | None:
    """Read what stands beside a database for one state of it; None where nothing does, or it is damaged."""
    folder = database / SNAPSHOT / state
    if not STATE.fullmatch(state) or not folder.is_dir():
        return None
    try:
        with np.load(folder / COLUMNS, allow_pickle=False) as arrays:
            catalog = Catalog.from_arrays(arrays)
        vectors: Vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
        if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != len(catalog):
            raise ValueError(VECTORS)
        compressed = _compressed(vectors, folder / COMPRESSED) if len(catalog) > max_in_memory else None
        if compressed and len(compressed) != len(catalog):
            raise ValueError(COMPRESSED)
    except _DAMAGE as error:
        log.warning("The columns beside the atlas are damaged (%s): they are read from the database again.", error)
        return None
    return Snapshot(catalog, vectors, compressed)


def write_snapshot(database: Path, state: str, catalog: Catalog, dim: int, fill: Callable[[Vectors], None]) -> bool:
    """Keep columns and vectors of one state, for which `fill` writes into an array (N, dim); older ones go.

    False: the disk does not take them.
    """
    target = database / SNAPSHOT / state
    part = ""
    try:
        target.parent.mkdir(exist_ok=True)
        part = tempfile.mkdtemp(prefix=".", dir=target.parent)
        np.savez(Path(part, COLUMNS), **catalog.arrays())  # type: ignore[arg-type]
        vectors = np.lib.format.open_memmap(Path(part, VECTORS), "w+", np.float32, (len(catalog), dim))
        fill(vectors)
        vectors.flush()
        del vectors  # Windows renames no folder with an open file
        shutil.rmtree(target, ignore_errors=True)
        os.replace(part, target)
    except OSError as error:
        log.warning("The atlas's columns cannot be kept beside it (%s): opening it takes longer.", error.strerror)
        shutil.rmtree(part, ignore_errors=True)
        return False
    for other in target.parent.iterdir():
        if other.name != target.name and STATE.fullmatch(other.name):
            shutil.rmtree(other, ignore_errors=True)
    return True


def _compressed(vectors: Vectors, file: Path) -> CompressedVectors | None:
    """Read the compressed vectors; make them where they are not there yet, and keep them where that can be."""
    if not CompressedVectors.is_available():
        return None
    if file.is_file():
        return CompressedVectors.read(file)
    compressed = CompressedVectors.of(vectors)
    part = file.with_suffix(f".{os.getpid()}")
    try:
        compressed.write(part)
        os.replace(part, file)
    except (OSError, RuntimeError) as error:  # FAISS raises the latter for both
        log.warning("The compressed vectors cannot be kept beside the atlas: %s", error)
    return compressed
