"""Eight-bit ROIs back to Hounsfield units: which window they were most likely shown in.

A published slice, or a pack made of one, has grey levels of a window that nobody wrote down. Tissues lie where they
lie: a histogram of grey levels fits what ROIs are made of under one window far better than under another.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoder.roi import has_context

# Windows (low, high) in HU: the whole range that the encoder knows, and those that people publish
WINDOWS_HU = (
    (-1000.0, 900.0), (-1500.0, 500.0), (-1350.0, 150.0), (-175.0, 275.0), (-160.0, 240.0), (-125.0, 225.0),
    (0.0, 255.0), (-15.0, 165.0), (-500.0, 800.0), (-500.0, 1300.0), (-1024.0, 3071.0),
)  # fmt: skip
HISTOGRAMS = Path(__file__).with_name("window_histograms.npz")
EDGES_HU = np.arange(-1024.0, 3073.0, 8.0)
_FLOOR = 1e-5  # probability that any grey level has
_DOUBT = 0.25  # nats a pixel by which a window has to fit better than the whole range where no context shows which it
# is: lung and chest wall look like fat and muscle in a narrow window


def windows_of(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Find the likeliest window of each ROI, alone or with its context.

    Shape: (N, 64, 64) or (N, 2, 64, 64) -> (N, 2), low and high in HU.
    """
    counts = _counts(images)
    scores = (counts @ log_probabilities()).reshape(len(images), len(WINDOWS_HU), -1).max(axis=2)
    pixels = counts.sum(axis=1)
    scores[:, 0] += np.where(pixels == images.shape[-1] * images.shape[-2], _DOUBT * pixels, 0)
    scores[:, 0] = np.maximum(scores[:, 0], -np.log(256) * pixels)  # none explains it better than any level as likely
    windows: NDArray[np.float32] = np.array(WINDOWS_HU, np.float32)[scores.argmax(axis=1)]
    return windows


def _counts(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Count grey levels: (N, 256). A context that shows nothing does not count."""
    planes = images[:, None] if images.ndim == 3 else images
    rows = np.arange(len(planes), dtype=np.int32)[:, None] * 256
    counts = np.zeros(256 * len(planes), np.int64)
    for number in range(planes.shape[1]):
        known = slice(None) if number == 0 else has_context(planes[:, number])
        levels = rows[known] + planes[known, number].reshape(-1, planes[0, 0].size)
        counts += np.bincount(levels.ravel(), minlength=len(counts))
    return counts.reshape(-1, 256).astype(np.float32)


@lru_cache(maxsize=1)
def log_probabilities() -> NDArray[np.float32]:
    """Predict the grey levels of each kind of ROI in each window. Shape: (256, windows x kinds)."""
    with np.load(HISTOGRAMS) as arrays:
        histograms = arrays["histograms"].astype(np.float64)
    cumulative = np.concatenate([np.zeros((len(histograms), 1)), histograms.cumsum(axis=1)], axis=1)
    cumulative /= cumulative[:, -1:]
    columns = []
    for low, high in WINDOWS_HU:
        edges = low + (np.arange(257) - 0.5) * (high - low) / 255
        edges[0], edges[-1] = -np.inf, np.inf  # beyond its ends a window shows black and white
        for row in cumulative:
            columns.append(np.diff(np.interp(edges, EDGES_HU, row, left=0, right=1)))
    logarithms: NDArray[np.float32] = np.log(np.maximum(np.array(columns).T, _FLOOR)).astype(np.float32)
    return logarithms
