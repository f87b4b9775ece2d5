"""The healthy body: each organ is there at its level, with the HU a radiologist expects."""

from collections.abc import Callable

import numpy as np
import pytest

from tools.pipelines.phantoms.body import Patient, Phase
from tools.pipelines.phantoms.canvas import Canvas, Grid, Tissue
from tools.pipelines.phantoms.generate import draw_anatomy

CHEST, LIVER, KIDNEYS, HIPS = 440.0, 305.0, 240.0, 25.0
Painter = Callable[..., Canvas]


def paint(z: float, phase: Phase = "portal", sex: str = "F", seed: int = 0, fat_mm: float = 15) -> Canvas:
    patient = Patient("PHANTOM-TEST", "F" if sex == "F" else "M", 55, (1.0, 1.0), fat_mm, phase, False, True, seed)
    grid = Grid.of(np.random.default_rng(seed), 256, 1.6, z + np.arange(3) * 5.0, patient.scale)
    canvas = Canvas(grid)
    draw_anatomy(canvas, patient, np.random.default_rng(seed))
    return canvas


@pytest.mark.parametrize(
    ("z", "tissue", "low", "high"),
    [
        (CHEST, Tissue.LUNG, -920, -780),
        (CHEST, Tissue.FAT, -115, -75),
        (CHEST, Tissue.MUSCLE, 40, 75),
        (CHEST, Tissue.BONE, 200, 700),
        (CHEST, Tissue.HEART, 60, 220),
        (LIVER, Tissue.LIVER, 95, 125),
        (LIVER, Tissue.SPLEEN, 105, 135),
        (KIDNEYS, Tissue.KIDNEY, 140, 200),
        (KIDNEYS, Tissue.VISCERAL, -115, -80),
        (HIPS, Tissue.BLADDER, -5, 20),
        (HIPS, Tissue.BONE, 250, 700),
    ],
)
def test_organs_have_their_density(z: float, tissue: Tissue, low: float, high: float) -> None:
    canvas = paint(z)
    inside = canvas.tissue == tissue
    assert inside.sum() > 300
    assert low <= np.median(canvas.hu[inside]) <= high


def test_contrast_medium_brightens_vessels_and_organs() -> None:
    plain, arterial, portal = (paint(LIVER, phase) for phase in ("plain", "arterial", "portal"))

    def level(canvas: Canvas, tissue: Tissue) -> float:
        return float(np.median(canvas.hu[canvas.tissue == tissue]))

    assert level(plain, Tissue.LIVER) < level(arterial, Tissue.LIVER) < level(portal, Tissue.LIVER)
    assert canvas_max(arterial) > canvas_max(plain) + 150


def canvas_max(canvas: Canvas) -> float:
    vessels = canvas.hu[canvas.tissue == Tissue.VESSEL]
    return float(np.percentile(vessels, 80))


def test_liver_lies_on_the_patients_right_and_the_spine_behind() -> None:
    canvas = paint(LIVER)
    _, rows, columns = np.nonzero(canvas.tissue == Tissue.LIVER)
    assert columns.mean() < 128  # the patient's right is on the left of the image
    _, rows, _ = np.nonzero(canvas.tissue == Tissue.MARROW)
    assert np.median(rows) > 128


def test_body_fits_the_field_of_view_that_its_patient_asks_for() -> None:
    for sex in ("F", "M"):
        for fat_mm in (6, 34):
            patient = Patient("P", "F" if sex == "F" else "M", 50, (1.0, 1.0), fat_mm, "plain", False, True, 0)
            for z in (CHEST, 530.0, LIVER, KIDNEYS, HIPS):
                levels = z + np.arange(3) * 5.0
                spacing = 2 * patient.half_width_mm(levels[0], levels[-1]) * 1.09 / 256
                grid = Grid.of(np.random.default_rng(1), 256, spacing, levels, patient.scale)
                canvas = Canvas(grid)
                draw_anatomy(canvas, patient, np.random.default_rng(1))
                body = canvas.tissue != Tissue.AIR
                assert not body[:, :, 0].any()
                assert not body[:, :, -1].any()
                assert not body[:, 0].any()


def test_no_two_patients_look_alike() -> None:
    first, second = paint(KIDNEYS, seed=1), paint(KIDNEYS, seed=2)
    inside = (first.tissue != Tissue.AIR) | (second.tissue != Tissue.AIR)
    assert np.mean(np.abs(first.hu - second.hu)[inside] > 25) > 0.2
