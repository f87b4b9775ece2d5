"""The pelvis: gluteal and hip muscles, bladder, womb or prostate, rectum, iliac vessels, hip bones and sacrum."""

import numpy as np

from tools.pipelines.phantoms.body import FAT_HU, SIDES, Body
from tools.pipelines.phantoms.canvas import Floats, Point, Tissue

TOP_MM = 132.0  # above this level the abdomen begins


def draw_pelvis(body: Body) -> None:
    """Paint everything below the iliac crests."""
    room = _muscles_and_fat(body)
    clip = room * (np.abs(body.x) < 74)
    _bowel(body, clip)
    _organs(body)
    _vessels(body)
    _hip_bones(body)
    _hip_joints(body)
    _sacrum(body)


def _muscles_and_fat(body: Body) -> Floats:
    """Return the share of each voxel inside the true pelvis and its fat."""
    canvas, x, y, z, wall = body.canvas, body.x, body.y, body.z, body.wall
    low = z < TOP_MM
    front = canvas.soft(np.minimum(wall, 9 - wall)) * (z > 20) * (y < 0) * low
    front *= np.clip((62 + 0.25 * z - np.abs(x)) / 12, 0, 1) * np.clip((np.abs(x) - 1) / 3, 0, 1)
    canvas.paint(canvas.everything, front.astype(np.float32), body.hu.muscle, Tissue.MUSCLE)  # straight muscles
    flank = canvas.soft(np.minimum(wall, 11 - wall)) * low * (np.abs(x) > 50)
    flank *= np.clip((z - 74) / 8, 0, 1) * np.clip((0.5 * z - 25 - y) / 14, 0, 1)
    canvas.paint(canvas.everything, flank.astype(np.float32), body.hu.muscle, Tissue.MUSCLE)
    body.muscle((74, 72, 40), (56, 21, 95), -22)  # gluteus maximus
    body.muscle((118, 22, 85), (17, 50, 70), 20)  # gluteus medius
    body.muscle((104, 22, 62), (12, 36, 48), 22)  # gluteus minimus
    body.muscle((40, 76, 150), (28, 16, 60), 8)  # erector of the spine
    sides = 96 - np.abs(x) + 0.1 * (z - 60)
    room = canvas.soft(np.minimum(wall - 11, sides).astype(np.float32)) * low
    fat = room * (y < 52) * (canvas.tissue != Tissue.MUSCLE)
    canvas.paint(canvas.everything, fat.astype(np.float32), FAT_HU, Tissue.VISCERAL)
    body.muscle((66, -14, 55), (24, 23, 95), 20)  # iliopsoas
    body.muscle((42, 0, 130), (17, 18, 40), 10)  # psoas
    body.muscle((84, 8, 110), (11, 34, 45), 28)  # iliacus
    body.muscle((58, 24, 5), (7, 30, 42), -8)  # obturator
    body.muscle((52, 58, 65), (26, 9, 26), 14)  # piriformis
    if body.near(-60, 70):  # thigh
        body.muscle((98, -56, -5), (24, 19, 80), -24)
        body.muscle((128, -34, 0), (14, 33, 75), 18)
        body.muscle((124, 34, 5), (22, 26, 60), 24)
        body.muscle((52, -62, -35), (26, 18, 55), 24)
    return room.astype(np.float32)


def _bowel(body: Body, clip: Floats) -> None:
    rng = body.rng
    if body.near(50, 140):
        placed: list[tuple[float, float]] = []
        for _ in range(200):
            x, y = rng.uniform(-60, 60), rng.uniform(-66, -8)
            if len(placed) < 12 and all((x - a) ** 2 + (y - b) ** 2 > 27**2 for a, b in placed):
                placed.append((x, y))
                z = rng.uniform(max(72, body.low), max(100, body.high))
                body.loop((x, y, z), (rng.uniform(11, 18), 11.0, 22.0), clip)
    bend = rng.uniform(-25, 25)
    for f in np.linspace(0, 0.55, 5).tolist():  # sigmoid colon
        body.loop((60 - 110 * f + bend * f, 4 + 40 * f, 105 - 40 * f), (14.0, 13.0, 15.0), clip, stool=True)
    for level in np.arange(-20.0, 75, 14).tolist():  # rectum
        body.loop((rng.normal(0, 2), 40 + 0.12 * max(level, 0), level), (17.0, 15.0, 13.0), clip, stool=True)


def _organs(body: Body) -> None:
    canvas, rng, muscle = body.canvas, body.rng, body.hu.muscle
    fill = rng.uniform(0.75, 1.15)
    bladder = (38 * fill, 27 * fill, 32 * fill)
    canvas.solid((0, -30, 22), bladder, 8, Tissue.BLADDER, 0, body.lumps(0.04), 0.25, rind=(2.8, 48.0))
    if body.patient.sex == "F":
        place = (rng.normal(0, 5), 8, 55)
        canvas.solid(place, (29, 20, 24), muscle + 45, Tissue.ORGAN, rng.normal(0, 12), body.lumps(0.08))
        canvas.solid(place, (9, 3.5, 12), muscle + 10, None)
        for side in SIDES:
            canvas.solid((side * 48, 8, 70), (12, 9, 11), 38, Tissue.ORGAN, 20, body.lumps(0.1))
    else:
        canvas.solid((0, 10, 2), (24, 17, 20), muscle + 15, Tissue.ORGAN)
        for side in SIDES:
            canvas.solid((side * 17, 17, 28), (17, 5.5, 9), 38, Tissue.ORGAN, side * 16)


def _vessels(body: Body) -> None:
    canvas, hu = body.canvas, body.hu
    for dx, dy, level, wide in ((0, 0, hu.aorta, 0.0), (3, 12, hu.vein * 0.85, 1.2)):  # vein behind its artery
        outer = [(8, 14, 155), (32, 12, 112), (48, -4, 78), (60, -40, 30), (64, -62, -30)]
        inner = [(32, 12, 112), (44, 34, 84), (50, 44, 50)]
        for points in body.mirrored(*[(x + dx, y + dy, z) for x, y, z in outer]):
            canvas.path(points, [r + wide for r in (6.5, 6, 5.2, 5, 4.8)], level, Tissue.VESSEL)
        for points in body.mirrored(*[(x + dx, y + dy, z) for x, y, z in inner]):
            canvas.path(points, [r + wide / 2 for r in (5, 3.6, 2.4)], level, Tissue.VESSEL)


LAYERS = ((0.0, 560.0, Tissue.BONE), (2.3, 190.0, Tissue.MARROW))  # inset in mm, HU, tissue: cortex, then marrow


def _hip_bones(body: Body) -> None:
    canvas = body.canvas
    for inset, hu, tissue in LAYERS:
        for level in np.arange(38.0, 150, 7).tolist():
            wide = 0.22 * (level - 60)
            back, front = (38 + 0.08 * level, 64.0), (97 + wide, -33 + 0.15 * level)
            line = [back, (66 + 0.3 * wide, 44.0), (88 + wide, 6.0), front]
            radii = [r - inset for r in (8.5, 5.5, 4.2, 7.0)]
            for points in body.mirrored(*[(x, y, level) for x, y in line[: 4 if level > 52 else 3]]):
                for k in range(len(points) - 1):
                    canvas.tube(points[k], points[k + 1], (radii[k], radii[k + 1]), hu, tissue, flat_z=2.0)
        for side in SIDES:
            roof = (17 - inset, 30 - inset, 24 - inset)
            canvas.solid((side * 86, 4, 46), roof, hu, tissue, side * 16)
            canvas.solid((side * 84, 6, 14), (36 - inset, 33 - inset, 34), hu, tissue)
            canvas.tube((side * 76, 34, 24), (side * 66, 52, -45), (15 - inset, 13 - inset), hu, tissue)
        for pubis in body.mirrored((66, -20, 16), (34, -48, 4), (8, -58, -6)):
            canvas.path(pubis, [r - inset for r in (11, 8, 11)], hu, tissue)


def _hip_joints(body: Body) -> None:
    canvas = body.canvas
    for side in SIDES:
        head: Point = (side * 93, 6, 10)
        shaft: Point = (side * 124, 16, -18)
        canvas.solid(head, (28, 28, 28), 25, Tissue.MUSCLE)  # cartilage and fluid
        canvas.solid((side * 118, 4, 6), (16, 26, 32), body.hu.muscle, Tissue.MUSCLE)
        canvas.tube(head, shaft, (15.5, 17), 520, Tissue.BONE)
        canvas.tube(head, shaft, (12, 13.5), 190, Tissue.MARROW)
        canvas.solid(head, (24.5, 24.5, 24.5), 520, Tissue.BONE)
        canvas.solid(head, (22, 22, 22), 260, Tissue.MARROW)


def _sacrum(body: Body) -> None:
    canvas = body.canvas
    for level in np.arange(6.0, 138, 8).tolist():
        f = level / 130
        radii = (14 + 34 * min(1.0, f * 1.25), 9 + 14 * f, 7.0)
        canvas.solid((0, 88 - 26 * f, level), radii, 175, Tissue.BONE, 0, square=0.3, rind=(2.4, 480.0))
    for level in (40.0, 68.0, 96.0):
        for side in SIDES:  # the nerves' holes
            canvas.solid((side * 21, 84 - 0.2 * level, level), (4.5, 5, 6), -60, None)
            canvas.solid((side * 20, 79 - 0.2 * level, level), (3, 3, 6), 25, None)
    canvas.solid((0, 84, 100), (7, 4.5, 40), 10, None)
