"""The abdomen: wall, bowel, stomach, spleen, pancreas, liver, adrenals, kidneys, aorta and vena cava."""

import math

import numpy as np

from tools.pipelines.phantoms.body import FAT_HU, RIBS_FROM_MM, SIDES, Body
from tools.pipelines.phantoms.canvas import Floats, Point, Tissue, grow_tree


def draw_abdomen(body: Body, above_diaphragm: Floats | None) -> None:
    """Paint everything between the diaphragm and the pelvis."""
    canvas = body.canvas
    open_wall = (1 - body.ribbed) * (body.z > 120)
    muscle_mm = 15 - 5 * np.clip((70 - np.abs(body.x)) / 20, 0, 1) * (body.y < 0)
    inner = body.wall - np.where(body.ribbed > 0, np.float32(17), muscle_mm.astype(np.float32))
    _wall(body, open_wall)
    cavity = canvas.soft(inner) * (body.z > 120)
    organs = canvas.soft(inner - np.float32(2.5)) * cavity
    if above_diaphragm is not None:
        under = canvas.soft(-above_diaphragm - 1)
        cavity, organs = cavity * under, organs * under
    canvas.paint(canvas.everything, cavity * open_wall, FAT_HU, Tissue.VISCERAL)
    body.muscle((36, 74, 165), (27, 17, 135), 6)  # erector of the spine
    body.muscle((62, 55, 210), (13, 15, 75), -20)  # quadratus lumborum
    body.muscle((29, 42, 170), (17, 19, 120), 12)  # psoas
    _bowel(body, organs)
    _stomach_and_spleen(body, organs)
    _liver(body, organs)
    _pancreas_and_adrenals(body)
    _kidneys(body, cavity)


def draw_abdominal_vessels(body: Body) -> None:
    """Paint aorta and vena cava from the diaphragm to where they divide, crura beside them."""
    if not body.near(128, 385):
        return
    canvas, rng = body.canvas, body.rng
    aorta: list[Point] = [(9, 14, 152), (11, 12, 260), (16, 20, 330), (24, 28, 350)]
    cava: list[Point] = [(-20, 16, 148), (-22, 12, 260), (-26, 6, 330), (-24, -10, 385)]
    canvas.path(aorta, (9, 10, 11, 11.5), body.hu.aorta, Tissue.VESSEL)
    canvas.path(cava, (10.5, 11.5, 12, 13), body.hu.vein * 0.92 + 4, Tissue.VESSEL)
    if body.patient.age_years > 60:  # chalk in the wall
        for _ in range(10):
            z, angle = rng.uniform(body.low, body.high), rng.uniform(0, 2 * math.pi)
            if 150 < z < 330:
                place = (11 + 9 * math.cos(angle), 13 + 9 * math.sin(angle), z)
                canvas.solid(place, (2.4, 1.3, 5), 620, None, math.degrees(angle) + 90)
    for crus in body.mirrored((8, 30, 270), (12, 14, 320), (6, 2, 345)):
        canvas.path(crus, (4, 5, 5), body.hu.muscle, Tissue.MUSCLE)


def _wall(body: Body, open_wall: Floats) -> None:
    canvas, x, y, wall = body.canvas, body.x, body.y, body.wall
    canvas.paint(canvas.everything, canvas.soft(wall) * open_wall, body.hu.muscle, Tissue.MUSCLE)
    flank = open_wall * np.float32(0.7) * (np.abs(x) > 70) * (y < 45)
    for depth in (5.5, 10.5):  # fat between the three layers of the flank
        plane = canvas.soft(np.float32(0.7) - np.abs(wall - np.float32(depth)), 1.6)
        canvas.paint(canvas.everything, plane * flank, -70, None)
    seam = canvas.soft(np.float32(2) - np.abs(x + 2 * body.pose[5]), 2)  # between the straight muscles
    canvas.paint(canvas.everything, seam * open_wall * (y < 0) * (wall > -2), -60, None)


def _bowel(body: Body, clip: Floats) -> None:
    """Paint colon around the flanks and across, small bowel in the middle, mesenteric vessels between."""
    canvas, rng = body.canvas, body.rng
    for side, top, radius in ((-1, 225, 24), (1, 285, 19)):
        for level in np.arange(125.0, top, 13.0).tolist():
            size = radius * rng.uniform(0.8, 1.1)
            centre = (side * (112 - radius * 0.5) + rng.normal(0, 2), 12 + rng.normal(0, 3), level)
            body.loop(centre, (size, size, 12.0), clip, stool=True)
    for x in np.arange(-84.0, 85, 17).tolist():
        centre = (x, -62 + 0.0012 * x * x, 226 + rng.normal(0, 3))
        body.loop(centre, (15.0, rng.uniform(11, 16), 17.0), clip, stool=True)
    if not body.near(100, 260):
        return
    placed: list[tuple[float, float]] = []
    for _ in range(400):
        x, y = rng.uniform(-80, 82), rng.uniform(-66, 8)
        crowded = any((x - px) ** 2 + (y - py) ** 2 < 29**2 for px, py in placed)
        if crowded or (abs(x) < 30 and y > -22) or len(placed) == 15:
            continue
        placed.append((x, y))
        z = float(np.clip(rng.uniform(body.low - 5, body.high + 5), 80, 235))
        body.loop((x, y, z), (rng.uniform(10.5, 20), rng.uniform(9.5, 12.5), rng.uniform(16, 34)), clip)
    ends = [(x + rng.normal(0, 3), y + rng.normal(0, 3), rng.uniform(body.low, body.high)) for x, y in placed]
    ends += [(rng.uniform(-70, 70), rng.uniform(-55, -5), rng.uniform(body.low, body.high)) for _ in range(26)]
    fat = (canvas.tissue == Tissue.VISCERAL).astype(np.float32)
    for segment in grow_tree((2.0, -14.0, body.reach(255)), np.array(ends), 0.9, 2.4):
        canvas.tube(segment.start, segment.end, segment.radii, body.hu.vein, None, clip=fat)
    canvas.tube((-8, -12, 140), (-6, -14, 275), (5, 5.5), body.hu.vein, Tissue.VESSEL)
    canvas.tube((6, -10, 150), (3, -4, 270), (3.4, 4), body.hu.aorta, Tissue.VESSEL)


def _stomach_and_spleen(body: Body, clip: Floats) -> None:
    canvas, pose = body.canvas, body.pose
    spleen = (29, 53, 48 + 4 * pose[0])
    canvas.solid((102, 32, 319), spleen, body.hu.spleen, Tissue.SPLEEN, 14, body.lumps(0.08), clip=clip)
    canvas.solid((75, 30, 318), (13, 12, 30), FAT_HU, Tissue.VISCERAL, clip=clip)
    centre, radii, lumps = (58 + 4 * pose[1], -34, 318), (44, 38, 50), body.lumps(0.07)
    content = 240 if body.patient.oral_contrast else 24
    canvas.solid(centre, radii, content, Tissue.BOWEL, 30, lumps, clip=clip, rind=(4.5, body.hu.bowel_wall * 0.8))
    body.gas(centre, radii, 30, lumps, -48 + 6 * pose[2], 4.5, clip)


def _liver(body: Body, clip: Floats) -> None:
    canvas, rng, pose = body.canvas, body.rng, body.pose
    if not body.near(205, 400):
        return
    right, left = (70, 84, 96 + 5 * pose[6]), (66 + 6 * pose[7], 30, 52)
    canvas.solid((-70, 4, 302), right, body.hu.liver, Tissue.LIVER, 0, body.lumps(0.05), 0.35, clip=clip)
    canvas.solid((-2, -48, 322), left, body.hu.liver, Tissue.LIVER, -14, body.lumps(0.08), clip=clip)
    inside = (canvas.tissue == Tissue.LIVER).astype(np.float32)
    portal = (-22.0, -8.0, body.reach(300, 8))
    hepatic = (-20.0, 20.0, body.reach(365, 8))
    for root in (portal, hepatic):
        for segment in grow_tree(root, canvas.where(rng, Tissue.LIVER, 55), 0.75, 2.5):
            r0, r1 = (min(r, 6.0) for r in segment.radii)
            canvas.tube(segment.start, segment.end, (r0, r1), body.hu.vein, None, clip=inside)
    canvas.tube((-26, -28, 285), (-8, -52, 320), (3.5, 2.0), -60, None, clip=inside)  # fissure of the ligament
    canvas.tube((-22, -8, 296), (6, -2, 280), (7, 6), body.hu.vein, Tissue.VESSEL)
    if body.patient.gallbladder:
        canvas.solid((-42, -40, 262), (15, 20, 30), 9, Tissue.ORGAN, 25, clip=clip, rind=(1.6, 60.0))


def _pancreas_and_adrenals(body: Body) -> None:
    canvas, rng = body.canvas, body.rng
    tissue_hu = body.hu.liver * 0.5 + 40
    line = np.array([(-34, -6, 262), (-14, -18, 272), (14, -18, 282), (44, -4, 292), (70, 14, 302)], np.float64)
    for step in np.linspace(0, len(line) - 1, 20).tolist():
        k = min(int(step), len(line) - 2)
        x, y, z = (line[k] + (step - k) * (line[k + 1] - line[k])).tolist()
        size = rng.uniform(9, 12)
        canvas.solid((x, y, z), (size, size * 0.85, 14), tissue_hu, Tissue.ORGAN, 0, body.lumps(0.15, (4, 6)))
    canvas.path([(70, 20, 302), (40, 4, 291), (4, -4, 280)], (3.8, 4.2, 5), body.hu.vein, Tissue.VESSEL)
    for side in SIDES:  # an upside-down V
        for dx, dy in ((6, 18), (-2, 20)):
            start, end = (side * 34.0, 24.0, 296.0), (side * (34.0 + dx), 24.0 + dy, 292.0)
            canvas.tube(start, end, (2.6, 1.8), body.hu.liver * 0.6 + 25, Tissue.ORGAN, flat_z=14)


def _kidneys(body: Body, clip: Floats) -> None:
    if not body.near(150, RIBS_FROM_MM + 35):
        return
    for side, level in ((-1, 238 + 4 * body.pose[3]), (1, 248 + 4 * body.pose[4])):
        _kidney(body, side, level, clip)


def _kidney(body: Body, side: int, level: float, clip: Floats) -> None:
    canvas, rng, hu = body.canvas, body.rng, body.hu
    x0, y0 = side * (66 + 1.5 * body.pose[5]), 36.0
    rx, ry, rz, angle = 27 + body.pose[6], 23 + body.pose[7], 54.0, side * -28.0
    canvas.solid((x0, y0, level), (38, 36, 68), -104, Tissue.ORGAN, side * -25, clip=clip)  # its own fat
    canvas.solid((x0, y0, level), (rx, ry, rz), hu.cortex, Tissue.KIDNEY, angle, body.lumps(0.05), clip=clip)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    offset = rng.uniform(0, 2 * math.pi)
    for k in range(21):  # pyramids
        around, up = offset + 2.4 * k, 4.4 * (k - 10)
        ring = 0.6 * math.sqrt(1 - (up / rz) ** 2)
        u, v = rx * ring * math.cos(around), ry * ring * math.sin(around)
        place = (x0 + c * u - s * v, y0 + s * u + c * v, level + up)
        canvas.solid(place, (6.5, 6, 7), hu.medulla, None, math.degrees(around) + angle, edge_mm=2.5)
    hilum = (x0 - side * 12, y0 - 7, level)
    canvas.solid(hilum, (16, 9.5, 31), -85, Tissue.ORGAN, side * 20, body.lumps(0.18, (2, 3, 4)))
    for k in range(6):  # calices
        place = (hilum[0] + rng.normal(0, 6), hilum[1] + rng.normal(0, 4), level + (k - 2.5) * 9)
        canvas.solid(place, (4, 3.5, 5), 12, None)
    canvas.path([hilum, (side * 28, 20, level - 2), (side * 10, 12, level)], (4.5, 4.2, 4), hu.vein, Tissue.VESSEL)
    canvas.tube((side * 10, 20, level + 3), (side * 44, 26, level + 1), (3, 2.5), hu.aorta, Tissue.VESSEL)
    canvas.tube((side * 40, 24, level - 25), (side * 33, 24, 150), (2.2, 2.0), 15, Tissue.ORGAN)  # ureter
