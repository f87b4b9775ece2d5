"""The whole patient, region after region, painted on one stack of slices."""

import numpy as np

from tools.pipelines.phantoms.abdomen import draw_abdomen, draw_abdominal_vessels
from tools.pipelines.phantoms.body import RIBS_FROM_MM, Body, Patient
from tools.pipelines.phantoms.canvas import Canvas
from tools.pipelines.phantoms.pelvis import TOP_MM, draw_pelvis
from tools.pipelines.phantoms.skeleton import draw_skeleton
from tools.pipelines.phantoms.thorax import draw_thorax


def draw_anatomy(canvas: Canvas, patient: Patient, rng: np.random.Generator) -> None:
    """Paint a healthy patient in Hounsfield units. Later organs cover earlier ones."""
    body = Body(canvas, patient, rng)
    body.draw_surface()
    above_diaphragm = draw_thorax(body) if body.near(RIBS_FROM_MM, 640) else None
    if body.near(TOP_MM - 2, 400):
        draw_abdomen(body, above_diaphragm)
    if body.near(-60, TOP_MM + 20):
        draw_pelvis(body)
    draw_abdominal_vessels(body)
    draw_skeleton(body)
