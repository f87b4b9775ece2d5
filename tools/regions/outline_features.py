"""What speaks for and against each outline hypothesis, as numbers for the outline ranker."""

import numpy as np
from numpy.typing import NDArray

from tools.regions.polar import ANGLES, RADII_MM, RAYS, STEP_MM, Floats, Polar

BAND_MM = 3.0  # how far inside and outside the outline its contrast is judged
SIZED = 6  # the last hypotheses, which start from a size
NEAREST = 3  # other hypotheses that may agree
RING_MM = 6.0  # what lies around
PROFILE = (0.15, 0.4, 0.65, 0.85, 1.15, 1.35, 1.7, 2.3)  # parts of the radius where values are compared


def describe_hypotheses(polar: Polar, radii_mm: Floats) -> tuple[Floats, Floats]:
    """Describe outlines (hypotheses, 72): features (hypotheses, 40) and how clear each one's edge is, 0..1."""
    values, noise = polar.values, polar.variation
    count, last = len(radii_mm), values.shape[1] - 1
    at = np.rint(radii_mm / STEP_MM).astype(int)
    rays = np.arange(RAYS)[:, None]
    offsets = np.arange(1, int(BAND_MM / STEP_MM) + 1)
    depths = np.minimum(offsets, np.maximum(at[..., None] // 2, 1))  # a small lesion has a small inside
    inside = np.median(values[rays, np.clip(at[..., None] - depths, 0, last)], axis=2)
    outside = np.median(values[rays, np.clip(at[..., None] + offsets - 1, 0, last)], axis=2)
    contrast = outside - inside
    typical = np.median(contrast, axis=1)
    size = np.abs(typical) + 1e-6
    sign = np.where(typical < 0, -1.0, 1.0)[:, None]
    is_covered = sign * contrast > np.maximum(0.35 * size, 1.5 * noise)[:, None]
    covered = is_covered.mean(axis=1)
    strength = size / noise
    clarity = covered * strength / (strength + 2)

    within = RADII_MM[: last + 1] <= radii_mm[..., None]  # (hypotheses, rays, samples)
    ring = ~within & (RADII_MM[: last + 1] <= radii_mm[..., None] + RING_MM)
    middle = np.median(inside, axis=1)
    border = middle + typical / 2
    beyond_border = sign[..., None] * (values - border[:, None, None]) > 0
    area = np.broadcast_to(RADII_MM[: last + 1], values.shape)  # a sample's share of the area
    weight = within * area
    foreign_inside = (beyond_border * weight).sum(axis=(1, 2)) / np.maximum(weight.sum(axis=(1, 2)), 1e-6)
    weight = ring * area
    alike_outside = (~beyond_border * weight).sum(axis=(1, 2)) / np.maximum(weight.sum(axis=(1, 2)), 1e-6)
    layers = values[rays, np.clip((radii_mm[..., None] * PROFILE / STEP_MM).astype(int), 0, last)]
    profile = np.median(layers, axis=1)  # (hypotheses, parts)
    unevenness = np.median(np.abs(layers - profile[:, None]), axis=1)
    part_of_size = np.clip((profile - border[:, None]) * sign / size[:, None], -3, 3)
    weak = np.concatenate([~is_covered, ~is_covered], axis=1)
    run = np.zeros(count)
    longest = np.zeros(count)
    for ray in range(weak.shape[1]):
        run = (run + 1) * weak[:, ray]
        longest = np.maximum(longest, run)
    steep = values[rays[:, 0], np.minimum(at + 1, last)] - values[rays[:, 0], np.maximum(at - 2, 0)]
    steepness = sign * steep / size[:, None]

    radius = radii_mm.mean(axis=1)
    diameters = radii_mm[:, : RAYS // 2] + radii_mm[:, RAYS // 2 :]
    off_center = np.hypot(
        (radii_mm**3 * np.cos(ANGLES)).sum(axis=1), (radii_mm**3 * np.sin(ANGLES)).sum(axis=1)
    ) / np.maximum((radii_mm**2).sum(axis=1), 1e-6)
    gaps = np.abs(np.log(radii_mm[:, None] / radii_mm[None])).mean(axis=2)  # (hypotheses, hypotheses)
    nearest = np.sort(gaps, axis=1)[:, 1 : NEAREST + 1].mean(axis=1)
    areas = (radii_mm**2).mean(axis=1)
    spread = float(np.percentile(np.abs(values - np.median(values[:, :4])), 90)) + 1e-6

    def deviation(which: Floats) -> Floats:
        found: Floats = np.median(np.abs(which - np.median(which, axis=1, keepdims=True)), axis=1)
        return found

    def log(which: "Floats | NDArray[np.floating]", least: float = 1e-2) -> Floats:
        found: Floats = np.log(np.maximum(which, least))
        return found

    features = [
        log(size / size.max()),
        log(strength),
        log(size / spread),
        sign[:, 0],
        covered,
        np.percentile(sign * contrast / size[:, None], 15, axis=1).clip(-2, 2),
        log((deviation(outside) + noise) / size),
        log((deviation(inside) + noise) / size),
        foreign_inside,
        alike_outside,
        *part_of_size.T,
        *log((unevenness + noise / 4) / size[:, None]).T,
        np.minimum(longest / RAYS, 1),
        (np.arange(count) >= count - SIZED).astype(np.float64),
        np.median(steepness, axis=1).clip(-3, 3),
        np.percentile(steepness, 15, axis=1).clip(-3, 3),
        log(radius),
        log(radius) ** 2,
        radii_mm.std(axis=1) / radius,
        log(np.abs(np.diff(radii_mm, n=2, axis=1)).mean(axis=1) / radius, 1e-3),
        log(diameters.max(axis=1) / diameters.min(axis=1)),
        np.clip(off_center / radius, 0, 2),
        log(nearest),
        (gaps < 0.15).mean(axis=1),
        (areas[:, None] > areas[None]).mean(axis=1),
        (at >= last - 1).mean(axis=1),
    ]
    return np.stack(features, axis=1).reshape(count, -1), clarity


def describe_fit(radii_mm: Floats, limit_mm: Floats, half_sides_mm: tuple[float, float]) -> Floats:
    """Describe how outlines (hypotheses, 72) fill a box, (hypotheses, 7): who draws one says how large it is."""
    width, height = half_sides_mm
    x, y = radii_mm * np.cos(ANGLES), radii_mm * np.sin(ANGLES)
    margins = np.stack(
        [width - x.max(axis=1), width + x.min(axis=1), height - y.max(axis=1), height + y.min(axis=1)], axis=1
    )
    across, down = np.ptp(x, axis=1) / (2 * width), np.ptp(y, axis=1) / (2 * height)
    smallest, largest = np.minimum(across, down), np.maximum(across, down)
    features: Floats = np.stack(
        [
            smallest,
            largest,
            np.log(radii_mm.mean(axis=1) / limit_mm.mean()),
            np.clip(margins.mean(axis=1), 0, 15),
            np.clip(margins.std(axis=1) / limit_mm.mean(), 0, 1),
            (radii_mm >= limit_mm - 2 * STEP_MM).mean(axis=1),
            np.full(len(radii_mm), np.log(width * height) / 2),
        ],
        axis=1,
    )
    return features
