"""Embed a pack of any length in flat memory."""

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.embedder import load_embedder
from tools.roipack import PackError, check_images, images_file

CHUNK = 2048  # ROIs held in memory at once: 16 MB of int16


def embed_pack(
    source: Path, out: Path, encoder: str | None = None, progress: Callable[[str, int, int], None] | None = None
) -> tuple[int, int]:
    """Write one unit row per ROI of a pack folder, `.npz` or `.npy` to `out` (.npy, float32); returns its shape.

    Only the images are read. Raises PackError, EncoderError.
    """
    embedder = load_embedder(encoder)
    with tempfile.TemporaryDirectory(prefix="lesion-search-") as scratch:
        images = _mappable(images_file(source), Path(scratch))
        total = len(np.load(images, mmap_mode="r"))
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("wb") as file:
                shape = (total, embedder.dim)
                header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                for start, chunk in _chunks(images, total):
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
