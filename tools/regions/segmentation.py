"""Outlines a lesion around a seed or in a box: many hypotheses, of which a trained ranker picks one.

The first is what a network holds for the lesion; the ranker sees how the others agree with it, and expects how wrong
each one is. Where even the best is expected to be far off, the outline is `unsure`. It ends where the blur does, 1 to 2
mm too far, a third of a small lesion; so it is moved to where values pass from inside to outside.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.regions.hypotheses import IMPOSSIBLE, click_sizes, trace_hypotheses
from tools.regions.outline_features import BAND_MM, describe_fit, describe_hypotheses
from tools.regions.outline_network import OutlineNetwork, describe_agreement, load_outline_network, outlined
from tools.regions.polar import (
    RADII_MM,
    RAYS,
    STEP_MM,
    Box,
    Floats,
    Polar,
    box_radii,
    centroid,
    ellipse_radii,
    polygon,
    shortest_cycles,
    unwrap,
)
from tools.regions.ranker import load_ranker

CLICK_WEIGHTS = Path(__file__).with_name("outline_click_weights.npz")
BOX_WEIGHTS = Path(__file__).with_name("outline_box_weights.npz")
REACH_MM = 55.0  # longest ray of a click
MIN_CLARITY = 0.45  # what noise alone does not reach
CERTAIN_ERROR = 0.15  # expected of a click's outline that may do without a clear edge; few in even tissue are so sure
BOX_FILLS = (0.45, 0.6, 0.72, 0.82, 0.9, 0.97)  # sizes tried in a box, as parts of the ellipse that fits it
UNSURE_ERROR = 0.3  # expected error, as a part of the size, from which an outline is unsure
UNSURE_ERROR_MM = 7.0  # and in mm; both chosen by cross-validation, so that few errors over 10 mm stay unsaid
HOPELESS_ERROR = 0.35  # in a box, which is the better guess then
CONVINCING_ERROR = 0.2  # in a box, which may be around a lesion without a clear edge
STANDS_OUT = 0.85  # clarity that neither skin nor even tissue reaches in a box
AIR_HU, SKIN_SHARE, SKIN_MM = -950, 0.75, 15.0  # of the rays, that end in air; and the least radius
SKIN_SAMPLES = np.arange(4, 9)  # beyond the blur of an outline
BLUR_MM = 1.0  # values nearer to the outline than this belong to neither side
OUTSIDE_MM = 2.0  # beyond that, what lies around the lesion
OUTSIDE_RAYS = 6  # to each side of a ray, whose outside is the same
BORDER = 0.55  # of the way from inside to outside
LUNG_HU, LUNG_BORDER = -500, 0.65  # where lung is outside: LIDC-IDRI's readers (training patients) draw beyond the half
REFINEMENTS, REFINE_MM = 2, 1.5  # how often the outline is moved, and how far at most each time
LEAST_CONTRAST = 0.5  # of the usual one; where there is less, the outline stays


@dataclass(frozen=True, eq=False)
class Outline:
    """`radii_mm` (72,) around `center` (x, y) in pixels; how clear its edge is, and how wrong it is expected to be."""

    center: tuple[float, float]
    radii_mm: Floats
    clarity: float  # 0..1
    expected_error: float  # 0..1, of its diameter

    @property
    def unsure(self) -> bool:
        """Whether its measurements may be far off."""
        error_mm = self.expected_error * 2 * float(self.radii_mm.mean())
        return self.expected_error > UNSURE_ERROR or error_mm > UNSURE_ERROR_MM


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """Outlines around one centre, (hypotheses, 72), with what the ranker sees of each and how clear its edge is."""

    polar: Polar
    radii_mm: Floats
    limit_mm: Floats | None
    features: Floats
    clarity: Floats

    @property
    def is_skin(self) -> NDArray[np.bool_]:
        """Which outlines (hypotheses,) have air all around, of less HU than any lung: the body's own."""
        values = self.polar.values
        beyond = np.rint(self.radii_mm / STEP_MM).astype(int)[..., None] + SKIN_SAMPLES
        around = np.median(values[np.arange(RAYS)[:, None], np.minimum(beyond, values.shape[1] - 1)], axis=2)
        skin: NDArray[np.bool_] = ((around < AIR_HU).mean(axis=1) > SKIN_SHARE) & (self.radii_mm.mean(axis=1) > SKIN_MM)
        return skin

    def refined(self, number: int) -> Floats:
        """Move an outline to the border, finer than the samples: radii (72,)."""
        radii_mm: Floats = self.radii_mm[number]
        for _ in range(REFINEMENTS):
            radii_mm = _at_border(self.polar, radii_mm, self.limit_mm)
        return radii_mm


def outline_from_seed(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], x: float, y: float, recentre: bool = True
) -> Outline | None:
    """Outline what lies under (x, y), image coordinates; None in tissue without an edge within reach.

    `recentre` takes twice the time and finds it from a seed near its edge, too.
    """
    network = load_outline_network()
    outline = _best(hypotheses_around(image, spacing_mm, (x, y), network), CLICK_WEIGHTS)
    if outline.clarity < MIN_CLARITY and outline.expected_error > CERTAIN_ERROR:
        return None
    if recentre:
        middle = centroid(polygon(outline.center, outline.radii_mm, spacing_mm))
        again = _best(hypotheses_around(image, spacing_mm, middle, network), CLICK_WEIGHTS)
        if again.clarity >= MIN_CLARITY and again.expected_error <= outline.expected_error:
            return replace(again, expected_error=outline.expected_error)  # around its own choice a ranker is too sure
    return outline


def outline_from_box(image: NDArray[np.int16], spacing_mm: tuple[float, float], box: Box) -> Outline | None:
    """Outline what lies in a box x0, y0, x1, y1; it stays inside. None where nothing stands out."""
    found = hypotheses_in_box(image, spacing_mm, box, load_outline_network())
    outline = _best(found, BOX_WEIGHTS)
    likely = CONVINCING_ERROR if outline.clarity < MIN_CLARITY else HOPELESS_ERROR
    return outline if outline.expected_error <= likely else _standing_out(image, spacing_mm, box, found)


def _standing_out(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], box: Box, found: Hypotheses
) -> Outline | None:
    """What has a clear edge all around in a box that is far too large for it, outlined as if clicked."""
    clearest = int(np.argmax(np.where(found.is_skin, 0.0, found.clarity)))
    if found.clarity[clearest] < STANDS_OUT:
        return None
    middle = centroid(polygon(found.polar.center, found.radii_mm[clearest], spacing_mm))
    outline = outline_from_seed(image, spacing_mm, *middle)
    if outline is None:
        return None
    points = polygon(outline.center, outline.radii_mm, spacing_mm)
    inside = (points >= box[:2]).all() and (points <= box[2:]).all()
    return outline if inside else None


def hypotheses_around(
    image: NDArray[np.int16],
    spacing_mm: tuple[float, float],
    center: tuple[float, float],
    network: OutlineNetwork | None,
) -> Hypotheses:
    """Trace and describe what may be meant by a click; what `network` holds for it comes first."""
    polar = unwrap(image, spacing_mm, center, REACH_MM)
    radii_mm = trace_hypotheses(polar, click_sizes(), None)
    inside = None if network is None else network(polar)
    return _described(polar, radii_mm, None, inside)


def hypotheses_in_box(
    image: NDArray[np.int16], spacing_mm: tuple[float, float], box: Box, network: OutlineNetwork | None
) -> Hypotheses:
    """Trace and describe what may be meant by a box; what `network` holds for it comes first."""
    limit, center = box_radii(box, spacing_mm), ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    polar = unwrap(image, spacing_mm, center, float(limit.max()) + BAND_MM)
    sizes = np.array(BOX_FILLS)[:, None] * ellipse_radii(box, spacing_mm)
    radii_mm = trace_hypotheses(polar, sizes, limit)
    inside = None if network is None else network(unwrap(image, spacing_mm, center, REACH_MM), limit)
    found = _described(polar, radii_mm, limit, inside)
    half_sides = (box[2] - box[0]) / 2 * spacing_mm[1], (box[3] - box[1]) / 2 * spacing_mm[0]
    fit = describe_fit(found.radii_mm, limit, half_sides)
    return replace(found, features=np.concatenate([found.features, fit], axis=1))


def _described(polar: Polar, radii_mm: Floats, limit_mm: Floats | None, inside: Floats | None) -> Hypotheses:
    """Describe outlines, and how they agree with what a network holds for inside; its own is put first."""
    if inside is not None:
        own = np.clip(outlined(inside), STEP_MM, np.inf if limit_mm is None else np.maximum(limit_mm, STEP_MM))
        radii_mm = np.concatenate([own[None], radii_mm])
    features, clarity = describe_hypotheses(polar, radii_mm)
    if inside is not None:
        features = np.concatenate([features, describe_agreement(inside, radii_mm)], axis=1)
    return Hypotheses(polar, radii_mm, limit_mm, features, clarity)


def _best(found: Hypotheses, weights: Path) -> Outline:
    """The outline that the ranker expects to be least wrong; the skin is not one."""
    expected = np.where(found.is_skin, 1.0, load_ranker(weights)(found.features))
    best = int(np.argmin(expected))
    return Outline(found.polar.center, found.refined(best), float(found.clarity[best]), float(expected[best]))


def _at_border(polar: Polar, radii_mm: Floats, limit: Floats | None) -> Floats:
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
    border = np.where(inside + contrast < LUNG_HU, LUNG_BORDER, BORDER)[:, None]
    side = np.clip(2 * (way_out - border), -1, 1)
    nearby = np.abs(distance) <= REFINE_MM
    stays = unclear | ~((side > 0) & nearby).any(axis=1)  # as along a vessel
    side[stays] = np.sign(distance[stays])
    costs = np.where(nearby, np.cumsum(side, axis=1), IMPOSSIBLE + np.abs(distance))  # a cycle may not quite close
    if limit is not None:
        costs[RADII_MM[: values.shape[1]] > np.maximum(limit[:, None], 2 * STEP_MM)] = np.inf
    inner = shortest_cycles(costs[None])[0]
    rays = np.arange(RAYS)
    here, there = side[rays, inner], side[rays, np.minimum(inner + 1, values.shape[1] - 1)]
    share = np.clip(-here / np.where(there > here, there - here, np.inf), 0, 1)
    refined: Floats = middles_mm[inner] + share * STEP_MM
    return refined if limit is None else np.minimum(refined, limit)
