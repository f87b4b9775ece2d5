"""Outlines a lesion around a seed: a closed contour in polar coordinates, found exactly by dynamic programming.

Seen from the seed, every direction has one radius (a star-shaped outline): it cannot leak along a vessel or into the
organ behind, because neighbouring directions must agree. The radius should lie where tissue stops looking like the
seed, and on an edge. How different "different" is, is not known beforehand, so several tolerances are tried and the
outline with the clearest edge all around is kept. It ends where the blur does, 1 to 2 mm too far, a third of a small
lesion; so it is moved to where values pass from inside to outside. After Bellman's dynamic programming for contours
(Amini et al. 1990, doi:10.1109/34.57681) on an unwrapped image (Timp & Karssemeijer 2004, doi:10.1118/1.1688039).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, uniform_filter1d

Floats = NDArray[np.float64]

RAYS = 72
STEP_MM = 0.5  # between samples along a ray
REACH_MM = 55.0  # longest ray of a click
SMOOTH_MM = 0.7
BAND_MM = 3.0  # how far inside and outside the outline its contrast is judged
BLUR_MM = 1.0  # values nearer to the outline than this belong to neither side
OUTSIDE_MM = 2.0  # beyond that, what lies around the lesion
OUTSIDE_RAYS = 6  # to each side of a ray, whose outside is the same
BORDER = 0.55  # of the way from inside to outside; readers of LIDC-IDRI draw a little beyond the half maximum
REFINEMENTS, REFINE_MM = 2, 1.5  # how often the outline is moved, and how far at most each time
LEAST_CONTRAST = 0.5  # of the usual one; where there is less, the outline stays
BEND = 2  # samples by which neighbouring rays may differ
STIFFNESS = 0.12  # cost of such a difference, per sample squared
EDGE_WEIGHT = 3.0
ROUNDNESS = 4.0  # second pass: cost of departing from the first pass's usual radius
TOLERANCES = 6
SURROUNDINGS_MM = ((8, 14), (16, 24), (28, 40))  # rings that may show what lies around the lesion
MIN_CLARITY = 0.45  # what noise alone does not reach
RECENTRED = 0.1  # promise that an outline around the middle of the first may lack
# Of several outlines, which would a person have drawn? A linear guess of the overlap, fitted to the synthetic teaching
# cases and to nodules outlined by readers (LIDC-IDRI): the edge of highest contrast, or nearly so, round, of a
# lesion's size, between even tissues.
PROMISE_BASE = 0.83
PROMISE_CONTRAST, CONTRAST_RANGE = 0.353, (np.log(0.4), np.log(0.7))  # of the highest contrast
PROMISE_SURROUNDINGS, SURROUNDINGS_RANGE = 0.053, (-3.0, -0.5)
PROMISE_SIZE, USUAL_RADIUS_MM = 0.083, 6.9
PROMISE_EVENNESS = 0.73
BOX_FILL, BOX_SIZE = 0.75, 0.5  # a drawn box says how large the lesion is: usual radius as a part of the box's
_RADII = (np.arange(4000) + 1.0) * STEP_MM
ANGLES = np.arange(RAYS) * (2 * np.pi / RAYS)


@dataclass(frozen=True, eq=False)
class Outline:
    """`radii_mm` (72,) around `center` (x, y) in pixels; how clear its edge is, and how likely it is the right one."""

    center: tuple[float, float]
    radii_mm: Floats
    clarity: float  # 0..1
    promise: float  # about 0..1


@dataclass(frozen=True, eq=False)
class _Polar:
    """The image unwrapped around a centre: `values` (rays, samples), raw noise taken out."""

    center: tuple[float, float]
    values: Floats
    variation: float  # typical difference between neighbouring places of one tissue


def outline_from_seed(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], x: float, y: float, recentre: bool = True
) -> Outline | None:
    """The outline of what lies under (x, y), image coordinates; None in tissue without an edge within reach.

    `recentre` takes twice the time and finds it from a seed near its edge, too.
    """
    polar = _unwrap(image, spacing_mm, (x, y), REACH_MM)
    outline = _best(polar, None)
    if outline and recentre:
        around_middle = _unwrap(image, spacing_mm, _centroid(outline, spacing_mm), REACH_MM)
        again = _best(around_middle, None)
        if again and again.promise >= outline.promise - RECENTRED:
            polar, outline = around_middle, again
    return _refined(polar, outline, None) if outline else None


def outline_from_box(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], box: tuple[float, float, float, float]
) -> Outline | None:
    """The outline of what lies in a box x0, y0, x1, y1; it stays inside. None where nothing stands out."""
    center = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    limit = box_radii(box, spacing_mm)
    polar = _unwrap(image, spacing_mm, center, float(limit.max()) + BAND_MM)
    outline = _best(polar, limit)
    return _refined(polar, outline, limit) if outline else None


def ellipse_radii(box: tuple[float, float, float, float], spacing_mm: tuple[float, float]) -> Floats:
    """Radii (72,) in mm of the ellipse that fits a box."""
    a, b = (box[2] - box[0]) / 2 * spacing_mm[1], (box[3] - box[1]) / 2 * spacing_mm[0]
    radii: Floats = a * b / np.hypot(b * np.cos(ANGLES), a * np.sin(ANGLES))
    return radii


def box_radii(box: tuple[float, float, float, float], spacing_mm: tuple[float, float]) -> Floats:
    """Radii (72,) in mm to the sides of a box."""
    a, b = (box[2] - box[0]) / 2 * spacing_mm[1], (box[3] - box[1]) / 2 * spacing_mm[0]
    with np.errstate(divide="ignore"):
        radii: Floats = np.minimum(a / np.abs(np.cos(ANGLES)), b / np.abs(np.sin(ANGLES)))
    return radii


def polygon(outline_center: tuple[float, float], radii_mm: Floats, spacing_mm: tuple[float, float]) -> Floats:
    """(72, 2) corner points x, y in image coordinates."""
    x = outline_center[0] + radii_mm * np.cos(ANGLES) / spacing_mm[1]
    y = outline_center[1] + radii_mm * np.sin(ANGLES) / spacing_mm[0]
    return np.stack([x, y], axis=1)


def _unwrap(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], center: tuple[float, float], reach_mm: float
) -> _Polar:
    row_mm, column_mm = spacing_mm
    margin_y, margin_x = int(reach_mm / row_mm) + 4, int(reach_mm / column_mm) + 4
    top, left = max(int(center[1]) - margin_y, 0), max(int(center[0]) - margin_x, 0)
    patch = image[top : int(center[1]) + margin_y + 1, left : int(center[0]) + margin_x + 1].astype(np.float32)
    smooth = gaussian_filter(patch, (SMOOTH_MM / row_mm, SMOOTH_MM / column_mm), truncate=3)
    radii = (np.arange(int(reach_mm / STEP_MM)) + 0.5) * STEP_MM
    rows = center[1] - 0.5 - top + np.outer(np.sin(ANGLES), radii) / row_mm
    columns = center[0] - 0.5 - left + np.outer(np.cos(ANGLES), radii) / column_mm
    values = map_coordinates(smooth, [rows, columns], order=1, mode="nearest", output=np.float64)
    variation = 1.4826 * float(np.median(np.abs(np.diff(values[:, 2:], n=2, axis=1)))) + 1e-3
    return _Polar(center, values, variation)


def _best(polar: _Polar, limit: Floats | None) -> Outline | None:
    """The most promising of all hypotheses; None if it is not clear enough to be seen."""
    costs = _costs(polar)
    radii = _RADII[: costs.shape[2]]
    if limit is not None:
        costs[:, _beyond(limit, radii)] = np.inf
    usual = np.median(_trace(costs), axis=1)[:, None, None]
    found = _trace(costs + ROUNDNESS * ((radii - usual) / np.maximum(usual, 2)) ** 2)
    edges = _Edges.of(polar, found, None if limit is None else BOX_FILL * float(limit.mean()))
    best = int(np.argmax(edges.promise))
    clarity = edges.coverage[best] * edges.strength[best] / (edges.strength[best] + 2)
    if clarity < MIN_CLARITY:
        return None
    return Outline(polar.center, found[best], float(clarity), float(edges.promise[best]))


def _beyond(limit: Floats, radii: "NDArray[np.floating[Any]]") -> NDArray[np.bool_]:
    """Which radii of each ray, (rays, samples), lie outside a box."""
    beyond: NDArray[np.bool_] = radii > np.maximum(limit[:, None], 2 * STEP_MM)
    return beyond


def _refined(polar: _Polar, outline: Outline, limit: Floats | None) -> Outline:
    """Move an outline to the border, finer than the samples."""
    radii_mm = outline.radii_mm
    for _ in range(REFINEMENTS):
        radii_mm = _at_border(polar, radii_mm, limit)
    return replace(outline, radii_mm=radii_mm)


def _at_border(polar: _Polar, radii_mm: Floats, limit: Floats | None) -> Floats:
    """Find the radii (72,) nearby where values pass from the lesion's to those around it.

    The lesion has one value, its surroundings one in each direction. The smoothest outline is taken that has least of
    the one's side on the other's: region competition between two known means (Chan & Vese 2001,
    doi:10.1109/83.902291).
    """
    at = np.rint(radii_mm / STEP_MM).astype(int)
    last = polar.values.shape[1] - 1
    beyond = at[:, None] + int(BLUR_MM / STEP_MM) + np.arange(int(OUTSIDE_MM / STEP_MM))
    values = polar.values[:, : int(at.max()) + int(REFINE_MM / STEP_MM) + 2]
    middles_mm = (np.arange(values.shape[1]) + 0.5) * STEP_MM
    distance = middles_mm - radii_mm[:, None]
    core = distance < -np.minimum(BLUR_MM, radii_mm[:, None] / 2)
    core[:, 0] = True
    inside = float(np.median(values[core]))
    around = np.take_along_axis(polar.values, np.minimum(beyond, last), axis=1)
    turned = [np.roll(around, turn, axis=0) for turn in range(-OUTSIDE_RAYS, OUTSIDE_RAYS + 1)]
    contrast = np.median(np.concatenate(turned, axis=1), axis=1) - inside
    unclear = np.abs(contrast) <= LEAST_CONTRAST * abs(float(np.median(contrast)))
    way_out = (values - inside) / np.where(unclear, 1, contrast)[:, None]
    side = np.clip(2 * (way_out - BORDER), -1, 1)
    nearby = np.abs(distance) <= REFINE_MM
    stays = unclear | ~((side > 0) & nearby).any(axis=1)  # as along a vessel
    side[stays] = np.sign(distance[stays])
    costs = np.where(nearby, np.cumsum(side, axis=1), np.inf)
    if limit is not None:
        costs[_beyond(limit, _RADII[: values.shape[1]])] = np.inf
    inner = _shortest_cycles(costs[None])[0]
    rays = np.arange(RAYS)
    here, there = side[rays, inner], side[rays, np.minimum(inner + 1, values.shape[1] - 1)]
    share = np.clip(-here / np.where(there > here, there - here, np.inf), 0, 1)
    refined: Floats = middles_mm[inner] + share * STEP_MM
    return refined if limit is None else np.minimum(refined, limit)


def _costs(polar: _Polar) -> Floats:
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
    different = np.concatenate(unlike)
    smooth = uniform_filter1d(different, 3, axis=2)
    rise = np.clip(np.diff(smooth, axis=2, append=smooth[:, :, -1:]), 0, None)
    costs: Floats = np.cumsum(np.minimum(different, 1.5) - 0.7, axis=2) * 0.5 - EDGE_WEIGHT * rise
    return costs


def _trace(costs: Floats) -> Floats:
    """The cheapest closed outline of each hypothesis, radii (hypotheses, 72) in mm."""
    radii: Floats = np.take(_RADII, _shortest_cycles(costs))
    return radii


def _shortest_cycles(costs: Floats) -> NDArray[np.intp]:
    """A sample for each ray, (hypotheses, rays), neighbours at most BEND apart around the cycle.

    Two turns are traced and the middle one counts, where the beginning no longer matters.
    """
    hypotheses, rays, samples = costs.shape
    bend_cost = STIFFNESS * np.arange(-BEND, BEND + 1, dtype=float) ** 2
    came = np.empty((2 * rays, hypotheses, samples), np.int8)
    padded = np.full((hypotheses, samples + 2 * BEND), np.inf)
    total = costs[:, 0].copy()
    for step in range(1, 2 * rays):
        padded[:, BEND:-BEND] = total
        options = np.stack([padded[:, i : i + samples] + bend for i, bend in enumerate(bend_cost)])
        came[step] = options.argmin(axis=0)
        total = options.min(axis=0) + costs[:, step % rays]
    path = np.empty((hypotheses, 2 * rays), np.intp)
    path[:, -1] = total.argmin(axis=1)
    every = np.arange(hypotheses)
    for step in range(2 * rays - 1, 0, -1):
        path[:, step - 1] = path[:, step] + came[step, every, path[:, step]] - BEND
    half = rays // 2
    return np.roll(path[:, half : half + rays], half, axis=1)


@dataclass(frozen=True, eq=False)
class _Edges:
    """What speaks for each outline, all (hypotheses,)."""

    promise: Floats  # expected overlap with what a person would draw
    coverage: Floats  # share of rays that end on an edge
    strength: Floats  # contrast in units of the noise

    @classmethod
    def of(cls, polar: _Polar, radii_mm: Floats, expected_mm: float | None) -> "_Edges":
        values, noise = polar.values, polar.variation
        last = values.shape[1] - 1
        at = np.rint(radii_mm / STEP_MM).astype(int)
        rays = np.arange(RAYS)[:, None]
        offsets = np.arange(1, int(BAND_MM / STEP_MM) + 1)
        depths = np.minimum(offsets, np.maximum(at[..., None] // 2, 1))  # a small lesion has a small inside
        inside = np.median(values[rays, np.clip(at[..., None] - depths, 0, last)], axis=2)
        outside = np.median(values[rays, np.clip(at[..., None] + offsets - 1, 0, last)], axis=2)
        contrast = outside - inside
        typical = np.median(contrast, axis=1)
        size = np.abs(typical) + 1e-6
        covered = np.sign(typical)[:, None] * contrast > np.maximum(0.35 * size, 1.5 * noise)[:, None]
        unsteady = 1.4826 * np.median(np.abs(outside - np.median(outside, axis=1, keepdims=True)), axis=1)
        radius = radii_mm.mean(axis=1)
        usual_mm, size_weight = (expected_mm, BOX_SIZE) if expected_mm else (USUAL_RADIUS_MM, PROMISE_SIZE)
        promise = (
            PROMISE_BASE
            + PROMISE_CONTRAST * np.clip(np.log(size / size.max()), *CONTRAST_RANGE)
            - PROMISE_SURROUNDINGS * np.clip(np.log((unsteady + noise) / size), *SURROUNDINGS_RANGE)
            - size_weight * np.log(radius / usual_mm) ** 2
            - PROMISE_EVENNESS * radii_mm.std(axis=1) / radius
        )
        reaches_end = np.median(at, axis=1) >= last - 1
        return cls(promise - reaches_end, covered.mean(axis=1), size / noise)


def _centroid(outline: Outline, spacing_mm: tuple[float, float]) -> tuple[float, float]:
    points = polygon(outline.center, outline.radii_mm, spacing_mm)
    x, y = points[:, 0], points[:, 1]
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    return (
        float(((x + np.roll(x, -1)) * cross).sum() / (6 * area)),
        float(((y + np.roll(y, -1)) * cross).sum() / (6 * area)),
    )
