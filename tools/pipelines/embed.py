"""Embed a pack of any length in flat memory."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
) -> tuple[int, int]:
    """Write one unit row per ROI of a pack folder, `.npz` or `.npy` to `out` (.npy, float32); returns its shape.

    `same_lesion` writes the vectors that find one lesion again instead of those that find lesions like it. Of
    `lesions.csv` only the widths of the images are read. Raises PackError, EncoderError.
    """
    embedder = load_embedder(encoder)
    embed = embedder.same_lesion if same_lesion else embedder
    with tempfile.TemporaryDirectory(prefix="lesion-search-") as scratch:
        images, context = read_images(source, Path(scratch)), read_context(source, Path(scratch))
        check_context(images, context)
        files = [Path(str(array.filename)) for array in (images, context) if isinstance(array, np.memmap)]
        total = len(images)
        widths = _widths_mm(source, total)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("wb") as file:
                shape = (total, embedder.same_lesion_dim if same_lesion else embedder.dim)
                header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                for start, chunk in _chunks(files, total):
                    chunk = to_roi_width(chunk, widths[start : start + len(chunk)])
                    file.write(embed(chunk).astype("<f4").tobytes())
                    if progress is not None:
                        progress("Embedding", start + len(chunk), total)
        except OSError as error:
            raise PackError(f"The vectors cannot be written to {out}: {error.strerror or error}.") from error
    return shape


def _chunks(files: Sequence[Path], total: int) -> Iterator[tuple[int, NDArray[Any]]]:
    """Map the files anew for each chunk: pages that were read are given back instead of piling up."""
    for start in range(0, total, CHUNK):
        images, *context = (np.array(np.load(file, mmap_mode="r")[start : start + CHUNK]) for file in files)
        yield start, with_context(images, *context)


def _widths_mm(source: Path, total: int) -> NDArray[np.float64]:
    """How wide each image is, without holding the rows; a bare array of images tells nothing. Shape: (total,)."""
    table = source / TABLE
    if not table.is_file():
        return np.full(total, np.nan)
    widths = native_widths_mm(read_rows(table, required=()))
    check_rows(source, total, len(widths))
    return widths
