"""The chest: wall muscles, lungs with their vessels and airways, heart, great vessels, windpipe and gullet."""

import math

import numpy as np

from tools.pipelines.phantoms.body import FAT_HU, SIDES, Body
from tools.pipelines.phantoms.canvas import Floats, Point, Tissue, grow_tree


def draw_thorax(body: Body) -> Floats:
    """Paint the chest. Returns the height in mm above the diaphragm, (slices, rows, columns)."""
    canvas = body.canvas
    wall = np.where(body.ribbed > 0, body.wall, np.float32(-9))
    canvas.paint(canvas.everything, canvas.soft(wall), body.hu.muscle, Tissue.MUSCLE)
    fat_plane = canvas.soft(np.float32(1.4) - np.abs(wall - np.float32(7.5)), 2)
    canvas.paint(canvas.everything, fat_plane * np.float32(0.8), -80, Tissue.FAT)
    _wall_muscles(body)
    cavity = canvas.soft(wall - np.float32(19))
    canvas.paint(canvas.everything, cavity, -98, Tissue.MEDIASTINUM)
    # fat beside the spine is not where mediastinal lesions are looked for
    canvas.tissue[(canvas.tissue == Tissue.MEDIASTINUM) & (body.y > 44)] = Tissue.ORGAN
    above = body.z - _diaphragm(body)
    _lungs(body, cavity, above)
    _lung_trees(body)
    _heart(body)
    _great_vessels(body)
    _airways_and_gullet(body)
    return above


def _wall_muscles(body: Body) -> None:
    canvas, rng = body.canvas, body.rng
    if body.near(460, 620):  # armpits: fat between pectoral muscle, back muscle and ribs
        for side in SIDES:
            canvas.solid(
                (side * 138, -8, 535), (25, 40, 78), -100, Tissue.AXILLA, side * -10, body.lumps(0.12), clip=body.inside
            )
            for _ in range(9):
                x, y, z = side * rng.uniform(127, 150), rng.uniform(-38, 18), rng.uniform(body.low, body.high)
                canvas.tube((x, y, z - 7), (x + side * 4, y + 5, z + 7), (1.6, 1.3), body.hu.vein, None)
    body.muscle((62, -91, 500), (48, 9, 62), 14)  # pectoral
    body.muscle((122, 47, 480), (12, 40, 115), -32)  # latissimus
    body.muscle((60, 89, 540), (55, 9, 90), -10)  # trapezius and rhomboid


def _diaphragm(body: Body) -> Floats:
    x, y, pose = body.x, body.y, body.pose
    right = 384 + 3 * pose[1] - ((x + 62) / 88) ** 2 * 62 - (y / 86) ** 2 * 62
    left = 370 + 3 * pose[2] - ((x - 70) / 84) ** 2 * 62 - (y / 86) ** 2 * 62
    tendon = 366 - (x / 90) ** 2 * 40 - (y / 86) ** 2 * 50
    return np.maximum(np.maximum(right, left), tendon)


def _lungs(body: Body, cavity: Floats, above: Floats) -> None:
    canvas, x, y, z, pose = body.canvas, body.x, body.y, body.z, body.pose
    half = 36 - 9 * np.clip((z - 455) / 50, 0, 1) + 3 * np.sin(y / 17 + pose[6]) * np.sin(x / 40)
    middle = (1 - np.sqrt(((x - 3) / half) ** 2 + ((y + 12) / 88) ** 4)) * 40
    spine = 29 - np.sqrt(x * x + (y - 52) ** 2)
    c, s = math.cos(math.radians(32)), math.sin(math.radians(32))
    u, v = c * (x - 24) + s * (y + 27), c * (y + 27) - s * (x - 24)
    heart = (1 - np.sqrt((u / 63) ** 2 + (v / 51) ** 2 + ((z - 405) / 60) ** 2)) * 55
    room = np.minimum(np.minimum(-np.maximum(np.maximum(middle, spine), heart), above), 590 - z)
    air = -872 + np.clip(y, -80, 80) * np.float32(0.35) + 8 * pose[3]  # heavier at the back, where blood pools
    canvas.paint(canvas.everything, cavity * canvas.soft(room), np.broadcast_to(air, canvas.shape), Tissue.LUNG)
    below = cavity * canvas.soft(-above) * (canvas.tissue == Tissue.MEDIASTINUM)
    canvas.paint(canvas.everything, below, FAT_HU, Tissue.VISCERAL)
    fissure = canvas.soft(np.float32(0.9) - np.abs(y + 22 - (z - 440) * 0.75 + 6 * np.sin(x / 21 + pose[2])))
    canvas.paint(canvas.everything, fissure * (canvas.tissue == Tissue.LUNG), -790, None)


def _lung_trees(body: Body) -> None:
    """Paint arteries that branch and taper, and the airways beside the larger ones."""
    canvas, rng = body.canvas, body.rng
    lung = (canvas.tissue == Tissue.LUNG).astype(np.float32)
    for side in SIDES:
        hilum = min(max(body.middle, 440), 480)
        root = (side * 36.0, 4.0, 0.35 * hilum + 0.65 * body.middle)
        for segment in grow_tree(root, canvas.where(rng, Tissue.LUNG, 380, side), 0.42, 2.75):
            r0, r1 = (min(r, 7.0) for r in segment.radii)
            canvas.tube(segment.start, segment.end, (r0, r1), body.hu.lung_vessel, None, clip=lung)
            if r0 > 1.9:
                start, end = _beside(segment.start, side, r0), _beside(segment.end, side, r0)
                canvas.tube(start, end, (r0, r1), -420, None, clip=lung)
                canvas.tube(start, end, (0.72 * r0, 0.7 * r1), -970, None, clip=lung)


def _beside(point: Point, side: int, radius: float) -> Point:
    return point[0] + side * (radius + 1.4), point[1] - radius - 0.6, point[2]


def _heart(body: Body) -> None:
    if not body.near(345, 470):
        return
    canvas, blood = body.canvas, body.hu.heart
    canvas.solid((24, -27, 405), (58, 46, 55), body.hu.muscle + 38, Tissue.HEART, 32)
    canvas.solid((42, -20, 400), (32, 17, 36), blood, Tissue.HEART, 38)
    canvas.solid((5, -50, 402), (34, 17, 36), blood * 0.9 + 4, Tissue.HEART, 28)
    canvas.solid((-24, -24, 410), (17, 24, 30), blood * 0.85 + 6, Tissue.HEART, -10)
    canvas.solid((10, 8, 425), (30, 15, 24), blood, Tissue.HEART, 8)


def _great_vessels(body: Body) -> None:
    canvas, aorta = body.canvas, body.hu.aorta
    blood, lung_artery, vein = body.hu.heart, body.hu.heart * 0.95, body.hu.vein * 0.8 + 20
    if body.near(425, 530):
        canvas.path([(2, -28, 425), (-14, -40, 470), (-10, -42, 500)], (15, 15.5, 15), blood, Tissue.VESSEL)
        canvas.path([(14, -48, 440), (16, -42, 462), (22, -22, 474)], (14, 13.5, 12), lung_artery, Tissue.VESSEL)
        canvas.path([(22, -22, 474), (-6, -14, 470), (-36, -6, 466)], (11, 9.5, 8.5), lung_artery, Tissue.VESSEL)
        canvas.path([(22, -22, 474), (34, -2, 472), (42, 8, 466)], (11, 9.5, 8), lung_artery, Tissue.VESSEL)
        arch: list[Point] = [(-10, -42, 500), (4, -26, 514), (16, 4, 512), (19, 28, 500)]
        canvas.path(arch, (14, 13.5, 12.5, 11.5), aorta, Tissue.VESSEL)
    if body.near(430, 620):
        canvas.path([(-30, -22, 430), (-32, -34, 520), (-26, -40, 600)], (9, 9, 8), vein, Tissue.VESSEL)
    if body.near(505, 620):  # branches of the arch, and the vein that crosses before them
        canvas.tube((-8, -34, 512), (-20, -30, 600), (6.5, 5.8), aorta, Tissue.VESSEL)
        canvas.tube((4, -22, 512), (12, -24, 600), (4, 3.3), aorta, Tissue.VESSEL)
        canvas.tube((14, 2, 512), (24, 0, 600), (5, 4.3), aorta, Tissue.VESSEL)
        canvas.path([(-30, -44, 520), (8, -50, 535), (34, -40, 600)], (8, 6.5, 7), vein, Tissue.VESSEL)
    canvas.path([(24, 28, 345), (18, 30, 420), (19, 28, 502)], (11.5, 11.5, 12), aorta, Tissue.VESSEL)
    canvas.tube((-6, 26, 330), (-6, 27, 500), (3, 3.2), body.hu.vein, Tissue.VESSEL)  # azygos


def _airways_and_gullet(body: Body) -> None:
    canvas = body.canvas
    gullet: list[Point] = [(10, 16, 380), (4, 15, 440), (5, 17, 600)]
    canvas.path(gullet, (7.5, 6.5, 6.5), body.hu.muscle - 12, Tissue.ORGAN)
    if body.pose[4] > 0:
        canvas.path(gullet, (1.8, 1.4, 1.4), -700, None)
    trachea: list[Point] = [(-2, 1, 484), (-3, -6, 620)]
    right: list[Point] = [(-2, 1, 486), (-24, 4, 466), (-42, 8, 448)]
    left: list[Point] = [(-2, 1, 486), (18, 6, 466), (42, 12, 446)]
    for points, radii in ((trachea, (9.5, 9.0)), (right, (8.0, 7.0, 5.0)), (left, (8.0, 6.5, 4.8))):
        canvas.path(points, [r + 1.3 for r in radii], 20, Tissue.ORGAN)
        canvas.path(points, radii, -985, Tissue.GAS)
