"""Embed a pack of any length in flat memory."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from encoder.embedder import load_embedder
from encoder.pack import (
    TABLE,
    PackError,
    check_context,
    check_rows,
    native_widths_mm,
    read_context,
    read_images,
    read_rows,
    with_context,
)
from encoder.roi import to_roi_width
from tools.domain.progress import StageProgress

CHUNK = 2048  # ROIs held in memory at once: 16 MB of int16, and as much of contexts


def embed_pack(
    source: Path,
    out: Path,
    encoder: str | None = None,
    progress: StageProgress | None = None,
    same_lesion: bool = False,
    workers: int | None = None,
) -> tuple[int, int]:
    """Write one unit row per ROI of a pack folder, `.npz` or `.npy` to `out` (.npy, float32); returns its shape.

    `same_lesion` writes the vectors that find one lesion again instead of those that find lesions like it. Of
    `lesions.csv` only the widths of the images are read. `workers` are processes of Ray that embed; None: this one.
    Raises PackError, EncoderError, WorkersError.
    """
    embedder = load_embedder(encoder)
    embed = embedder.same_lesion if same_lesion else embedder
    with image_files(source) as files:
        total = len(np.load(files[0], mmap_mode="r"))
        widths_mm = _widths_mm(source, total)
        shape = (total, embedder.same_lesion_dim if same_lesion else embedder.dim)
        batches = (np.arange(start, min(start + CHUNK, total)) for start in range(0, total, CHUNK))
        found: Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]
        if workers is None:
            found = ((rows, embed_rows(embed, files, rows, widths_mm)) for rows in batches)
        else:
            from tools.pipelines.ray_workers import embed_on_workers  # which imports this module

            found = embed_on_workers(files, widths_mm, batches, encoder, workers, same_lesion)
        done = 0
        with _written(out) as file:
            header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            start = file.tell()
            for rows, vectors in found:
                file.seek(start + int(rows[0]) * shape[1] * 4)  # workers finish in any order
                file.write(vectors.astype("<f4").tobytes())
                done += len(rows)
                if progress is not None:
                    progress("Embedding", done, total)
    return shape


def embed_rows(
    embed: Callable[[NDArray[Any]], NDArray[np.float32]],
    files: Sequence[Path],
    rows: NDArray[np.intp],
    widths_mm: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Embed the images in these rows (n,) of `.npy` files, ROIs and where known their contexts: (n, dim).

    `widths_mm` (N,) are those of all images, NaN to leave one. The files are mapped anew each time: pages that were
    read are given back instead of piling up.
    """
    images, *context = (np.array(np.load(file, mmap_mode="r")[rows]) for file in files)
    return embed(to_roi_width(with_context(images, *context), widths_mm[rows]))


@contextlib.contextmanager
def image_files(source: Path) -> Iterator[tuple[Path, ...]]:
    """Lend the `.npy` files of a pack's images and, where it has any, contexts; those of a `.npz` are unpacked.

    Raises PackError.
    """
    with tempfile.TemporaryDirectory(prefix="lesion-search-") as scratch:
        images, context = read_images(source, Path(scratch)), read_context(source, Path(scratch))
        check_context(images, context)
        yield tuple(Path(str(array.filename)) for array in (images, context) if isinstance(array, np.memmap))


@contextlib.contextmanager
def _written(out: Path) -> Iterator[BinaryIO]:
    """Open a file for the vectors. Raises PackError where it cannot be written."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file:
            yield file
    except OSError as error:
        raise PackError(f"The vectors cannot be written to {out}: {error.strerror or error}.") from error


def _widths_mm(source: Path, total: int) -> NDArray[np.float64]:
    """How wide each image is, without holding the rows; a bare array of images tells nothing. Shape: (total,)."""
    table = source / TABLE
    if not table.is_file():
        return np.full(total, np.nan)
    widths = native_widths_mm(read_rows(table, required=()))
    check_rows(source, total, len(widths))
    return widths
