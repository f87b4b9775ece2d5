"""Lesions find room in their organ, keep apart, and are painted where they were put."""

import numpy as np
import pytest

from tools.domain.lesions import DEEPLESION_TYPES
from tools.pipelines.phantoms.canvas import Tissue
from tools.pipelines.phantoms.lesion_models import LESION_MODELS, Finder, Site
from tools.pipelines.phantoms.lesion_painting import paint_lesion

SPACING_MM, THICKNESS_MM = 0.8, 5.0


def organ(tissue: Tissue, hu: float) -> tuple[np.ndarray, np.ndarray]:
    """An organ of 100 mm in fat: HU and tissue, (6, 256, 256)."""
    y, x = np.mgrid[:256, :256] - 128
    inside = np.hypot(x, y) * SPACING_MM < 50
    labels = np.where(inside, tissue, Tissue.FAT).astype(np.uint8)
    image = np.where(inside, hu, -100).astype(np.float32)
    return np.repeat(image[None], 6, 0), np.repeat(labels[None], 6, 0)


def sites(lesion_type: str, tissue: np.ndarray, count: int, seed: int = 0) -> list[Site]:
    finder = Finder(tissue, SPACING_MM, THICKNESS_MM, np.random.default_rng(seed))
    found = [finder.place(lesion_type, "portal") for _ in range(count)]
    return [site for site in found if site is not None]


def test_every_type_has_kinds() -> None:
    assert tuple(LESION_MODELS) == DEEPLESION_TYPES


def test_lesions_lie_in_their_organ_and_apart() -> None:
    hu, tissue = organ(Tissue.LIVER, 110)
    taken = np.zeros(tissue.shape, int)
    placed = sites("liver", tissue, 5)
    assert len(placed) >= 3
    for site in placed:
        painted = paint_lesion(hu.copy(), tissue, site, SPACING_MM, THICKNESS_MM)
        assert painted is not None
        window, mask = painted
        assert np.mean(tissue[window][mask] == Tissue.LIVER) > 0.85
        taken[window] += mask
    assert taken.max() == 1


def test_painting_changes_only_the_lesion_and_its_edge() -> None:
    hu, tissue = organ(Tissue.LIVER, 110)
    (site,) = sites("liver", tissue, 1)
    before = hu.copy()
    painted = paint_lesion(hu, tissue, site, SPACING_MM, THICKNESS_MM)
    assert painted is not None
    window, mask = painted
    changed = np.zeros(hu.shape, bool)
    changed[window] = True
    assert (hu == before)[~changed].all()
    assert np.abs(hu - before)[window][mask].mean() > 10


def test_growth_makes_it_larger() -> None:
    hu, tissue = organ(Tissue.LIVER, 110)
    (site,) = sites("liver", tissue, 1)
    areas = []
    for growth in (0.7, 1.0, 1.4):
        painted = paint_lesion(hu.copy(), tissue, site, SPACING_MM, THICKNESS_MM, growth)
        assert painted is not None
        areas.append(int(painted[1].sum(axis=(1, 2)).max()))
    assert areas[0] < areas[1] < areas[2]


def test_bone_lesions_stay_near_bone() -> None:
    hu, tissue = organ(Tissue.MARROW, 170)
    for site in sites("bone", tissue, 4):
        painted = paint_lesion(hu.copy(), tissue, site, SPACING_MM, THICKNESS_MM)
        assert painted is not None
        window, mask = painted
        assert np.mean(tissue[window][mask] == Tissue.MARROW) > 0.8


@pytest.mark.parametrize("lesion_type", ["lung", "kidney", "mediastinum"])
def test_without_its_organ_there_is_no_lesion(lesion_type: str) -> None:
    _, tissue = organ(Tissue.LIVER, 110)
    assert sites(lesion_type, tissue, 3) == []


def test_nothing_enhances_without_contrast_medium() -> None:
    _, tissue = organ(Tissue.LIVER, 57)
    for seed in range(25):
        site = Finder(tissue, SPACING_MM, THICKNESS_MM, np.random.default_rng(seed)).place("liver", "plain")
        assert site is not None
        assert "enhancing" not in site.kind.density
