"""The invented patient and what every region of the body shares: outline, skin, fat, enhancement, loops of bowel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.pipelines.phantoms.canvas import Canvas, Floats, Point, Tissue

Phase = Literal["plain", "arterial", "portal"]

# z in mm (0 is the hips, 580 the neck), half-width and half-depth of the muscle wall, then the fat on it at the front,
# sides and back as a share of `Patient.fat_mm`
OUTLINE = np.array(
    [
        (-60, 172, 92, 0.5, 1.3, 1.0),
        (0, 170, 95, 0.7, 1.2, 1.1),
        (60, 160, 92, 0.9, 1.0, 1.2),
        (120, 150, 88, 1.0, 1.1, 1.1),
        (180, 143, 88, 1.1, 1.0, 0.8),
        (250, 143, 92, 1.0, 0.7, 0.6),
        (330, 147, 98, 0.8, 0.5, 0.5),
        (420, 150, 103, 0.6, 0.5, 0.45),
        (500, 155, 98, 0.5, 0.6, 0.5),
        (580, 158, 80, 0.4, 0.6, 0.5),
    ],
    np.float32,
)
RIBS_FROM_MM = 285.0  # below this level the wall of the trunk is muscle only
FAT_HU = -102.0
SIDES = (-1, 1)  # the patient's right and left


@dataclass(frozen=True)
class Enhancement:
    """HU of what contrast medium changes."""

    aorta: float
    vein: float
    liver: float
    spleen: float
    cortex: float
    medulla: float
    muscle: float
    heart: float
    lung_vessel: float
    bowel_wall: float


PHASES: dict[Phase, Enhancement] = {
    "plain": Enhancement(42, 40, 57, 49, 34, 32, 54, 42, 38, 45),
    "arterial": Enhancement(310, 95, 74, 128, 185, 70, 58, 250, 157, 95),
    "portal": Enhancement(165, 158, 112, 122, 185, 150, 62, 160, 115, 95),
}


@dataclass(frozen=True)
class Patient:
    """One invented patient: what stays the same from study to study."""

    patient_id: str
    sex: Literal["F", "M"]
    age_years: int
    scale: tuple[float, float]  # width, depth
    fat_mm: float
    phase: Phase
    oral_contrast: bool
    gallbladder: bool
    anatomy_seed: int

    def half_width_mm(self, low_z_mm: float, high_z_mm: float) -> float:
        """Measure half the width of the body between two levels."""
        z = np.linspace(low_z_mm, high_z_mm, 9)
        wall, fat = (np.interp(z, OUTLINE[:, 0], OUTLINE[:, k]) for k in (1, 4))
        armpit = 14 * np.clip((z - 440) / 60, 0, 1)
        return float(np.max(wall + armpit + 2 + fat * self.fat_mm)) * self.scale[0]


class Body:
    """What the painters of the regions work with: the canvas, the patient, and the shape of the trunk.

    `wall` is the depth in mm under the outer surface of the muscle wall, `skin` under the skin, positive inside, both
    (slices, rows, columns). `pose` are eight standard normal numbers that move this patient's organs.
    """

    def __init__(self, canvas: Canvas, patient: Patient, rng: np.random.Generator) -> None:
        self.canvas, self.patient, self.rng = canvas, patient, rng
        self.hu = PHASES[patient.phase]
        self.x, self.y, self.z = canvas.grid.x[None], canvas.grid.y[None], canvas.grid.z
        self.low, self.high = float(self.z.min()), float(self.z.max())
        self.middle = (self.low + self.high) / 2
        profile = [np.interp(self.z, OUTLINE[:, 0], OUTLINE[:, k]).astype(np.float32) for k in range(1, 6)]
        self.half_width, self.half_depth, self.front, self.side, self.back = profile
        self.pose = [float(v) for v in rng.normal(0, 1, 8)]
        self.ribbed = (self.z > RIBS_FROM_MM).astype(np.float32)
        self.wall = self._oval(self.half_width, self.half_depth)
        self.skin = self._skin()
        self.inside = canvas.soft(self.skin - np.float32(2.5))

    def near(self, low: float, high: float) -> bool:
        """Tell whether the stack reaches into this range of z."""
        return self.high >= low and self.low <= high

    def reach(self, z: float, slack: float = 5.0) -> float:
        """Find the level nearest to `z` that the stack shows."""
        return float(np.clip(z, self.low - slack, self.high + slack))

    def lumps(self, strength: float, waves: tuple[int, ...] = (2, 3, 4, 5)) -> list[tuple[int, float, float]]:
        """Draw a random low-frequency outline for `Canvas.solid`."""
        rng = self.rng
        return [(k, strength * rng.uniform(0.4, 1) / k**0.5, rng.uniform(0, 6.3)) for k in waves]

    def muscle(self, centre: Point, radii: Point, angle: float = 0.0) -> None:
        """Paint the same muscle on both sides; `centre` and `angle` are those of the left one."""
        for side in SIDES:
            place = (side * centre[0], centre[1], centre[2])
            lumps = self.lumps(0.06, (2, 3))
            self.canvas.solid(place, radii, self.hu.muscle, Tissue.MUSCLE, side * angle, lumps, clip=self.inside)

    def loop(self, centre: Point, radii: Point, clip: Floats, stool: bool = False) -> None:
        """Paint one loop of bowel: enhancing wall, content, perhaps gas with a fluid level."""
        canvas, rng = self.canvas, self.rng
        angle, lumps, kind = rng.uniform(0, 180), self.lumps(0.09), rng.random()
        content = rng.uniform(-40, 40) if stool else 15.0
        if self.patient.oral_contrast and kind < 0.65:
            content = rng.uniform(160, 280)
        canvas.solid(centre, radii, content, Tissue.BOWEL, angle, lumps, clip=clip, rind=(2.3, self.hu.bowel_wall))
        if rng.random() < (0.6 if stool else 0.28):
            level = centre[1] + rng.uniform(-0.7, 0.3) * radii[1]
            self.gas(centre, radii, angle, lumps, level, 2.3, clip)

    def gas(
        self,
        centre: Point,
        radii: Point,
        angle: float,
        lumps: list[tuple[int, float, float]],
        level: float,
        wall_mm: float,
        clip: Floats,
    ) -> None:
        """Paint gas in a hollow organ, above the fluid level at y = `level`."""
        found = self.canvas.depth(centre, radii, angle, lumps)
        if found is not None:
            window, depth = found
            above = np.clip((np.float32(level) - self.y[:, window[1], window[2]]) / np.float32(1.2) + 0.5, 0, 1)
            cover = self.canvas.soft(depth - np.float32(wall_mm)) * above
            self.canvas.paint(window, cover, -950, Tissue.GAS, clip)

    def mirrored(self, *points: Point) -> Iterator[list[Point]]:
        """Lay a line of points on the patient's right, then on the left."""
        for side in SIDES:
            yield [(side * x, y, z) for x, y, z in points]

    def draw_surface(self) -> None:
        """Paint skin, fat under it with its strands, breasts, and the couch."""
        canvas, rng, fat = self.canvas, self.rng, self.patient.fat_mm
        canvas.paint(canvas.everything, canvas.soft(self.skin), 35, Tissue.SKIN)
        canvas.paint(canvas.everything, canvas.soft(self.skin - np.float32(2.2)), -104, Tissue.FAT)
        wide, deep = float(self.half_width.mean()), float(self.half_depth.mean())
        for _ in range(46):
            angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(2, 5 + 0.8 * fat)
            x, y = float(np.cos(angle)) * (wide + depth), float(np.sin(angle)) * (deep + depth)
            z, (dx, dy) = rng.uniform(self.low, self.high), rng.normal(0, 7, 2).tolist()
            canvas.tube((x, y, z - 8), (x + dx, y + dy, z + 8), (0.7, 0.7), -40, None, clip=self.inside)
        if self.patient.sex == "F" and self.near(390, 480):
            for side in SIDES:
                centre, radii = (side * 78, -103 - 0.45 * fat, 432), (25, 7 + 0.3 * fat, 32)
                lumps = self.lumps(0.25, (2, 3, 5, 7))
                canvas.solid(centre, radii, 5, None, side * 14, lumps, edge_mm=7, clip=self.inside)
        self._couch()

    def _oval(self, half_width: Floats, half_depth: Floats) -> Floats:
        """Measure the depth under the surface of an oval between an ellipse and a box."""
        u, v = self.x / half_width, self.y / half_depth
        u2, v2 = u * u, v * v
        shape = np.float32(0.57) * np.sqrt(u2 + v2) + np.float32(0.43) * np.sqrt(np.sqrt(u2 * u2 + v2 * v2))
        return np.asarray((1 - shape) * np.sqrt(self.half_width * self.half_depth), np.float32)

    def _skin(self) -> Floats:
        fat = np.float32(self.patient.fat_mm)
        ahead = np.where(self.y < 0, self.front, self.back) * fat + 2
        skin = self._oval(self.half_width + self.side * fat + 2, self.half_depth + ahead)
        bulges: list[tuple[Point, Point, float]] = []
        if self.near(440, 620):  # the arms are raised, the armpits bulge
            bulges += [((side * 138, -8, 535), (32, 48, 85), side * -10) for side in SIDES]
        if self.patient.sex == "F" and self.near(370, 500):
            size = 8 + 0.7 * self.patient.fat_mm
            bulges += [((side * 76, -88 - 0.2 * size, 432), (58, 19 + size, 66), side * 14) for side in SIDES]
        for centre, radii, angle in bulges:
            found = self.canvas.depth(centre, radii, angle)
            if found is not None:  # a smooth union, so that the skin runs on without a crease
                window, bulge = found
                mix = np.clip(np.float32(0.5) + (bulge - skin[window]) / 24, 0, 1)
                skin[window] += mix * (bulge - skin[window]) + 12 * mix * (1 - mix)
        return skin

    def _couch(self) -> None:
        grid, canvas = self.canvas.grid, self.canvas
        top = float(np.max(self.half_depth + self.back * self.patient.fat_mm)) * grid.scale[1] + 9
        size = grid.x.shape[0]
        axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(grid.spacing_mm)
        x, y = axis[None, :], axis[:, None]
        curve = y - np.float32(top) + x * x / 1400
        for offset, hu in ((0, -420), (16, -560)):
            shell = canvas.soft(np.float32(1.2) - np.abs(curve - offset))[None] * (np.abs(x) < 195)
            canvas.paint(canvas.everything, shell * (canvas.hu < -900), hu, None)
