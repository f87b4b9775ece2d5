"""Invented lesions of the eight coarse types: what they look like, where they may sit, and how they are painted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.phantom_canvas import Floats, Tissue, Window3

LESION_TYPES = ("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis")
SMALLEST_RADIUS_MM = 2.6
STEP = 4  # places are looked for on every fourth pixel


@dataclass(frozen=True)
class Kind:
    """One way in which lesions of a type look. Ranges are drawn from evenly; sizes are diameters."""

    density: str
    hu: tuple[float, float]
    size_mm: tuple[float, float]
    margins: tuple[str, ...]
    home: tuple[Tissue, ...]
    room: float = 0.6  # distance to the edge of `home`, in radii, that the centre needs
    edge: bool = False  # sits at the edge of its organ
    near_vessel: bool = False
    weight: float = 1.0


@dataclass(frozen=True)
class Site:
    """A lesion placed in a stack: centre in (slice, row, column), radii in mm along its own axes."""

    lesion_type: str
    kind: Kind
    margin: str
    centre: tuple[int, float, float]
    radii_mm: tuple[float, float, float]
    angle: float
    lumps: tuple[tuple[int, float, float, float], ...]
    hu: float
    seed: int


SMOOTH, LOBULATED, SPICULATED, BLURRED = "smooth", "lobulated", "spiculated", "ill-defined"
V, M, B = Tissue.VISCERAL, Tissue.MEDIASTINUM, (Tissue.MARROW, Tissue.BONE)
KINDS: dict[str, tuple[Kind, ...]] = {
    "bone": (
        Kind("lytic", (35, 75), (8, 34), (SMOOTH, LOBULATED, BLURRED), B, 0.25),
        Kind("sclerotic", (560, 950), (6, 28), (SMOOTH, LOBULATED, BLURRED), B, 0.3),
        Kind("mixed", (60, 140), (12, 34), (LOBULATED, BLURRED), B, 0.25, weight=0.5),
    ),
    "abdomen": (
        Kind("solid", (75, 105), (8, 30), (SMOOTH, LOBULATED), (V,), 0.45, near_vessel=True),
        Kind("solid", (60, 95), (12, 48), (SPICULATED, LOBULATED, BLURRED), (V,), 0.55),
        Kind("necrotic", (75, 100), (18, 55), (SMOOTH, LOBULATED), (V,), 0.5, weight=0.6),
        Kind("calcified", (70, 95), (12, 36), (SPICULATED, LOBULATED), (V,), 0.55, weight=0.4),
        Kind("cystic", (2, 14), (12, 50), (SMOOTH,), (V,), 0.55, weight=0.4),
    ),
    "mediastinum": (
        Kind("solid", (65, 105), (8, 34), (SMOOTH, LOBULATED), (M,), 0.3, weight=2),
        Kind("necrotic", (75, 105), (16, 48), (SMOOTH, LOBULATED), (M,), 0.3, weight=0.7),
        Kind("calcified", (65, 95), (8, 26), (SMOOTH, LOBULATED), (M,), 0.3, weight=0.5),
        Kind("solid", (50, 85), (18, 55), (LOBULATED, BLURRED), (M,), 0.3, weight=0.6),
    ),
    "liver": (
        Kind("solid", (-48, -28), (7, 50), (SMOOTH, LOBULATED, BLURRED), (Tissue.LIVER,), 0.75, weight=2),
        Kind("cystic", (0, 10), (6, 55), (SMOOTH,), (Tissue.LIVER,), 0.8),
        Kind("necrotic", (-30, -12), (16, 60), (SMOOTH, LOBULATED), (Tissue.LIVER,), 0.75, weight=0.8),
        Kind("enhancing", (50, 80), (7, 36), (SMOOTH, LOBULATED), (Tissue.LIVER,), 0.8, weight=0.8),
        Kind("rim-enhancing", (-55, -35), (14, 50), (LOBULATED,), (Tissue.LIVER,), 0.8, weight=0.8),
    ),
    "lung": (
        Kind("solid", (15, 60), (5, 32), (SMOOTH, LOBULATED, SPICULATED, SPICULATED), (Tissue.LUNG,), 0.5, weight=2.5),
        Kind("ground-glass", (-690, -480), (7, 32), (BLURRED,), (Tissue.LUNG,), 0.7),
        Kind("part-solid", (-650, -470), (10, 34), (BLURRED, SPICULATED), (Tissue.LUNG,), 0.7),
        Kind("calcified", (260, 900), (4, 16), (SMOOTH,), (Tissue.LUNG,), 0.6, weight=0.7),
        Kind("cavitary", (20, 60), (14, 42), (LOBULATED, SPICULATED), (Tissue.LUNG,), 0.7, weight=0.6),
    ),
    "kidney": (
        Kind("cystic", (-2, 12), (8, 55), (SMOOTH,), (Tissue.KIDNEY,), 0.1, edge=True, weight=1.3),
        Kind("solid", (70, 115), (10, 50), (SMOOTH, LOBULATED), (Tissue.KIDNEY,), 0.1, edge=True),
        Kind("necrotic", (85, 125), (18, 58), (LOBULATED,), (Tissue.KIDNEY,), 0.1, edge=True, weight=0.7),
        Kind("fatty", (-90, -35), (8, 32), (SMOOTH, LOBULATED), (Tissue.KIDNEY,), 0.1, edge=True, weight=0.5),
    ),
    "soft tissue": (
        Kind("solid", (30, 75), (7, 30), (SMOOTH, LOBULATED, SPICULATED), (Tissue.FAT,), 0.8, weight=2),
        Kind("solid", (65, 100), (8, 26), (SMOOTH, LOBULATED), (Tissue.AXILLA,), 0.5, weight=1.2),
        Kind("necrotic", (85, 115), (14, 52), (LOBULATED, BLURRED), (Tissue.MUSCLE,), 0.55),
        Kind("fatty", (-108, -92), (14, 52), (SMOOTH,), (Tissue.MUSCLE,), 0.6, weight=0.6),
        Kind("cystic", (6, 22), (8, 34), (SMOOTH,), (Tissue.FAT,), 0.8, weight=0.5),
    ),
    "pelvis": (
        Kind("solid", (70, 105), (8, 30), (SMOOTH, LOBULATED), (V,), 0.4, near_vessel=True, weight=2),
        Kind("cystic", (2, 16), (16, 60), (SMOOTH,), (V,), 0.5),
        Kind("solid", (55, 90), (12, 50), (LOBULATED, SPICULATED, BLURRED), (V,), 0.5, weight=0.8),
        Kind("necrotic", (70, 100), (18, 55), (LOBULATED,), (V,), 0.45, weight=0.7),
    ),
}  # fmt: skip
HARD = (Tissue.BONE, Tissue.MARROW, Tissue.VESSEL, Tissue.SKIN, Tissue.AIR, Tissue.GAS)


class Finder:
    """Finds room for lesions in one painted stack and keeps them apart."""

    def __init__(
        self, tissue: NDArray[np.uint8], spacing_mm: float, thickness_mm: float, rng: np.random.Generator
    ) -> None:
        self.tissue, self.spacing, self.thickness, self.rng = tissue, spacing_mm, thickness_mm, rng
        self.coarse = tissue[:, ::STEP, ::STEP]
        self.room: dict[tuple[Tissue, ...], Floats] = {}
        self.taken: list[tuple[float, float, float, float]] = []

    def place(self, lesion_type: str, liver_hu: float) -> Site | None:
        """A lesion of this type where there is room for it, or None."""
        rng = self.rng
        kinds = [k for k in KINDS[lesion_type] if all(np.any(self.coarse == h) for h in k.home[:1])]
        if not kinds:
            return None
        weights = np.array([k.weight for k in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        low, high = kind.size_mm
        radius = 0.5 * low * (high / low) ** (rng.random() ** 1.35)
        while radius >= SMALLEST_RADIUS_MM:
            spot = self._spot(kind, radius)
            if spot is not None:
                return self._shape(lesion_type, kind, radius, spot, liver_hu)
            radius *= 0.82
        return None

    def _depth(self, home: tuple[Tissue, ...]) -> Floats:
        if home not in self.room:
            inside = np.isin(self.coarse, home)
            step = self.spacing * STEP
            self.room[home] = np.stack([ndimage.distance_transform_edt(s) * step for s in inside]).astype(np.float32)
        return self.room[home]

    def _spot(self, kind: Kind, radius: float) -> tuple[int, float, float] | None:
        depth = self._depth(kind.home)
        inner = slice(1, -1) if depth.shape[0] > 3 else slice(None)
        fits = depth[inner] >= max(kind.room * radius, 0.1)
        if kind.edge:
            fits &= depth[inner] < 2.5 + 0.15 * radius
        if kind.near_vessel:
            far = self._depth(tuple(t for t in Tissue if t != Tissue.VESSEL))
            fits &= far[inner] < radius + 7
        slices, rows, columns = np.nonzero(fits)
        for pick in self.rng.integers(len(slices), size=12) if len(slices) else ():
            jitter = self.rng.uniform(-0.5, 0.5, 2) * STEP
            spot = (
                int(slices[pick]) + (inner.start or 0),
                rows[pick] * STEP + jitter[0],
                columns[pick] * STEP + jitter[1],
            )
            here = (spot[0] * self.thickness, spot[1] * self.spacing, spot[2] * self.spacing)
            gaps = [np.hypot(np.hypot(here[0] - z, here[1] - y), here[2] - x) - r for z, y, x, r in self.taken]
            if all(gap > 1.25 * radius + 4 for gap in gaps):
                self.taken.append((*here, 1.25 * radius))
                return spot
        return None

    def _shape(
        self, lesion_type: str, kind: Kind, radius: float, spot: tuple[int, float, float], liver_hu: float
    ) -> Site:
        rng = self.rng
        margin = kind.margins[int(rng.integers(len(kind.margins)))]
        stretch = rng.uniform(1.0, 1.45 if lesion_type in ("abdomen", "mediastinum", "pelvis", "bone") else 1.25)
        radii = (radius * np.sqrt(stretch), radius / np.sqrt(stretch), radius * rng.uniform(0.8, 1.15))
        strength = {SMOOTH: 0.03, LOBULATED: 0.13, SPICULATED: 0.09, BLURRED: 0.1}[margin]
        waves = (2, 3) if margin == SMOOTH else (2, 3, 4, 5, 7)
        lumps = tuple(
            (k, strength * rng.uniform(0.4, 1), rng.uniform(0, 2 * np.pi), rng.uniform(-1.5, 1.5)) for k in waves
        )
        hu = rng.uniform(*kind.hu)
        if lesion_type == "liver" and kind.density != "cystic":
            hu += liver_hu  # given against the liver around it
        return Site(
            lesion_type, kind, margin, spot, (float(radii[0]), float(radii[1]), float(radii[2])),
            float(rng.uniform(0, np.pi)), lumps, float(hu), int(rng.integers(2**31)),
        )  # fmt: skip


def paint_lesion(
    hu: Floats, tissue: NDArray[np.uint8], site: Site, spacing_mm: float, thickness_mm: float, growth: float = 1.0
) -> tuple[Window3, NDArray[np.bool_]] | None:
    """Paint a lesion into `hu` in place. Returns its window and mask there, None if too little of it shows.

    `growth` scales it: the same lesion at another visit.
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
    return (noise / (noise.std() + np.float32(1e-6))).astype(np.float32)


def _allowed(site: Site, tissue: NDArray[np.uint8]) -> Floats:
    """Share of each voxel that the lesion may take: nodes lie against vessels, bone lesions stay near bone."""
    if site.lesion_type == "bone":
        bone = np.isin(tissue, KINDS["bone"][0].home).astype(np.float32)
        spread = 3.0 if site.kind.density != "sclerotic" else 0.8
        return np.clip(2.2 * ndimage.gaussian_filter(bone, (0, spread, spread)), 0, 1).astype(np.float32)
    hard = HARD if site.lesion_type not in ("liver", "lung") else (Tissue.BONE, Tissue.SKIN, Tissue.AIR, Tissue.HEART)
    if site.lesion_type == "lung":
        hard = (*hard, Tissue.VESSEL, Tissue.MEDIASTINUM, Tissue.MARROW)
    free = (~np.isin(tissue, hard)).astype(np.float32)
    return np.asarray(ndimage.uniform_filter(free, (1, 3, 3)), np.float32)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part: a vessel may have cut a piece off."""
    parts, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return np.asarray(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])), bool)


def _inside(site: Site, depth: Floats, mean: float, grain: Floats, view: Floats, rng: np.random.Generator) -> Floats:
    """HU of the lesion's voxels by its density."""
    density, deep = site.kind.density, depth / np.float32(mean)  # `deep`: 0 at the surface, about 1 in the middle
    hu = np.float32(site.hu) + grain * np.float32(2 if density == "cystic" else 5)

    def blend(share: Floats, other: float | Floats) -> Floats:
        return np.asarray(hu + np.clip(share, 0, 1) * (other - hu), np.float32)

    if density == "necrotic":
        return blend((deep - 0.32 + 0.08 * grain) / 0.12, 20 + 5 * grain)
    if density == "cavitary":
        return blend((deep - 0.36 + 0.05 * grain) / 0.08, -930.0)
    if density == "ground-glass":
        return np.maximum(view, hu + 18 * grain)
    if density == "part-solid":
        core = np.clip((deep - rng.uniform(0.4, 0.6) + 0.08 * grain) / 0.15, 0, 1)
        return np.maximum(view, hu + 15 * grain + core * (30 - hu))
    if density == "calcified":
        if site.lesion_type == "lung":
            return blend((deep - rng.uniform(-0.2, 0.3)) / 0.2, max(site.hu, 300.0)) if rng.random() < 0.5 else hu
        specks = (grain - rng.uniform(0.6, 1.1)) / 0.4 if rng.random() < 0.6 else (deep - 0.6) / 0.2
        return blend(specks * (deep > 0.15), rng.uniform(300, 700))
    if density == "rim-enhancing":
        rim = np.clip((0.3 - deep + 0.16 * grain) / 0.1, 0, 1) * (grain > -0.5)
        return blend(rim, site.hu + 95)
    if density == "mixed":
        return blend((grain - 0.2) / 0.6, 620.0)
    if density == "sclerotic":
        return hu + 40 * grain
    if density == "fatty":
        return hu + 6 * grain
    return hu + 3 * grain


def _spikes(
    rng: np.random.Generator, x: Floats, y: Floats, z: Floats, depth: Floats, mean: float, spacing_mm: float
) -> Floats:
    """Thin rays that leave the surface and fade."""
    cover = np.zeros(depth.shape, np.float32)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(9, 15)), endpoint=False) + rng.normal(0, 0.2):
        angle += rng.normal(0, 0.18)
        lift, length = rng.normal(0, 0.5), mean * rng.uniform(1.3, 1.9) + 1.5
        direction = np.array([np.cos(angle), np.sin(angle), lift]) / np.sqrt(1 + lift * lift)
        along = direction[0] * x + direction[1] * y + direction[2] * z
        off = np.sqrt(np.maximum(x * x + y * y + z * z - along * along, 0))
        half = np.clip((length - along) / length, 0, 1) * np.float32(0.22 * mean + 0.5)
        ray = np.clip((half - off) / np.float32(1.3 * spacing_mm) + np.float32(0.5), 0, 1)
        cover = np.maximum(cover, ray * (along > 0) * (along < length))
    return cover * np.float32(0.85)
