"""Finds spots of a CT slice that look like lesions: a U-Net draws a heat map of their centres, and how large they are.

Objects as points (Zhou et al. 2019, arXiv 1904.07850) on a U-Net, fitted by `tools.pipelines.train_lesion_detector`. It
looks at one slice alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.regions.coarse_slice import GRID_MM, CoarseSlice
from tools.regions.unet import STRIDE, unet_session

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("lesion_detector_weights.npz")
WINDOWS_HU = ((-160.0, 240.0), (-1000.0, -100.0))  # soft tissue and lung: one input channel each
LEVELS = 4  # times that the U-Net halves the heat map
AIR_HU = -1000
TISSUE_HU, TISSUE_PX = -800, 7  # no lesion is where nothing within so many pixels is denser


@dataclass(frozen=True, eq=False)
class Spots:
    """Spots of one slice, likeliest first: `x`, `y` in image coordinates, `radius_mm`, `likeness` 0..1, each (n,)."""

    x: Floats
    y: Floats
    radius_mm: Floats
    likeness: Floats


class LesionDetector:
    """Give the spots of a slice. `weights` are convolutions, `name.weight` and `name.bias`.

    What was measured on patients not learnt from: `least` is the likeness from which a spot is suggested, `recall` the
    share of lesions that are, `precision` the share of suggestions that are lesions; each 0..1.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self.least, self.recall, self.precision = (float(weights[name]) for name in ("least", "recall", "precision"))
        self._session = unet_session(weights, len(WINDOWS_HU), LEVELS)

    def __call__(self, coarse: CoarseSlice) -> Spots:
        heat, log_radius = self.maps(coarse.image)
        tissue = ndimage.maximum_filter(coarse.image, TISSUE_PX)[::STRIDE, ::STRIDE] > TISSUE_HU
        rows, columns = np.nonzero((ndimage.maximum_filter(heat, 3) == heat) & tissue)
        best = np.argsort(-heat[rows, columns], kind="stable")
        rows, columns = rows[best], columns[best]
        radius_mm = np.exp(log_radius[rows, columns]) * GRID_MM
        x, y = (columns + 0.5) * STRIDE / coarse.zoom[1], (rows + 0.5) * STRIDE / coarse.zoom[0]
        return Spots(*(each.astype(np.float64) for each in (x, y, radius_mm, heat[rows, columns])))

    def maps(self, image: Maps) -> tuple[Maps, Maps]:
        """Draw the heat map 0..1, and the log of the radius in pixels of the slice.

        Shape: (H, W) in HU on pixels of GRID_MM -> (ceil(H / 2), ceil(W / 2)) each.
        """
        rows, columns = image.shape
        block = STRIDE << LEVELS
        padded = np.pad(image, ((0, -rows % block), (0, -columns % block)), constant_values=AIR_HU)
        logit, log_radius = self._session.run(None, {"picture": channels(padded)[None]})[0][0]
        inside = np.s_[: -(-rows // STRIDE), : -(-columns // STRIDE)]
        heat: Maps = 1 / (1 + np.exp(-logit[inside]))
        return heat, np.clip(log_radius[inside], 0, 4)

    @classmethod
    def load(cls, path: Path) -> "LesionDetector":
        """Read the weights that the training wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(dict(arrays))


def channels(image: Maps) -> Maps:
    """Show a slice in HU in each of the windows, -1..1. Shape: (H, W) -> (len(WINDOWS_HU), H, W)."""
    shown: Maps = np.stack([2 * (image.clip(low, high) - low) / (high - low) - 1 for low, high in WINDOWS_HU])
    return shown.astype(np.float32)


@cache
def load_lesion_detector() -> LesionDetector:
    """Read the shipped weights, once."""
    return LesionDetector.load(WEIGHTS)


def how_often_right() -> str:
    """Say how many suggestions were lesions, and how many lesions were suggested, when it was measured."""
    its = load_lesion_detector()
    return (
        f"Measured on real CT of patients not learnt from, {its.precision:.0%} of suggestions were marked lesions, "
        f"and {its.recall:.0%} of the marked lesions were suggested."
    )
