"""Invented lesions of the eight coarse types: how they may look, and where in a painted stack there is room for one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.pipelines.phantoms.body import PHASES, Phase
from tools.pipelines.phantoms.canvas import Floats, Tissue

SMALLEST_RADIUS_MM = 2.6
STEP = 4  # places are looked for on every fourth pixel


@dataclass(frozen=True)
class LesionModel:
    """One way in which lesions of a type look. Ranges are drawn from evenly; sizes are diameters."""

    density: str
    hu: tuple[float, float]
    size_mm: tuple[float, float]
    margins: tuple[str, ...]
    home: tuple[Tissue, ...]
    room: float = 0.6  # distance to the edge of `home`, in radii, that the centre needs
    edge: bool = False  # sits at the edge of its organ
    near: tuple[Tissue, ...] = ()  # lies within a few mm of one of these
    weight: float = 1.0


@dataclass(frozen=True)
class Site:
    """A lesion placed in a stack: centre in (slice, row, column), radii in mm along its own axes."""

    lesion_type: str
    kind: LesionModel
    margin: str
    centre: tuple[int, float, float]
    radii_mm: tuple[float, float, float]
    angle: float
    lumps: tuple[tuple[int, float, float, float], ...]  # waves around, relative amplitude, phase, twist with z
    lobes: tuple[int, float]  # how many, how deep the notches between them
    hu: float
    seed: int


SMOOTH, LOBULATED, SPICULATED, BLURRED = "smooth", "lobulated", "spiculated", "ill-defined"
V, M, B = Tissue.VISCERAL, Tissue.MEDIASTINUM, (Tissue.MARROW, Tissue.BONE)
PELVIC = (Tissue.BONE, Tissue.BLADDER, Tissue.BOWEL)
LESION_MODELS: dict[str, tuple[LesionModel, ...]] = {
    "bone": (
        LesionModel("lytic", (35, 75), (8, 34), (SMOOTH, LOBULATED, BLURRED), B, 0.25),
        LesionModel("sclerotic", (560, 950), (6, 28), (SMOOTH, LOBULATED, BLURRED), B, 0.3),
        LesionModel("mixed", (40, 80), (12, 34), (LOBULATED, BLURRED), B, 0.25, weight=0.5),
    ),
    "abdomen": (
        LesionModel("solid", (75, 105), (8, 30), (SMOOTH, LOBULATED), (V,), 0.45, near=(Tissue.VESSEL,)),
        LesionModel("solid", (60, 95), (12, 48), (SPICULATED, LOBULATED, BLURRED), (V,), 0.55, near=(Tissue.BOWEL,)),
        LesionModel("necrotic", (75, 100), (18, 55), (SMOOTH, LOBULATED), (V,), 0.5, weight=0.6),
        LesionModel("calcified", (70, 95), (12, 36), (SPICULATED, LOBULATED), (V,), 0.55, weight=0.4),
        LesionModel("cystic", (2, 14), (12, 50), (SMOOTH,), (V,), 0.55, weight=0.4),
    ),
    "mediastinum": (
        LesionModel("solid", (65, 105), (8, 34), (SMOOTH, LOBULATED), (M,), 0.5, weight=2),
        LesionModel("necrotic", (75, 105), (16, 48), (SMOOTH, LOBULATED), (M,), 0.5, weight=0.7),
        LesionModel("calcified", (65, 95), (8, 26), (SMOOTH, LOBULATED), (M,), 0.5, weight=0.5),
        LesionModel("solid", (50, 85), (18, 55), (LOBULATED, BLURRED), (M,), 0.5, weight=0.6),
    ),
    "liver": (
        LesionModel("solid", (-48, -28), (7, 50), (SMOOTH, LOBULATED, BLURRED), (Tissue.LIVER,), 0.75, weight=2),
        LesionModel("cystic", (0, 10), (6, 55), (SMOOTH,), (Tissue.LIVER,), 0.8),
        LesionModel("necrotic", (-30, -12), (16, 60), (SMOOTH, LOBULATED), (Tissue.LIVER,), 0.75, weight=0.8),
        LesionModel("enhancing", (50, 80), (7, 36), (SMOOTH, LOBULATED), (Tissue.LIVER,), 0.8, weight=0.8),
        LesionModel("rim-enhancing", (-55, -35), (14, 50), (LOBULATED,), (Tissue.LIVER,), 0.8, weight=0.8),
    ),
    "lung": (
        LesionModel(
            "solid", (15, 60), (5, 32), (SMOOTH, LOBULATED, SPICULATED, SPICULATED), (Tissue.LUNG,), 0.5, weight=2.5
        ),
        LesionModel("ground-glass", (-690, -480), (7, 32), (BLURRED,), (Tissue.LUNG,), 0.7),
        LesionModel("part-solid", (-650, -470), (10, 34), (BLURRED, SPICULATED), (Tissue.LUNG,), 0.7),
        LesionModel("calcified", (260, 900), (4, 16), (SMOOTH,), (Tissue.LUNG,), 0.6, weight=0.7),
        LesionModel("cavitary", (20, 60), (14, 42), (LOBULATED, SPICULATED), (Tissue.LUNG,), 0.7, weight=0.6),
    ),
    "kidney": (
        LesionModel("cystic", (-2, 12), (8, 55), (SMOOTH,), (Tissue.KIDNEY,), 0.1, edge=True, weight=1.3),
        LesionModel("solid", (70, 115), (10, 50), (SMOOTH, LOBULATED), (Tissue.KIDNEY,), 0.1, edge=True),
        LesionModel("necrotic", (85, 125), (18, 58), (LOBULATED,), (Tissue.KIDNEY,), 0.1, edge=True, weight=0.7),
        LesionModel("fatty", (-90, -35), (12, 32), (SMOOTH, LOBULATED), (Tissue.KIDNEY,), 0.1, edge=True, weight=0.35),
    ),
    "soft tissue": (
        LesionModel("solid", (30, 75), (7, 30), (SMOOTH, LOBULATED, SPICULATED), (Tissue.FAT,), 0.8, weight=2),
        LesionModel("solid", (65, 100), (8, 26), (SMOOTH, LOBULATED), (Tissue.AXILLA,), 0.5, weight=1.2),
        LesionModel("necrotic", (85, 115), (14, 52), (LOBULATED, BLURRED), (Tissue.MUSCLE,), 0.55),
        LesionModel("fatty", (-108, -92), (14, 52), (SMOOTH,), (Tissue.MUSCLE,), 0.6, weight=0.6),
        LesionModel("cystic", (6, 22), (8, 34), (SMOOTH,), (Tissue.FAT,), 0.8, weight=0.5),
    ),
    "pelvis": (
        LesionModel("solid", (70, 105), (8, 30), (SMOOTH, LOBULATED), (V,), 0.4, near=(Tissue.VESSEL,), weight=2),
        LesionModel("cystic", (2, 16), (16, 60), (SMOOTH,), (V,), 0.5, near=(Tissue.ORGAN, Tissue.BLADDER)),
        LesionModel("solid", (55, 90), (12, 50), (LOBULATED, SPICULATED, BLURRED), (V,), 0.5, near=PELVIC, weight=0.8),
        LesionModel("necrotic", (70, 100), (18, 55), (LOBULATED,), (V,), 0.45, near=PELVIC, weight=0.7),
    ),
}  # fmt: skip


class Finder:
    """Find room for lesions in one painted stack and keeps them apart."""

    def __init__(
        self, tissue: NDArray[np.uint8], spacing_mm: float, thickness_mm: float, rng: np.random.Generator
    ) -> None:
        self.tissue, self.spacing, self.thickness, self.rng = tissue, spacing_mm, thickness_mm, rng
        self.coarse = tissue[:, ::STEP, ::STEP]
        self.room: dict[tuple[Tissue, ...], Floats] = {}
        self.taken: list[tuple[float, float, float, float]] = []

    def place(self, lesion_type: str, phase: Phase) -> Site | None:
        """Place a lesion of this type where there is room for it, or None."""
        rng = self.rng
        kinds = [k for k in LESION_MODELS[lesion_type] if np.any(np.isin(self.coarse, k.home))]
        if phase == "plain":
            kinds = [k for k in kinds if "enhancing" not in k.density]
        if not kinds:
            return None
        weights = np.array([k.weight for k in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        low, high = kind.size_mm
        radius = 0.5 * low * (high / low) ** (rng.random() ** 1.35)
        while radius >= SMALLEST_RADIUS_MM:
            spot = self._spot(kind, radius)
            if spot is not None:
                return self._shape(lesion_type, kind, radius, spot, phase)
            radius *= 0.82
        return None

    def _depth(self, home: tuple[Tissue, ...]) -> Floats:
        if home not in self.room:
            inside = np.isin(self.coarse, home)
            step = self.spacing * STEP
            self.room[home] = np.stack([ndimage.distance_transform_edt(s) * step for s in inside]).astype(np.float32)
        return self.room[home]

    def _spot(self, kind: LesionModel, radius: float) -> tuple[int, float, float] | None:
        depth = self._depth(kind.home)
        inner = slice(1, -1) if depth.shape[0] > 3 else slice(None)
        slack = 0.75 * STEP * self.spacing if kind.room >= 0.5 else 0.1  # depths are those of the coarse grid
        fits = depth[inner] >= kind.room * radius + slack
        if kind.edge:
            fits &= depth[inner] < 2.5 + 0.15 * radius
        if kind.near:
            fits &= self._depth(tuple(t for t in Tissue if t not in kind.near))[inner] < radius + 7
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
        self, lesion_type: str, kind: LesionModel, radius: float, spot: tuple[int, float, float], phase: Phase
    ) -> Site:
        rng = self.rng
        margin = kind.margins[int(rng.integers(len(kind.margins)))]
        stretch = rng.uniform(1.0, 1.45 if lesion_type in ("abdomen", "mediastinum", "pelvis", "bone") else 1.25)
        radii = (radius * np.sqrt(stretch), radius / np.sqrt(stretch), radius * rng.uniform(0.8, 1.15))
        strength = {SMOOTH: 0.03, LOBULATED: 0.08, SPICULATED: 0.09, BLURRED: 0.09}[margin]
        lumps = tuple(
            (k, 2 * strength * rng.uniform(0.4, 1) / k, rng.uniform(0, 2 * np.pi), rng.uniform(-1.2, 1.2))
            for k in (2, 3, 4, 5)
        )
        lobes = (int(rng.integers(3, 7)), rng.uniform(0.16, 0.3)) if margin == LOBULATED else (0, 0.0)
        hu = rng.uniform(*kind.hu)
        liver_hu = PHASES[phase].liver
        if lesion_type == "liver" and kind.density != "cystic":  # given against the enhancing liver around it
            hu = liver_hu + hu * min(max(liver_hu / 112, 0.55), 1)
        elif phase == "plain" and 45 < hu < 200:
            hu = 38 + 0.2 * (hu - 45)
        return Site(
            lesion_type, kind, margin, spot, (float(radii[0]), float(radii[1]), float(radii[2])),
            float(rng.uniform(0, np.pi)), lumps, lobes, float(hu), int(rng.integers(2**31)),
        )  # fmt: skip
