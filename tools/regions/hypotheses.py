"""Where a lesion around a seed may end: closed outlines in polar coordinates, one for each idea of what it looks like.

Seen from the seed, every direction has one radius (a star-shaped outline): it cannot leak along a vessel or into the
organ behind, because neighbouring directions must agree. The radius should lie where tissue stops looking like the
lesion, and on an edge. What a lesion looks like is not known beforehand, so several ideas are tried: tissue within a
tolerance of the seed's, tissue unlike what lies around, and for lesions with a core of another density a size, of which
the wall has one value and what lies around another.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from tools.regions.polar import RADII_MM, RAYS, STEP_MM, Floats, Polar, shortest_cycles

EDGE_WEIGHT = 3.0
ROUNDNESS = 4.0  # second pass: cost of departing from the first pass's usual radius
TOLERANCES = 6
SURROUNDINGS_MM = ((8, 14), (16, 24), (28, 40))  # rings that may show what lies around the lesion
SIZES_MM = (4.0, 6.5, 10.0, 15.0, 22.0, 32.0)  # radii that a lesion may have
SIZED_BETWEEN = 0.5, 1.7  # of such a radius, where the outline may lie
WALL = 0.3, 0.75  # of such a radius, what shows the lesion's value
OUTSIDE = 1.15, 1.6  # and what lies around it
SECTOR_RAYS = 13  # whose outside is the same
SIZED_ROUNDNESS = 3.0
IMPOSSIBLE = 1e3  # finite: between very long and very short radii there may be no other way

Costs = NDArray[np.float32]


def trace_hypotheses(polar: Polar, sizes_mm: Floats, limit_mm: Floats | None) -> Floats:
    """Trace the cheapest outline of every hypothesis: radii (hypotheses, 72) in mm, none beyond `limit_mm` (72,).

    `sizes_mm` (K, 72) are the outlines that the sized hypotheses start from.
    """
    values = polar.values
    looks, sized = _looks_costs(polar), _sized_costs(values, sizes_mm)
    radii = RADII_MM[: values.shape[1]]
    if limit_mm is not None:
        beyond = radii > np.maximum(limit_mm[:, None], 2 * STEP_MM)
        looks[:, beyond] = np.inf
        sized = np.where(beyond, np.inf, sized)
    usual = np.median(radii[shortest_cycles(looks)], axis=1)[:, None, None]
    looks += ROUNDNESS * ((radii - usual) / np.maximum(usual, 2)) ** 2
    return np.take(RADII_MM, shortest_cycles(np.concatenate([looks, sized])))


def _looks_costs(polar: Polar) -> Costs:
    """What each radius of each ray costs, (hypotheses, rays, samples): low where the lesion seems to end.

    Half of the hypotheses say how far the lesion's tissue may be from the seed's, the others what tissue is around.
    """
    values = polar.values
    core = values[:, : max(3, int(2.0 / STEP_MM))]
    seed = float(np.median(core))
    spread = float(np.percentile(np.abs(values - seed), 90))
    smallest = max(2 * polar.variation, 1.5 * float(np.median(np.abs(core - seed))), 1e-3)
    tolerances = np.geomspace(smallest, max(0.7 * spread, 2 * smallest), TOLERANCES)[:, None, None]
    unlike = [np.clip(np.abs(values - seed) / tolerances, 0, 2)]
    for nearest, farthest in SURROUNDINGS_MM:
        ring = values[:, int(nearest / STEP_MM) : int(farthest / STEP_MM)]
        if ring.size:
            around = float(np.median(ring))
            scale = 1.4826 * float(np.median(np.abs(ring - around))) + 2 * polar.variation
            factors = np.array([1.0, 2.0])[:, None, None]
            unlike.append(2 - np.clip(np.abs(values - around) / (factors * scale), 0, 2))
    different = np.concatenate(unlike).astype(np.float32)
    smooth = uniform_filter1d(different, 3, axis=2)
    rise = np.clip(np.diff(smooth, axis=2, append=smooth[:, :, -1:]), 0, None)
    costs: Costs = np.cumsum(np.minimum(different, 1.5) - 0.7, axis=2) * 0.5 - EDGE_WEIGHT * rise
    return costs


def _sized_costs(values: Floats, sizes_mm: Floats) -> Costs:
    """The same for lesions of about a size, (K, rays, samples): they end where the wall's value gives way.

    Region competition between two known means (Chan & Vese 2001, doi:10.1109/83.902291), the outside's one in each
    direction; in a direction without contrast the size decides.
    """
    radii = RADII_MM[: values.shape[1]]
    costs = np.full((len(sizes_mm), *values.shape), IMPOSSIBLE, np.float32)
    for cost, size in zip(costs, sizes_mm, strict=True):
        part = radii / size[:, None]
        wall = (part >= WALL[0]) & (part <= WALL[1])
        wall[:, 0] |= ~wall.any(axis=1)
        outside = (part >= OUTSIDE[0]) & (part <= OUTSIDE[1])
        outside[:, -1] |= ~outside.any(axis=1)
        inner = float(np.median(values[wall]))
        around = uniform_filter1d((values * outside).sum(axis=1), SECTOR_RAYS, mode="wrap") / uniform_filter1d(
            outside.sum(axis=1).astype(np.float64), SECTOR_RAYS, mode="wrap"
        )
        contrast = around - inner
        usual = float(np.median(np.abs(contrast))) + 1e-3
        clear = np.clip(np.abs(contrast) / (0.5 * usual), 0, 1)[:, None]
        way_out = (values - inner) / np.where(np.abs(contrast) < 0.1 * usual, usual, contrast)[:, None]
        side = clear * np.clip(2 * way_out - 1, -1, 1)
        rise = np.clip(np.diff(side, axis=1, append=side[:, -1:]), 0, None)
        possible = (part >= SIZED_BETWEEN[0]) & (part <= SIZED_BETWEEN[1])
        possible[:, -1] |= ~possible.any(axis=1)
        cost[possible] = (0.5 * np.cumsum(side, axis=1) - EDGE_WEIGHT * rise + SIZED_ROUNDNESS * (part - 1) ** 2)[
            possible
        ]
    return costs


def click_sizes() -> Floats:
    """The sizes tried around a click, (K, 72)."""
    return np.repeat(np.array(SIZES_MM)[:, None], RAYS, axis=1)
