"""Says how likely each place around a click, or in a box, belongs to the lesion that is meant: what outlines it first.

A U-Net in log-polar coordinates: a ring of a few millimetres looks to it as one of a few centimetres. Fitted by
`tools.pipelines.train_outline_network`; the outline ranker judges its outline among the traced ones.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.regions.polar import RAYS, STEP_MM, Floats, Polar
from tools.regions.unet import unet_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Maps = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("outline_network_weights.npz")
NEAREST_MM, FARTHEST_MM, RINGS = 0.75, 55.0, 96
EDGES_MM = np.geomspace(NEAREST_MM, FARTHEST_MM, RINGS + 1)
LOG_STEP = float(np.log(EDGES_MM[1] / EDGES_MM[0]))
MIDDLES_MM = np.sqrt(EDGES_MM[1:] * EDGES_MM[:-1])
TURN = 12  # rays that are seen again beyond the first and the last one: a turn has no end
LEVELS = 3
CHANNELS = 5
SOFT_HU, WIDE_HU = (-160.0, 240.0), (-1000.0, 400.0)
CORE_RINGS, NEAR_RINGS = 30, 60  # what shows the lesion's own value, and how far values around it spread
NEAR_HU, LEAST_SPREAD_HU = 40.0, 10.0


def log_polar(polar: Polar) -> Maps:
    """Average the image over rings that grow with the distance. Shape: -> (RAYS, RINGS), HU."""
    values = polar.values
    total = np.concatenate([np.zeros((RAYS, 1)), np.cumsum(values, axis=1)], axis=1)
    at = np.clip(EDGES_MM / STEP_MM, 0, values.shape[1])
    below = np.minimum(at.astype(int), values.shape[1] - 1)
    summed = total[:, below] + (at - below) * values[:, below]
    rings: Maps = (np.diff(summed, axis=1) / np.maximum(np.diff(at), 1e-6)).astype(np.float32)
    return rings


def channels(rings: Maps, limit_mm: NDArray[np.floating] | None) -> Maps:
    """Show rings (RAYS, RINGS) in HU as the network sees them: in two windows, against the value in the middle, and
    which of them a box (its radii, (RAYS,)) holds. Shape: -> (CHANNELS, RAYS + 2 TURN, RINGS)."""
    middle = np.median(rings[:, :CORE_RINGS])
    spread = max(float(np.quantile(np.abs(rings[:, :NEAR_RINGS] - middle), 0.9)), LEAST_SPREAD_HU)
    inside = np.zeros_like(rings) if limit_mm is None else np.where(limit_mm[:, None] > MIDDLES_MM, 1.0, -1.0)
    shown = np.stack(
        [
            *(2 * (rings.clip(low, high) - low) / (high - low) - 1 for low, high in (SOFT_HU, WIDE_HU)),
            ((rings - middle) / NEAR_HU).clip(-3, 3) / 1.5,
            ((rings - middle) / spread).clip(-2, 2),
            inside,
        ]
    ).astype(np.float32)
    return np.concatenate([shown[:, -TURN:], shown, shown[:, :TURN]], axis=1)


class OutlineNetwork:
    """Give how likely each ring of each ray is inside the lesion."""

    def __init__(self, session: "InferenceSession") -> None:
        self._session = session

    def __call__(self, polar: Polar, limit_mm: Floats | None = None) -> Floats:
        """Shape: -> (RAYS, RINGS), 0..1. `limit_mm` (RAYS,) are the sides of a box."""
        seen = channels(log_polar(polar), limit_mm)[None]
        logits = _doubled(_doubled(self._session.run(None, {"picture": seen})[0][0, 0], 0), 1)
        inside: Floats = 1 / (1 + np.exp(-logits[TURN:-TURN].astype(np.float64)))
        return inside

    @classmethod
    def load(cls, path: Path) -> "OutlineNetwork":
        """Read the weights that the training wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(unet_session(dict(arrays), CHANNELS, LEVELS))


def outlined(inside: Floats) -> Floats:
    """Find the outline of a map (RAYS, RINGS) of what is inside: radii (RAYS,) in mm, by the sum along each ray."""
    radii_mm: Floats = NEAREST_MM * np.exp(LOG_STEP * inside.sum(axis=1))
    return radii_mm


def share_inside(radii_mm: NDArray[np.floating]) -> Floats:
    """Tell which share of each ring lies inside outlines. Shape: (..., RAYS) -> (..., RAYS, RINGS), 0..1."""
    rings = (np.log(np.maximum(radii_mm, NEAREST_MM))[..., None] - np.log(EDGES_MM[:-1])) / LOG_STEP
    inside: Floats = np.clip(rings, 0, 1)
    return inside


def describe_agreement(inside: Floats, radii_mm: Floats) -> Floats:
    """Describe how outlines (hypotheses, RAYS) agree with what the network holds for inside, (hypotheses, 8)."""
    own = np.log(outlined(inside) / NEAREST_MM)
    apart = np.log(np.maximum(radii_mm, NEAREST_MM) / NEAREST_MM) - own
    held = share_inside(radii_mm)
    area = MIDDLES_MM**2
    common = (held * inside * area).sum(axis=(1, 2))
    either = ((held + inside - held * inside) * area).sum(axis=(1, 2))
    sure = np.clip(inside, 1e-4, 1 - 1e-4)
    surprise = -(held * np.log(sure) + (1 - held) * np.log(1 - sure)).sum(axis=2).mean(axis=1)
    doubt = -(sure * np.log(sure) + (1 - sure) * np.log(1 - sure)).sum(axis=1).mean()
    count = len(radii_mm)
    features: Floats = np.stack(
        [
            np.abs(apart).mean(axis=1),
            apart.mean(axis=1),
            np.sqrt((apart**2).mean(axis=1)),
            common / np.maximum(either, 1e-6),
            np.log(surprise + 0.1),
            surprise - surprise.min(),
            np.full(count, np.log(doubt + 0.1)),
            np.full(count, own.mean()),
        ],
        axis=1,
    )
    return features


def _doubled(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Interpolate between values, each of which stands for two."""
    values = np.moveaxis(values, axis, 0)
    padded = np.concatenate([values[:1], values, values[-1:]])
    both = np.stack([0.75 * values + 0.25 * padded[:-2], 0.75 * values + 0.25 * padded[2:]], axis=1)
    return np.moveaxis(both.reshape(-1, *values.shape[1:]), 0, axis)


@cache
def load_outline_network() -> OutlineNetwork:
    """Read the shipped weights, once."""
    return OutlineNetwork.load(WEIGHTS)
