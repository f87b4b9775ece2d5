"""Spine, ribs, breastbone and shoulder blades."""

import numpy as np

from tools.pipelines.phantoms.body import RIBS_FROM_MM, Body
from tools.pipelines.phantoms.canvas import Canvas, Tissue


def draw_skeleton(body: Body) -> None:
    """Paint the bones of the trunk; those of the pelvis are its own."""
    if body.near(100, 640):
        _spine(body)
    if body.near(RIBS_FROM_MM, 640):
        _ribs(body)
        body.canvas.solid((2 * body.pose[0], -90, 460), (19, 6.5, 70), 150, Tissue.BONE, rind=(2.0, 520.0), square=0.4)
    if body.near(460, 640):
        for start, end in body.mirrored((78, 74, 525), (128, 52, 525)):
            body.canvas.tube(start, end, (4.5, 6), 420, Tissue.BONE, flat_z=60)
            body.canvas.tube(start, end, (2.2, 3.4), 170, Tissue.MARROW, flat_z=60)


def _spine(body: Body) -> None:
    canvas = body.canvas
    marrow = 250 - 1.5 * body.patient.age_years  # bone thins with age
    bottom = 96 + body.rng.uniform(0, 30)
    for k in range(18):
        level = bottom + 33 * min(k, 7) + 26 * max(0, k - 7)
        if body.near(level - 26, level + 26):
            _vertebra(canvas, level, marrow, thoracic=level > 300)
    y = 66.5 if body.middle < 300 else 73.5
    canvas.solid((0, y, body.middle), (11, 8.5, 400), -40, None, square=0.3)
    canvas.solid((0, y, body.middle), (9, 6.8, 400), 28, Tissue.ORGAN)  # the cord in its sac


def _vertebra(canvas: Canvas, level: float, marrow: float, thoracic: bool) -> None:
    width, depth, y = (17.0, 15.0, 49.0) if thoracic else (24.0, 17.0, 40.0)
    half = 11.5 if thoracic else 14.5
    back = y + depth
    canvas.solid((0, y + 1, level + half + 2), (width, depth, 9), 82, Tissue.ORGAN, square=0.3)  # disc
    for z in (level - 0.55 * half, level + 0.55 * half):  # two overlapping solids make the end plates flat
        size = (width, depth, 0.62 * half + 5)
        canvas.solid((0, y, z), size, marrow, Tissue.BONE, square=0.3, rind=(1.7, 470.0))
    canvas.solid((0, y + 0.5, level), (width - 2.2, depth - 2.2, half), marrow, Tissue.MARROW, square=0.3)
    reach, bend, drop = (33, 14, 14) if thoracic else (38, 8, 5)
    for side in (-1, 1):
        canvas.tube((side * 12, back - 2, level + 5), (side * 14, back + 14, level + 2), (4.2, 4.6), 420, Tissue.BONE)
        root, tip = (side * 14, back + 9, level + 4), (side * reach, back + bend, level + 5)
        canvas.tube(root, tip, (4.4, 3.6), 330, Tissue.BONE)
        canvas.tube((side * 13, back + 13, level), (0, back + 21, level - 4), (3.6, 4), 430, Tissue.BONE)
    canvas.tube((0, back + 20, level - 4), (0, back + 27, level - 4 - drop), (3.2, 3.6), 340, Tissue.BONE)


def _ribs(body: Body) -> None:
    """Paint all ribs at once: bands of the chest wall that slope downwards from the spine to the front."""
    canvas = body.canvas
    wide, deep = float(body.half_width.mean()), float(body.half_depth.mean())
    theta = np.arctan2(np.abs(body.x) / wide, -body.y / deep)  # 0 at the front, π at the spine
    drop = 95 * (1 - theta / np.float32(np.pi)) ** np.float32(0.85)
    spacing = np.float32(27)
    phase = (body.z + drop + 7 * body.pose[0]) / spacing
    along = (phase - np.floor(phase) - np.float32(0.5)) * spacing
    across = body.wall - np.float32(15.5) + 7 * np.clip((theta - np.float32(2.55)) * 2, 0, 1)
    size = np.sqrt((along / 7) ** 2 + (across / np.float32(4.4)) ** 2)
    bony = body.ribbed * (theta > 0.5) * (theta < 2.85) * (body.z + drop > 322)
    canvas.paint(canvas.everything, canvas.soft((1 - size) * 5) * bony, 430, Tissue.BONE)
    canvas.paint(canvas.everything, canvas.soft((np.float32(0.62) - size) * 5) * bony, 150, Tissue.MARROW)
    cartilage = (theta <= 0.5) * (theta > 0.16) * (body.z > 380)
    canvas.paint(canvas.everything, canvas.soft((1 - size) * 5) * cartilage, 105, Tissue.ORGAN)
