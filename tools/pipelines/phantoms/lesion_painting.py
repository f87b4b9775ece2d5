"""Lesions painted into a stack of slices: shape, margin and inner structure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.pipelines.phantoms.canvas import Floats, Tissue, Window3
from tools.pipelines.phantoms.lesion_models import BLURRED, LESION_MODELS, SMOOTH, SPICULATED, Site

HARD = (Tissue.BONE, Tissue.MARROW, Tissue.VESSEL, Tissue.SKIN, Tissue.AIR, Tissue.GAS, Tissue.HEART)
SOLID = (Tissue.LIVER, Tissue.SPLEEN, Tissue.KIDNEY)
# what a lesion of a type lies against and does not replace
BARRIERS: dict[str, tuple[Tissue, ...]] = {
    "abdomen": (*HARD, *SOLID, Tissue.MUSCLE, Tissue.FAT),
    "mediastinum": HARD,
    "liver": (Tissue.BONE, Tissue.SKIN, Tissue.AIR, Tissue.HEART, Tissue.LUNG),
    "lung": (Tissue.BONE, Tissue.MARROW, Tissue.SKIN, Tissue.AIR, Tissue.HEART, Tissue.VESSEL, Tissue.MEDIASTINUM),
    "kidney": (*HARD, Tissue.LIVER, Tissue.SPLEEN, Tissue.MUSCLE),
    "soft tissue": (*HARD, *SOLID, Tissue.LUNG, Tissue.VISCERAL, Tissue.MEDIASTINUM, Tissue.BOWEL),
    "pelvis": (*HARD, Tissue.MUSCLE, Tissue.FAT),
}


def paint_lesion(
    hu: Floats, tissue: NDArray[np.uint8], site: Site, spacing_mm: float, thickness_mm: float, growth: float = 1.0
) -> tuple[Window3, NDArray[np.bool_]] | None:
    """Paint a lesion into `hu` in place. Returns its window and mask there, None if too little of it shows.

    `growth` scales it: the same lesion in another study.
    """
    rng = np.random.default_rng(site.seed)
    radii = np.array(site.radii_mm) * growth
    mean = float(np.sqrt(radii[0] * radii[1]))
    reach = 1.3 * float(max(radii)) + 3 * spacing_mm
    if site.margin == SPICULATED:
        reach += 0.8 * mean + 2
    window = _window(site, reach, float(radii[2]), hu.shape, spacing_mm, thickness_mm)
    z, y, x = (
        (np.arange(w.start, w.stop, dtype=np.float32) - np.float32(c)) * np.float32(s)
        for w, c, s in zip(window, site.centre, (thickness_mm, spacing_mm, spacing_mm), strict=True)
    )
    x, y, z = x[None, None, :], y[None, :, None], z[:, None, None]
    cos, sin = np.float32(np.cos(site.angle)), np.float32(np.sin(site.angle))
    u, v, w = (cos * x + sin * y) / radii[0], (cos * y - sin * x) / radii[1], z / radii[2]
    theta = np.arctan2(v, u)
    swell = np.ones(np.broadcast_shapes(theta.shape, w.shape), np.float32)
    for waves, amplitude, phase, twist in site.lumps:
        swell += np.float32(amplitude) * np.cos(waves * theta + np.float32(phase) + np.float32(twist) * w)
    if site.lobes[0]:  # rounded outwards, notched between
        uneven = theta + np.float32(0.55) * np.sin(theta + np.float32(site.angle))
        ripple = np.abs(np.cos(0.5 * site.lobes[0] * uneven + np.float32(0.7) * w)) - np.float32(0.64)
        swell = swell + np.float32(site.lobes[1]) * ripple
    depth = ((swell - np.sqrt(u * u + v * v + w * w)) * mean).astype(np.float32)
    grain = _grain(rng, depth.shape, 2.2 / spacing_mm)
    edge = max(1.3 * spacing_mm, 0.55 * mean) if site.margin == BLURRED else 1.3 * spacing_mm
    if site.margin == BLURRED:
        depth += np.float32(0.14 * mean) * grain
    cover = np.clip(depth / np.float32(edge) + np.float32(0.5), 0, 1)
    cover *= _allowed(site, tissue[window])
    mask = _largest(cover >= 0.5)
    if mask.sum() * spacing_mm**2 < 9:
        return None
    view = hu[window]
    inside = _inside(site, depth, mean, grain, view, rng)
    if site.margin == SPICULATED:
        spikes = _spikes(rng, x, y, z, depth, mean, spacing_mm) * _allowed(site, tissue[window])
        view += spikes * (np.maximum(inside, view) - view)
    view += cover * (inside - view)
    return window, mask


def _window(
    site: Site, reach: float, reach_z: float, shape: Sequence[int], spacing_mm: float, thickness_mm: float
) -> Window3:
    cut = []
    for centre, size, distance, step in zip(
        site.centre, shape, (1.3 * reach_z, reach, reach), (thickness_mm, spacing_mm, spacing_mm), strict=True
    ):
        cut.append(slice(max(0, int(centre - distance / step)), min(size, int(centre + distance / step) + 2)))
    return cut[0], cut[1], cut[2]


def _grain(rng: np.random.Generator, shape: tuple[int, ...], sigma_px: float) -> Floats:
    """Smooth noise of unit variance: the unevenness inside a lesion."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), (0.4, sigma_px, sigma_px))
    return np.asarray(noise / (noise.std() + 1e-6), np.float32)


def _allowed(site: Site, tissue: NDArray[np.uint8]) -> Floats:
    """Share of each voxel that the lesion may take: nodes lie against vessels, bone lesions stay near bone."""
    if site.lesion_type == "bone":
        bone = np.isin(tissue, LESION_MODELS["bone"][0].home).astype(np.float32)
        spread = 3.0 if site.kind.density != "sclerotic" else 0.8
        near = 2.2 * np.asarray(ndimage.gaussian_filter(bone, (0, spread, spread)), np.float32)
        return near.clip(0, 1)
    free = (~np.isin(tissue, BARRIERS[site.lesion_type])).astype(np.float32)
    return np.asarray(ndimage.uniform_filter(free, (1, 3, 3)), np.float32)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part: a vessel may have cut a piece off."""
    parts, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return np.asarray(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])), bool)


def _inside(
    site: Site, depth: Floats, mean: float, grain: Floats, view: Floats, rng: np.random.Generator
) -> NDArray[Any]:
    """HU of the lesion's voxels by its density."""
    density, deep = site.kind.density, depth / np.float32(mean)  # `deep`: 0 at the surface, about 1 in the middle
    hu = site.hu + grain * (2 if density == "cystic" else 5)

    def blend(share: NDArray[Any], other: float | NDArray[Any]) -> NDArray[Any]:
        return np.asarray(hu + np.clip(share, 0, 1) * (other - hu))

    if density == "necrotic":
        return blend((deep - 0.32 + 0.08 * grain) / 0.12, 20 + 5 * grain)
    if density == "cavitary":
        return blend((deep - 0.36 + 0.05 * grain) / 0.08, -930.0)
    if density == "ground-glass":
        return np.asarray(np.maximum(view, hu + 18 * grain))
    if density == "part-solid":
        core = np.clip((deep - rng.uniform(0.4, 0.6) + 0.08 * grain) / 0.15, 0, 1)
        return np.asarray(np.maximum(view, hu + 15 * grain + core * (30 - hu)))
    if density == "calcified":
        if site.lesion_type == "lung":
            return blend((deep - rng.uniform(-0.2, 0.3)) * 5, max(site.hu, 300.0)) if rng.random() < 0.5 else hu
        flecked = rng.random() < 0.6
        chalk = (grain - rng.uniform(0.6, 1.1)) * 2.5 if flecked else (deep - 0.6) * 5
        return blend(chalk * (deep > 0.15), rng.uniform(300, 700))
    if density == "rim-enhancing":
        rim = np.clip((0.3 - deep + 0.16 * grain) / 0.1, 0, 1) * (grain > -0.5)
        return blend(rim, site.hu + 95)
    if density == "mixed":
        return blend((grain - 0.1) / 0.6, 640.0)
    if density == "lytic" and site.margin == SMOOTH:
        return blend((0.16 - deep) / 0.08, 420.0)
    if density == "sclerotic":
        return hu + 40 * grain
    if density == "fatty":
        return hu + 6 * grain
    return hu + 3 * grain


def _spikes(
    rng: np.random.Generator, x: Floats, y: Floats, z: Floats, depth: Floats, mean: float, spacing_mm: float
) -> Floats:
    """Paint thin rays that leave the surface and fade."""
    cover = np.zeros(depth.shape, np.float32)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(9, 15)), endpoint=False) + rng.normal(0, 0.2):
        angle += rng.normal(0, 0.18)
        lift, length = rng.normal(0, 0.5), mean * rng.uniform(1.3, 1.9) + 1.5
        direction = np.array([np.cos(angle), np.sin(angle), lift]) / np.sqrt(1 + lift * lift)
        along = direction[0] * x + direction[1] * y + direction[2] * z
        off = np.sqrt(np.maximum(x * x + y * y + z * z - along * along, 0))
        half = np.clip((length - along) / length, 0, 1) * np.float32(0.26 * mean + 0.6)
        ray = np.clip((half - off) / np.float32(1.3 * spacing_mm) + np.float32(0.5), 0, 1)
        cover = np.maximum(cover, ray * (along > 0) * (along < length))
    return cover * np.float32(0.85)
