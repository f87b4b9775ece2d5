"""Embed a pack of any length in flat memory."""

import csv
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.embedder import load_embedder
from encoder.roi import to_roi_width
from encoder.training.dataset import pack_widths_mm
from tools.atlas.pack import PackError, check_images, images_file
from tools.domain.progress import StageProgress

CHUNK = 2048  # ROIs held in memory at once: 16 MB of int16


def embed_pack(
    source: Path, out: Path, encoder: str | None = None, progress: StageProgress | None = None
) -> tuple[int, int]:
    """Write one unit row per ROI of a pack folder, `.npz` or `.npy` to `out` (.npy, float32); returns its shape.

    Of `lesions.csv` only the widths of the images are read. Raises PackError, EncoderError.
    """
    embedder = load_embedder(encoder)
    with tempfile.TemporaryDirectory(prefix="lesion-search-") as scratch:
        images = _mappable(images_file(source), Path(scratch))
        total = len(np.load(images, mmap_mode="r"))
        widths = _widths_mm(source, total)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("wb") as file:
                shape = (total, embedder.dim)
                header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                for start, chunk in _chunks(images, total):
                    chunk = to_roi_width(chunk, widths[start : start + len(chunk)])
                    file.write(embedder(chunk).astype("<f4").tobytes())
                    if progress is not None:
                        progress("Embedding", start + len(chunk), total)
        except OSError as error:
            raise PackError(f"The vectors cannot be written to {out}: {error.strerror or error}.") from error
    return shape


def _chunks(images: Path, total: int) -> Iterator[tuple[int, NDArray[Any]]]:
    """Map the file anew for each chunk: pages that were read are given back instead of piling up."""
    for start in range(0, total, CHUNK):
        yield start, np.array(np.load(images, mmap_mode="r")[start : start + CHUNK])


def _widths_mm(source: Path, total: int) -> NDArray[np.float64]:
    """As `native_widths_mm`, without holding the rows; a bare array of images tells nothing."""
    table = source / "lesions.csv"
    if not table.is_file():
        return np.full(total, np.nan)
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            widths = pack_widths_mm(csv.DictReader(stream))
    except ValueError as error:
        raise PackError(f"{table} cannot be read: {error}. Lengths are numbers in mm or empty.") from error
    if len(widths) != total:
        raise PackError(
            f"{source} has {total} images but {len(widths)} rows in lesions.csv; it needs one row for each."
        )
    return widths


def _mappable(path: Path, scratch: Path) -> Path:
    """The checked `.npy` file itself, or the one inside a `.npz`, unpacked to `scratch`."""
    mapped = path
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                mapped = Path(archive.extract("images.npy", scratch))
        check_images(np.load(mapped, mmap_mode="r", allow_pickle=False))
    except KeyError:
        raise PackError(f"{path.name} has no array called `images`.") from None
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise PackError(f"{path} cannot be read as an array of images: {error}.") from error
    return mapped
