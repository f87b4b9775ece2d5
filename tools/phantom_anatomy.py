"""The teaching patient: body, bones and organs in Hounsfield units, from the hips (z = 0 mm) to the neck (z = 580)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.phantom_canvas import Canvas, Floats, Grid, Tissue, grow_tree

Phase = Literal["plain", "arterial", "portal"]

# z, half-width and half-depth of the muscle wall, then fat at the front, side and back as a share of `fat_mm`
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
ORGAN_HU: dict[Phase, dict[str, float]] = {
    "plain": dict(aorta=42, vein=40, liver=57, spleen=49, cortex=34, medulla=32, muscle=54, heart=42, lung_vessel=40),
    "arterial": dict(aorta=310, vein=95, liver=74, spleen=128, cortex=185, medulla=70, muscle=58, heart=250, lung_vessel=210),
    "portal": dict(aorta=165, vein=158, liver=112, spleen=122, cortex=185, medulla=150, muscle=62, heart=160, lung_vessel=150),
}  # fmt: skip


@dataclass(frozen=True)
class Patient:
    """One invented person: what stays the same from visit to visit."""

    patient_id: str
    sex: Literal["F", "M"]
    age_years: int
    scale: tuple[float, float]  # width, depth
    fat_mm: float
    phase: Phase
    oral_contrast: bool
    gallbladder: bool
    anatomy_seed: int

    @property
    def half_width_mm(self) -> float:
        return (175 + 1.3 * self.fat_mm) * self.scale[0]


class Body:
    """Paints one patient's anatomy onto a canvas, from the skin inwards."""

    def __init__(self, canvas: Canvas, patient: Patient, rng: np.random.Generator) -> None:
        self.canvas, self.patient, self.rng = canvas, patient, rng
        self.hu = ORGAN_HU[patient.phase]
        grid = canvas.grid
        self.x, self.y, self.z = grid.x[None], grid.y[None], grid.z
        self.low, self.high = float(grid.z.min()), float(grid.z.max())
        self.middle = (self.low + self.high) / 2
        profile = [np.interp(grid.z, OUTLINE[:, 0], OUTLINE[:, k]).astype(np.float32) for k in range(1, 6)]
        self.a, self.b, self.front, self.side, self.back = profile
        self.wall = self._wall()
        self.tilt = rng.normal(0, 1, 8)  # pose of the organs, used by name below

    def near(self, low: float, high: float) -> bool:
        """Whether the stack reaches into this range of z."""
        return self.high >= low and self.low <= high

    def draw(self) -> None:
        self._surface()
        if self.near(352, 600):
            self._thorax()
        if self.near(130, 400):
            self._belly()
        if self.near(-60, 152):
            self._pelvis()
        self._great_vessels()
        self._spine()
        if self.near(300, 600):
            self._ribs()

    # the shell ---------------------------------------------------------------------------------------------------

    def _wall(self) -> Floats:
        """Depth in mm under the outer surface of the muscle wall (positive inside), (slices, rows, columns)."""
        u, v = self.x / self.a, self.y / self.b
        u2, v2 = u * u, v * v
        round_, boxy = np.sqrt(u2 + v2), np.sqrt(np.sqrt(u2 * u2 + v2 * v2))
        return (1 - (np.float32(0.55) * round_ + np.float32(0.45) * boxy)) * np.sqrt(self.a * self.b)

    def _surface(self) -> None:
        canvas, fat = self.canvas, np.float32(self.patient.fat_mm)
        front = np.where(self.y < 0, self.front, self.back) * fat + 2
        u, v = self.x / (self.a + self.side * fat + 2), self.y / (self.b + front)
        u2, v2 = u * u, v * v
        shape = np.float32(0.6) * np.sqrt(u2 + v2) + np.float32(0.4) * np.sqrt(np.sqrt(u2 * u2 + v2 * v2))
        skin = (1 - shape) * np.sqrt(self.a * self.b)
        if self.patient.sex == "F" and self.near(370, 500):
            size = 12 + 0.8 * self.patient.fat_mm
            for side in (-1, 1):
                breast = canvas.depth((side * 72, -92 - 0.25 * size, 435), (52, 22 + size, 62), side * -12)
                if breast is not None:
                    skin[breast[0]] = np.maximum(skin[breast[0]], breast[1])
        everything = canvas.everything
        canvas.paint(everything, canvas.soft(skin), 35, Tissue.SKIN)
        canvas.paint(everything, canvas.soft(skin - np.float32(2.2)), -104, Tissue.FAT)
        self._septa()
        if self.patient.sex == "F" and self.near(390, 480):
            for side in (-1, 1):
                lumps = [(k, self.rng.uniform(0.05, 0.16), self.rng.uniform(0, 6.3)) for k in (2, 3, 5, 7)]
                centre = (side * 74, -101 - 0.7 * self.patient.fat_mm, 432)
                canvas.solid(centre, (24, 10 + 0.4 * self.patient.fat_mm, 32), 5, None, side * -12, lumps, edge_mm=7)
        self._table()

    def _septa(self) -> None:
        """Thin strands and small veins in the fat under the skin."""
        canvas, rng = self.canvas, self.rng
        for _ in range(46):
            angle = rng.uniform(0, 2 * np.pi)
            depth = rng.uniform(2, 5 + 0.8 * self.patient.fat_mm)
            x, y = np.cos(angle) * (np.mean(self.a) + depth), np.sin(angle) * (np.mean(self.b) + depth)
            z = rng.uniform(self.low, self.high)
            step = rng.normal(0, 7, 2)
            canvas.tube((x, y, z - 8), (x + step[0], y + step[1], z + 8), (0.7, 0.7), -40, None)

    def _table(self) -> None:
        """The couch under the patient: two thin shells."""
        grid, canvas = self.canvas.grid, self.canvas
        top = float(np.max(self.b + self.back * self.patient.fat_mm)) * grid.scale[1] + 9
        size = grid.x.shape[0]
        axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(grid.spacing_mm)
        x, y = axis[None, :], axis[:, None]
        curve = y - np.float32(top) + x * x * np.float32(1 / 1400)
        for offset, hu in ((0, -420), (16, -560)):
            shell = canvas.soft(np.float32(1.2) - np.abs(curve - np.float32(offset)))[None] * (np.abs(x) < 195)
            outside = shell * (canvas.hu < -900)
            canvas.paint(canvas.everything, outside, hu, None)

    def muscle(
        self, centre: tuple[float, float, float], radii: tuple[float, float, float], angle: float = 0.0,
        both: bool = True, edge: float | None = None,
    ) -> None:  # fmt: skip
        for side in (-1, 1) if both else (1,):
            lumps = [(3, 0.04, self.rng.uniform(0, 6.3)), (2, 0.04, self.rng.uniform(0, 6.3))]
            self.canvas.solid(
                (side * centre[0], centre[1], centre[2]), radii, self.hu["muscle"], Tissue.MUSCLE, side * angle, lumps,
                edge_mm=edge,
            )  # fmt: skip

    # chest -------------------------------------------------------------------------------------------------------

    def _thorax(self) -> None:
        canvas = self.canvas
        chest = self.z > 285
        wall = np.where(chest, self.wall, np.float32(-9))
        canvas.paint(canvas.everything, canvas.soft(wall), self.hu["muscle"], Tissue.MUSCLE)
        fat_plane = np.float32(1.4) - np.abs(wall - np.float32(7.5))
        canvas.paint(canvas.everything, canvas.soft(fat_plane, 2) * np.float32(0.8), -80, Tissue.FAT)
        if self.near(480, 620):  # armpits: fat between pectoral muscle, back muscle and ribs
            for side in (-1, 1):
                lumps = [(3, 0.12, self.rng.uniform(0, 6.3))]
                canvas.solid((side * 143, -12, 530), (26, 42, 75), -100, Tissue.AXILLA, side * -10, lumps)
                for _ in range(9):
                    x, y = side * self.rng.uniform(130, 155), self.rng.uniform(-40, 20)
                    z = self.rng.uniform(self.low, self.high)
                    canvas.tube((x, y, z - 7), (x + side * 4, y + 5, z + 7), (1.6, 1.3), self.hu["vein"], None)
        self.muscle((62, -93, 500), (48, 9, 62), 14)
        self.muscle((128, 45, 480), (13, 42, 110), -32)
        self.muscle((34, 84, 420), (24, 13, 230), 4)
        self.muscle((60, 90, 540), (55, 9, 90), -10)
        cavity = canvas.soft(wall - np.float32(19))
        self.cavity = cavity
        canvas.paint(canvas.everything, cavity, -98, Tissue.MEDIASTINUM)
        self._lungs(cavity)
        self._heart()
        if self.near(500, 620):
            for side in (-1, 1):
                start, end = (side * 78, 74, 525), (side * 128, 52, 525)
                canvas.tube(start, end, (4.5, 6), 420, Tissue.BONE, flat_z=60)
                canvas.tube(start, end, (2.2, 3.4), 170, Tissue.MARROW, flat_z=60)
        if self.near(392, 530):
            rind = (2.0, 520.0)
            canvas.solid((self.tilt[0] * 2, -90, 460), (19, 6.5, 70), 150, Tissue.BONE, rind=rind, square=0.4)

    def _lungs(self, cavity: Floats) -> None:
        canvas, rng = self.canvas, self.rng
        x, y, z = self.x, self.y, self.z
        upper = np.clip((z - 455) / 50, 0, 1)
        half = 40 - 8 * upper
        middle = np.sqrt(((x - 3) / half) ** 2 + ((y + 12) / 88) ** 4)
        keep_out = (1 - middle) * 40
        spine = 29 - np.sqrt(x * x + (y - 52) ** 2)
        heart = (1 - np.sqrt(((x - 26) / 66) ** 2 + ((y + 26) / 54) ** 2 + ((z - 405) / 62) ** 2)) * 55
        keep_out = np.maximum(np.maximum(keep_out, spine), heart)
        right_dome = 384 + 3 * self.tilt[1] - ((x + 62) / 88) ** 2 * 62 - ((y - 0) / 86) ** 2 * 62
        left_dome = 370 + 3 * self.tilt[2] - ((x - 70) / 84) ** 2 * 62 - ((y - 0) / 86) ** 2 * 62
        self.dome = np.where(x < 0, right_dome, left_dome).astype(np.float32)
        above = z - self.dome
        inside = np.minimum(np.minimum(-keep_out, above), (np.float32(590) - z)).astype(np.float32)
        air = np.float32(-872) + np.clip(y, -80, 80) * np.float32(0.35) + np.float32(8 * self.tilt[3])
        air = np.broadcast_to(air, canvas.shape)
        canvas.paint(canvas.everything, cavity * canvas.soft(inside), air, Tissue.LUNG)
        below = cavity * canvas.soft((-above).astype(np.float32)) * (canvas.tissue == Tissue.MEDIASTINUM)
        canvas.paint(canvas.everything, below * (np.abs(x) > 5), -98, Tissue.VISCERAL)
        lung = (canvas.tissue == Tissue.LUNG).astype(np.float32)
        for side in (-1, 1):
            root = (side * 36.0, 4.0, float(np.clip(self.middle, 440, 480) * 0.35 + self.middle * 0.65))
            tips = canvas.where(rng, Tissue.LUNG, 300, side)
            for segment in grow_tree(root, tips, 0.42, 2.75):
                r0, r1 = (min(r, 7.0) for r in segment.radii)
                canvas.tube(segment.start, segment.end, (r0, r1), self.hu["lung_vessel"] * 0.7 + 10, None, clip=lung)
                if r0 > 1.5:  # the airway beside the artery
                    aside = (side * (r0 + 1.4), -(r0 + 0.6), 0.0)
                    start = tuple(p + d for p, d in zip(segment.start, aside, strict=True))
                    end = tuple(p + d for p, d in zip(segment.end, aside, strict=True))
                    canvas.tube(start, end, (r0, r1), -250, None, clip=lung)  # type: ignore[arg-type]
                    canvas.tube(start, end, (0.68 * r0, 0.66 * r1), -970, None, clip=lung)  # type: ignore[arg-type]

    def _heart(self) -> None:
        canvas, hu, t = self.canvas, self.hu, self.tilt
        blood = hu["heart"]
        if self.near(345, 470):
            canvas.solid((24, -27, 405), (58, 46, 55), hu["muscle"] + 38, Tissue.HEART, 32)
            canvas.solid((42, -20, 400), (32, 17, 36), blood, Tissue.HEART, 38)
            canvas.solid((5, -50, 402), (34, 17, 36), blood * 0.9 + 4, Tissue.HEART, 28)
            canvas.solid((-24, -24, 410), (17, 24, 30), blood * 0.85 + 6, Tissue.HEART, -10)
            canvas.solid((10, 8, 425), (30, 15, 24), blood, Tissue.HEART, 8)
        if self.near(425, 520):
            canvas.path([(2, -28, 425), (-14, -40, 470), (-10, -42, 500)], (15, 15.5, 15), blood, Tissue.VESSEL)
            canvas.path([(14, -48, 440), (16, -42, 462), (22, -22, 474)], (14, 13.5, 12), blood * 0.95, Tissue.VESSEL)
            canvas.path([(22, -22, 474), (-6, -14, 470), (-36, -6, 466)], (11, 9.5, 8.5), blood * 0.95, Tissue.VESSEL)
            canvas.path([(22, -22, 474), (34, -2, 472), (42, 8, 466)], (11, 9.5, 8), blood * 0.95, Tissue.VESSEL)
            canvas.path([(-10, -42, 500), (4, -26, 514), (16, 4, 512), (19, 28, 500)], (14, 13.5, 12.5, 11.5), hu["aorta"], Tissue.VESSEL)  # fmt: skip
        if self.near(430, 620):
            vein = hu["vein"] * 0.8 + 20
            canvas.path([(-30, -22, 430), (-32, -34, 520), (-26, -40, 600)], (9, 9, 8), vein, Tissue.VESSEL)
        if self.near(505, 620):
            vein = hu["vein"] * 0.8 + 20
            for x0, y0, x1, y1, r in ((-8, -34, -20, -30, 6.5), (4, -22, 12, -24, 4), (14, 2, 24, 0, 5)):
                canvas.tube((x0, y0, 512), (x1, y1, 600), (r, r - 0.7), hu["aorta"], Tissue.VESSEL)
            canvas.path([(-30, -44, 520), (8, -50, 535), (34, -40, 600)], (8, 6.5, 7), vein, Tissue.VESSEL)
        canvas.path([(24, 28, 345), (18, 30, 420), (19, 28, 502)], (11.5, 11.5, 12), hu["aorta"], Tissue.VESSEL)
        canvas.tube((-6, 26, 330), (-6, 27, 500), (3, 3.2), hu["vein"], Tissue.VESSEL)  # azygos
        gullet = [(10, 16, 380), (4, 15, 440), (5, 17, 600)]
        canvas.path(gullet, (7.5, 6.5, 6.5), hu["muscle"] - 12, Tissue.ORGAN)
        if t[4] > 0:
            canvas.path(gullet, (1.8, 1.4, 1.4), -700, None)
        if self.near(445, 620):
            for points, radii in (
                (((-2, 1, 484), (-3, -6, 620)), (9.5, 9)),
                (((-2, 1, 486), (-24, 4, 466), (-42, 8, 448)), (8, 7, 5)),
                (((-2, 1, 486), (18, 6, 466), (42, 12, 446)), (8, 6.5, 4.8)),
            ):
                canvas.path(points, [r + 1.3 for r in radii], 20, Tissue.ORGAN)
                canvas.path(points, radii, -985, Tissue.GAS)

    # belly -------------------------------------------------------------------------------------------------------

    def _belly(self) -> None:
        canvas, hu, rng = self.canvas, self.hu, self.rng
        belly = np.clip((self.z - 120) / 20, 0, 1) * (self.z <= 400)
        free = np.where(self.z > 285, np.float32(0), np.float32(1)) * (belly > 0)
        muscle = canvas.soft(self.wall) * free
        canvas.paint(canvas.everything, muscle, hu["muscle"], Tissue.MUSCLE)
        for depth in (5.5, 10.5):  # fat between the three layers of the flank
            plane = np.float32(0.7) - np.abs(self.wall - np.float32(depth))
            flank = (np.abs(self.x) > 70) & (self.y < 45)
            canvas.paint(canvas.everything, canvas.soft(plane, 1.6) * free * flank * np.float32(0.7), -70, None)
        front = np.clip((70 - np.abs(self.x)) / 20, 0, 1) * (self.y < 0)
        inner = self.wall - (np.float32(15) - np.float32(5) * front.astype(np.float32))
        if self.near(285, 400):
            inner = np.where(self.z > 285, self.wall - np.float32(17), inner)
        seam = np.float32(2) - np.abs(self.x + np.float32(2 * self.tilt[5]))
        canvas.paint(
            canvas.everything, canvas.soft(seam, 2) * free * (self.y < 0) * (self.wall > -2), -60, None
        )  # the white line between the straight muscles
        self.inner = canvas.soft(inner) * (belly > 0)
        below = getattr(self, "dome", None)
        if below is not None:
            self.inner = self.inner * canvas.soft(below - self.z - 1)
        open_ = self.inner * np.where(self.z > 285, np.float32(0), np.float32(1))
        canvas.paint(canvas.everything, open_, -102, Tissue.VISCERAL)
        if self.near(285, 352) and below is None:
            self._thorax()
            return self._belly()
        self.muscle((36, 74, 250), (27, 17, 190), 6)
        if self.near(130, 290):
            self.muscle((62, 55, 210), (13, 15, 75), -20)
            self.muscle((29, 42, 170), (17, 19, 120), 12)
        organs = canvas.soft(inner - np.float32(2.5)) * self.inner
        self.organs = organs
        self._bowel(organs)
        self._stomach_spleen(organs)
        self._liver(organs)
        self._kidneys()
        return None

    def lumps(self, strength: float, waves: tuple[int, ...] = (2, 3, 4, 5)) -> list[tuple[int, float, float]]:
        return [(k, strength * self.rng.uniform(0.4, 1) / np.sqrt(k), self.rng.uniform(0, 6.3)) for k in waves]

    def _liver(self, clip: Floats) -> None:
        if not self.near(205, 400):
            return
        canvas, hu, rng, t = self.canvas, self.hu, self.rng, self.tilt
        liver = hu["liver"]
        canvas.solid((-70, 4, 302), (70, 84, 96 + 5 * t[6]), liver, Tissue.LIVER, 0, self.lumps(0.05), 0.35, clip=clip)
        canvas.solid((-2, -48, 322), (66 + 6 * t[7], 30, 52), liver, Tissue.LIVER, -14, self.lumps(0.08), clip=clip)
        inside = (canvas.tissue == Tissue.LIVER).astype(np.float32)
        for root, level in (((-22.0, -8.0, 300.0), hu["vein"]), ((-20.0, 20.0, 365.0), hu["vein"] * 0.95)):
            root = (root[0], root[1], float(np.clip(root[2], self.low - 8, self.high + 8)))
            for segment in grow_tree(root, canvas.where(rng, Tissue.LIVER, 55), 0.75, 2.5):
                r0, r1 = (min(r, 6.0) for r in segment.radii)
                canvas.tube(segment.start, segment.end, (r0, r1), level, None, clip=inside)
        canvas.tube((-26, -28, 285), (-8, -52, 320), (3.5, 2.0), -60, None, clip=inside)  # fissure of the ligament
        canvas.tube((-22, -8, 296), (6, -2, 280), (7, 6), hu["vein"], Tissue.VESSEL)
        if self.patient.gallbladder:
            canvas.solid((-42, -40, 262), (15, 20, 30), 9, Tissue.ORGAN, 25, clip=clip, rind=(1.6, 60.0))

    def _stomach_spleen(self, clip: Floats) -> None:
        canvas, hu, t = self.canvas, self.hu, self.tilt
        if self.near(268, 370):
            canvas.solid(
                (104, 34, 320), (27, 50, 46 + 4 * t[0]), hu["spleen"], Tissue.SPLEEN, 14, self.lumps(0.08), clip=clip
            )
            canvas.solid((78, 30, 318), (14, 12, 30), -98, Tissue.VISCERAL, 0, clip=clip)
            content = 240 if self.patient.oral_contrast else 24
            centre = (58 + 4 * t[1], -34, 318)
            lumps = self.lumps(0.07)
            canvas.solid(centre, (44, 38, 50), content, Tissue.BOWEL, 30, lumps, clip=clip, rind=(4.5, 78.0))
            found = canvas.depth(centre, (44, 38, 50), 30, lumps)
            if found is not None:
                window, depth = found
                gas = (depth > 4.5) & (self.y[:, window[1], window[2]] < -48 + 6 * t[2])
                canvas.paint(window, gas.astype(np.float32), -960, Tissue.GAS, clip)
        if self.near(250, 320):
            line = [(-34, -6, 262), (-14, -18, 272), (14, -18, 282), (44, -4, 292), (70, 14, 302)]
            for k in range(len(line) - 1):
                for f in np.linspace(0, 1, 5):
                    p = [line[k][i] * (1 - f) + line[k + 1][i] * f for i in range(3)]
                    size = self.rng.uniform(9, 12)
                    centre = (p[0], p[1], p[2])
                    canvas.solid(
                        centre,
                        (size, size * 0.85, 14),
                        hu["liver"] * 0.5 + 40,
                        Tissue.ORGAN,
                        0,
                        self.lumps(0.15, (4, 6)),
                    )
            canvas.path([(70, 20, 302), (40, 4, 291), (4, -4, 280)], (3.8, 4.2, 5), hu["vein"], Tissue.VESSEL)
        if self.near(275, 315):
            for side in (-1, 1):
                top = (side * 34.0, 24.0, 296.0)
                for dx, dy in ((6, 18), (-2, 20)):
                    canvas.tube(
                        top,
                        (side * (34 + dx), 24 + dy, 292),
                        (2.6, 1.8),
                        hu["liver"] * 0.6 + 25,
                        Tissue.ORGAN,
                        flat_z=14,
                    )

    def _kidneys(self) -> None:
        if not self.near(170, 320):
            return
        canvas, hu, rng, t = self.canvas, self.hu, self.rng, self.tilt
        for side, level in ((-1, 238 + 4 * t[3]), (1, 248 + 4 * t[4])):
            centre = (side * (66 + 1.5 * t[5]), 36.0, level)
            canvas.solid(centre, (38, 36, 68), -104, Tissue.VISCERAL, side * -25, clip=self.inner)
            radii, angle = (27.0 + t[6], 23.0 + t[7], 54.0), side * -28.0
            lumps = self.lumps(0.05)
            canvas.solid(centre, radii, hu["cortex"], Tissue.KIDNEY, angle, lumps, clip=self.inner)
            offset = rng.uniform(0, 2 * np.pi)
            for k in range(21):
                around, up = offset + k * 2.4, (k - 10) * 4.4
                shrink = np.sqrt(max(0.05, 1 - (up / 54) ** 2)) * 0.6
                x, y = radii[0] * shrink * np.cos(around), radii[1] * shrink * np.sin(around)
                c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
                place = (centre[0] + c * x - s * y, centre[1] + s * x + c * y, level + up)
                canvas.solid(place, (6.5, 6, 7), hu["medulla"], None, np.degrees(around) + angle, edge_mm=2.5)
            medial = (centre[0] - side * 12, centre[1] - 7, level)
            canvas.solid(medial, (16, 9.5, 31), -85, Tissue.VISCERAL, side * 20, self.lumps(0.18, (2, 3, 4)))
            for k in range(6):
                place = (medial[0] + rng.normal(0, 6), medial[1] + rng.normal(0, 4), level + (k - 2.5) * 9)
                canvas.solid(place, (4, 3.5, 5), 12 if self.patient.phase != "plain" else 5, None)
            canvas.path(
                [medial, (side * 28, 20, level - 2), (side * 10, 12, level)], (4.5, 4.2, 4), hu["vein"], Tissue.VESSEL
            )
            canvas.path([(side * 10, 20, level + 3), (side * 44, 26, level + 1)], (3, 2.5), hu["aorta"], Tissue.VESSEL)
            canvas.path([(side * 40, 24, level - 25), (side * 33, 24, 150)], (2.2, 2.0), 15, Tissue.ORGAN)

    def _bowel(self, clip: Floats) -> None:
        """Colon around the flanks, small bowel in the middle, mesenteric vessels between."""
        canvas, rng, hu = self.canvas, self.rng, self.hu
        if not self.near(60, 300):
            return
        for side, top, radius in ((-1, 225, 24), (1, 285, 19)):
            for level in np.arange(125, top, 13.0):
                centre = (side * (112 - radius * 0.5) + rng.normal(0, 2), 12 + rng.normal(0, 3), float(level))
                self._loop(centre, (radius * rng.uniform(0.8, 1.1),) * 2 + (12.0,), clip, stool=True)
        if self.near(190, 260):
            for x in np.arange(-84, 85, 17.0):
                centre = (float(x), -62 + 0.0012 * x * x, 226 + rng.normal(0, 3))
                self._loop(centre, (15.0, rng.uniform(11, 16), 17.0), clip, stool=True)
        placed: list[tuple[float, float]] = []
        for _ in range(400):
            x, y = rng.uniform(-80, 82), rng.uniform(-66, 8)
            if len(placed) >= 15 or not self.near(90, 245):
                break
            if any((x - px) ** 2 + (y - py) ** 2 < 29**2 for px, py in placed) or (abs(x) < 30 and y > -22):
                continue
            placed.append((x, y))
            radii = (rng.uniform(10.5, 20), rng.uniform(9.5, 12.5), rng.uniform(16, 34))
            centre = (x, y, float(np.clip(rng.uniform(self.low - 5, self.high + 5), 80, 235)))
            self._loop(centre, radii, clip)
        if self.near(140, 260):
            ends = [(x + rng.normal(0, 3), y + rng.normal(0, 3), rng.uniform(self.low, self.high)) for x, y in placed]
            ends += [(rng.uniform(-70, 70), rng.uniform(-55, -5), rng.uniform(self.low, self.high)) for _ in range(26)]
            root = (2.0, -14.0, float(np.clip(255, self.low - 5, self.high + 5)))
            fat = (canvas.tissue == Tissue.VISCERAL).astype(np.float32)
            for segment in grow_tree(root, np.array(ends), 0.9, 2.4):
                canvas.tube(segment.start, segment.end, segment.radii, hu["vein"], None, clip=fat)
            canvas.tube((-8, -12, 140), (-6, -14, 275), (5, 5.5), hu["vein"], Tissue.VESSEL)
            canvas.tube((6, -10, 150), (3, -4, 270), (3.4, 4), hu["aorta"], Tissue.VESSEL)

    def _loop(
        self, centre: tuple[float, float, float], radii: tuple[float, ...], clip: Floats, stool: bool = False
    ) -> None:
        """One loop of bowel: enhancing wall, content, perhaps gas with a fluid level."""
        canvas, rng = self.canvas, self.rng
        size = (float(radii[0]), float(radii[1]), float(radii[2]))
        angle, lumps = float(rng.uniform(0, 180)), self.lumps(0.09)
        kind = rng.random()
        content = 15.0
        if self.patient.oral_contrast and kind < 0.65:
            content = rng.uniform(160, 280)
        elif stool:
            content = rng.uniform(-40, 40)
        wall = 95.0 if self.patient.phase != "plain" else 45.0
        canvas.solid(centre, size, content, Tissue.BOWEL, angle, lumps, clip=clip, rind=(2.3, wall))
        if rng.random() < (0.6 if stool else 0.28):
            found = canvas.depth(centre, size, angle, lumps)
            if found is None:
                return
            window, depth = found
            level = centre[1] + rng.uniform(-0.7, 0.3) * size[1]
            above = np.clip((level - self.y[:, window[1], window[2]]) / 1.2 + 0.5, 0, 1)
            canvas.paint(window, canvas.soft(depth - np.float32(2.3)) * above, -950, Tissue.GAS, clip)

    # pelvis ------------------------------------------------------------------------------------------------------

    def _pelvis(self) -> None:
        canvas, hu, rng, t = self.canvas, self.hu, self.rng, self.tilt
        female = self.patient.sex == "F"
        low = self.z < 132
        self.muscle((22, -84, 120), (22, 6.5, 130))  # straight muscles of the belly
        flank = canvas.soft(np.minimum(self.wall, np.float32(11) - self.wall)) * (self.z > 78) * (self.y < 25) * low
        canvas.paint(canvas.everything, flank * (np.abs(self.x) > 50), hu["muscle"], Tissue.MUSCLE)
        self.muscle((74, 72, 40), (56, 21, 95), -22)  # gluteus maximus
        self.muscle((118, 22, 85), (17, 50, 70), 20)  # medius
        self.muscle((104, 22, 62), (12, 36, 48), 22)  # minimus
        self.muscle((40, 76, 150), (28, 16, 60), 8)
        inside = np.minimum(self.wall - 11, 96 - np.abs(self.x) + 0.1 * (self.z - 60)).astype(np.float32)
        room = canvas.soft(inside) * low
        keep = room * (self.y < 52) * (canvas.tissue != Tissue.MUSCLE)
        canvas.paint(canvas.everything, keep, -101, Tissue.VISCERAL)
        self.muscle((64, -4, 60), (19, 21, 85), 20)  # iliopsoas
        self.muscle((42, 0, 130), (17, 18, 40), 10)
        if self.near(45, 160):
            self.muscle((84, 8, 110), (11, 34, 45), 28)  # iliacus
        if self.near(-60, 60):
            self.muscle((58, 24, 5), (7, 30, 42), -8)  # obturator
            self.muscle((88, -62, 0), (22, 18, 70), -20)
            self.muscle((126, -40, 0), (13, 30, 60), 20)
        if self.near(40, 90):
            self.muscle((52, 58, 65), (26, 9, 26), 14)  # piriformis
        clip = room * (np.abs(self.x) < 74)
        self._pelvic_organs(clip, female)
        self._pelvic_vessels()
        self._pelvic_bones()
        del t, rng

    def _pelvic_organs(self, clip: Floats, female: bool) -> None:
        canvas, hu, rng = self.canvas, self.hu, self.rng
        if self.near(55, 140):
            placed: list[tuple[float, float]] = []
            for _ in range(200):
                x, y = rng.uniform(-58, 58), rng.uniform(-66, -14)
                if all((x - a) ** 2 + (y - b) ** 2 > 28**2 for a, b in placed) and len(placed) < 8:
                    placed.append((x, y))
                    place = (x, y, float(rng.uniform(max(78, self.low), max(100, self.high))))
                    self._loop(place, (rng.uniform(11, 18), 11.0, 22.0), clip)
        bend = rng.uniform(-25, 25)
        for f in np.linspace(0, 1, 8):  # sigmoid colon to rectum
            if f < 0.55:
                centre = (60 - 110 * f + bend * f, 4 + 40 * f, 105 - 40 * f)
                self._loop(centre, (14.0, 13.0, 15.0), clip, stool=True)
        for level in np.arange(-20, 75, 14.0):
            self._loop(
                (rng.normal(0, 2), 40 + 0.12 * max(level, 0), float(level)), (17.0, 15.0, 13.0), clip, stool=True
            )
        fill = rng.uniform(0.75, 1.15)
        urine = 8.0
        canvas.solid(
            (0, -30, 22),
            (38 * fill, 27 * fill, 32 * fill),
            urine,
            Tissue.BLADDER,
            0,
            self.lumps(0.04),
            0.25,
            rind=(2.8, 48.0),
        )
        if female:
            canvas.solid(
                (rng.normal(0, 5), 8, 55),
                (29, 20, 24),
                hu["muscle"] + 45,
                Tissue.ORGAN,
                rng.normal(0, 12),
                self.lumps(0.08),
            )
            canvas.solid((0, 8, 58), (9, 3.5, 12), hu["muscle"] + 10, None)
            for side in (-1, 1):
                canvas.solid((side * 48, 8, 70), (12, 9, 11), 38, Tissue.ORGAN, 20, self.lumps(0.1))
        else:
            canvas.solid((0, 10, 2), (24, 17, 20), hu["muscle"] + 15, Tissue.ORGAN)
            for side in (-1, 1):
                canvas.solid((side * 17, 17, 28), (17, 5.5, 9), 38, Tissue.ORGAN, side * 16)

    def _pelvic_vessels(self) -> None:
        canvas, hu = self.canvas, self.hu
        for side in (-1, 1):
            for dx, dy, name, wide in ((0, 0, "aorta", 0.0), (side * 3, 12, "vein", 1.2)):
                level = hu[name] if name == "aorta" else hu["vein"] * 0.85
                outer = [
                    (side * 8, 14, 155),
                    (side * 32, 12, 112),
                    (side * 48, -4, 78),
                    (side * 60, -40, 30),
                    (side * 64, -62, -30),
                ]
                points = [(x + dx, y + dy, float(z)) for x, y, z in outer]
                canvas.path(points, [r + wide for r in (6.5, 6, 5.2, 5, 4.8)], level, Tissue.VESSEL)
                inner = [(side * 32, 12, 112), (side * 44, 34, 84), (side * 50, 44, 50)]
                canvas.path(
                    [(x + dx, y + dy, float(z)) for x, y, z in inner],
                    [r + wide * 0.5 for r in (5, 3.6, 2.4)],
                    level,
                    Tissue.VESSEL,
                )

    def _pelvic_bones(self) -> None:
        canvas, rng = self.canvas, self.rng
        levels = np.arange(38, 150, 7.0)
        for pass_ in (0, 1):
            shrink, hu, tissue = ((0.0, 560.0, Tissue.BONE), (2.3, 190.0, Tissue.MARROW))[pass_]
            for side in (-1, 1):
                for level in levels:
                    wide = 0.22 * (level - 60)
                    points = [
                        (38 + 0.08 * level, 64.0),
                        (66 + 0.3 * wide, 44.0),
                        (88 + wide, 6.0),
                        (97 + wide, -24 - 0.15 * (level - 60)),
                    ]
                    radii = (8.5, 5.5, 4.2, 7.0)
                    last = 4 if level > 52 else 3
                    for k in range(last - 1):
                        start, end = points[k], points[k + 1]
                        canvas.tube(
                            (side * start[0], start[1], float(level)), (side * end[0], end[1], float(level)),
                            (radii[k] - shrink, radii[k + 1] - shrink), hu, tissue, flat_z=2.0,
                        )  # fmt: skip
                if self.near(-60, 55):
                    canvas.solid((side * 84, 6, 14), (36 - shrink, 33 - shrink, 34), hu, tissue)
                    canvas.tube((side * 76, 34, 24), (side * 66, 52, -45), (15 - shrink, 13 - shrink), hu, tissue)
                    canvas.path([(side * 66, -20, 16), (side * 34, -48, 4), (side * 8, -58, -6)], [r - shrink for r in (11, 8, 11)], hu, tissue)  # fmt: skip
        if self.near(-60, 55):
            for side in (-1, 1):
                head = (side * 93, 6, 10)
                canvas.solid(head, (28, 28, 28), 25, Tissue.MUSCLE)
                canvas.solid((side * 118, 4, 6), (16, 26, 32), 58, Tissue.MUSCLE)
                canvas.tube(head, (side * 124, 16, -18), (15.5, 17), 520, Tissue.BONE)
                canvas.tube(head, (side * 124, 16, -18), (12, 13.5), 190, Tissue.MARROW)
                canvas.solid(head, (24.5, 24.5, 24.5), 520, Tissue.BONE)
                canvas.solid(head, (22, 22, 22), 260, Tissue.MARROW)
        if self.near(0, 138):
            for level in np.arange(6, 138, 8.0):
                f = level / 130
                centre = (0.0, 88 - 26 * f, float(level))
                canvas.solid(
                    centre,
                    (14 + 34 * min(1, f * 1.25), 9 + 14 * f, 7),
                    175,
                    Tissue.BONE,
                    0,
                    square=0.3,
                    rind=(2.4, 480.0),
                )
            for level in (40, 68, 96):
                for side in (-1, 1):
                    canvas.solid((side * 21, 84 - 0.2 * level, level), (4.5, 5, 6), -60, None)
                    canvas.solid((side * 20, 79 - 0.2 * level, level), (3, 3, 6), 25, None)
            canvas.solid((0, 84, 100), (7, 4.5, 40), 10, None)
        del rng

    # spine, ribs, vessels ----------------------------------------------------------------------------------------

    def _great_vessels(self) -> None:
        canvas, hu = self.canvas, self.hu
        if not self.near(128, 385):
            return
        canvas.path(
            [(9, 14, 152), (11, 12, 260), (16, 20, 330), (24, 28, 350)], (9, 10, 11, 11.5), hu["aorta"], Tissue.VESSEL
        )
        canvas.path([(-20, 16, 148), (-22, 12, 260), (-26, 6, 330), (-24, -10, 385)], (10.5, 11.5, 12, 13), hu["vein"] * 0.92 + 4, Tissue.VESSEL)  # fmt: skip
        if self.patient.age_years > 60:  # chalk in the wall
            for _ in range(10):
                z, angle = self.rng.uniform(self.low, self.high), self.rng.uniform(0, 6.3)
                if 150 < z < 330:
                    place = (11 + 9 * np.cos(angle), 13 + 9 * np.sin(angle), z)
                    canvas.solid(place, (2.4, 1.3, 5), 620, None, float(np.degrees(angle)) + 90)
        if self.near(270, 345):
            for side in (-1, 1):
                canvas.path(
                    [(side * 8, 30, 270), (side * 12, 14, 320), (side * 6, 2, 345)],
                    (4, 5, 5),
                    hu["muscle"],
                    Tissue.MUSCLE,
                )

    def _spine(self) -> None:
        canvas, rng = self.canvas, self.rng
        if not self.near(100, 640):
            return
        offset = rng.uniform(0, 30)
        marrow = 215 - 1.3 * self.patient.age_years
        for k in range(18):
            level = 96 + offset + 33 * min(k, 7) + 26 * max(0, k - 7)
            if not self.near(level - 26, level + 26):
                continue
            thoracic = level > 300
            width, depth, centre_y = (17.0, 15.0, 49.0) if thoracic else (24.0, 17.0, 40.0)
            half = (23 if thoracic else 29) / 2
            back = centre_y + depth
            canvas.solid((0, centre_y + 1, level + half + 2), (width, depth, 9), 82, Tissue.ORGAN, square=0.3)
            for z in (level - 0.55 * half, level + 0.55 * half):  # two overlapping solids make the end plates flat
                rind = (1.7, 470.0)
                canvas.solid(
                    (0, centre_y, z), (width, depth, 0.62 * half + 5), marrow, Tissue.BONE, square=0.3, rind=rind
                )
            canvas.solid(
                (0, centre_y + 0.5, level), (width - 2.2, depth - 2.2, half), marrow, Tissue.MARROW, square=0.3
            )
            for side in (-1, 1):
                canvas.tube(
                    (side * 12, back - 2, level + 5), (side * 14, back + 14, level + 2), (4.2, 4.6), 420, Tissue.BONE
                )
                reach = 38 if not thoracic else 33
                canvas.tube((side * 14, back + 9, level + 4), (side * reach, back + (8 if not thoracic else 14), level + 5), (4.4, 3.6), 330, Tissue.BONE)  # fmt: skip
                canvas.tube((side * 13, back + 13, level), (0, back + 22, level - 4), (3.6, 4), 430, Tissue.BONE)
            drop = 14 if thoracic else 5
            canvas.tube((0, back + 21, level - 4), (0, back + 37, level - 4 - drop), (3.6, 4.2), 360, Tissue.BONE)
        lumbar = self.middle < 300
        y = 66.5 if lumbar else 73.5
        canvas.solid((0, y, self.middle), (11, 8.5, 400), -40, None, square=0.3)
        canvas.solid((0, y, self.middle), (9, 6.8, 400), 28, Tissue.ORGAN)

    def _ribs(self) -> None:
        """All ribs at once: bands of the chest wall that slope downwards from the spine to the front."""
        canvas = self.canvas
        theta = np.arctan2(np.abs(self.x) / self.a, -self.y / self.b)  # 0 at the sternum, π at the spine
        drop = np.float32(95) * (1 - theta / np.float32(np.pi)) ** np.float32(0.85)
        spacing = np.float32(27)
        phase = (self.z + drop + np.float32(7 * self.tilt[0])) / spacing
        off = (phase - np.floor(phase) - np.float32(0.5)) * spacing
        radial = self.wall - np.float32(15.5) + np.float32(7) * np.clip((theta - 2.55) / 0.5, 0, 1)
        bony = (theta > 0.5) & (theta < 2.85) & (self.z + drop > 322)
        size = np.sqrt((off / np.float32(7.0)) ** 2 + (radial / np.float32(4.4)) ** 2)
        shell = canvas.soft((1 - size) * np.float32(5)) * bony
        marrow = canvas.soft((np.float32(0.62) - size) * np.float32(5)) * bony
        chest = self.z > 290
        canvas.paint(canvas.everything, shell * chest, 430, Tissue.BONE)
        canvas.paint(canvas.everything, marrow * chest, 150, Tissue.MARROW)
        cartilage = canvas.soft((1 - size) * np.float32(5)) * ((theta <= 0.5) & (theta > 0.16) & (self.z > 380))
        canvas.paint(canvas.everything, cartilage, 105, Tissue.ORGAN)
