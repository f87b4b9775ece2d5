"""Pixels as pictures that people can open."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a PNG of grey levels (rows, columns) or colours (rows, columns, 3)."""
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=3)  # half the time of the default, 5 % larger
    return buffer.getvalue()


def enlarged(values: NDArray[np.generic], pixels: int, smooth: bool = True) -> NDArray[np.float32]:
    """Resample a square picture (n, n) to (pixels, pixels): bicubic, or bilinear where nothing may overshoot."""
    from PIL import Image

    image = Image.fromarray(values.astype(np.float32))
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.BILINEAR
    return np.asarray(image.resize((pixels, pixels), how), np.float32)
