"""Painting in HU: volumes, soft edges, and trees that branch and taper."""

import numpy as np
import pytest

from tools.pipelines.phantoms.canvas import Canvas, Grid, Tissue, grow_tree


def canvas(spacing_mm: float = 1.0) -> Canvas:
    grid = Grid.of(np.random.default_rng(0), 128, spacing_mm, np.arange(-20.0, 21), (1.0, 1.0), bend_mm=0.0)
    return Canvas(grid)


def test_an_ellipsoid_has_its_volume_and_its_hu() -> None:
    c = canvas()
    c.solid((5, -8, 0), (20, 12, 10), 60, Tissue.LIVER, angle_deg=30)
    volume_mm3 = float(((c.hu + 1000) / 1060).sum())
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 20 * 12 * 10, rel=0.03)
    assert c.hu.max() == 60
    assert (c.tissue == Tissue.LIVER).sum() == pytest.approx(volume_mm3, rel=0.03)


def test_a_rind_surrounds_the_inside() -> None:
    c = canvas()
    c.solid((0, 0, 0), (20, 20, 20), 100, Tissue.BONE, rind=(3, 500))
    middle = c.hu[20, 64]
    assert middle[64] == pytest.approx(100)
    assert middle[64 + 18] == pytest.approx(500, abs=15)


def test_a_tube_tapers() -> None:
    c = canvas()
    c.tube((-40, 0, 0), (40, 0, 0), (6, 2), 200, Tissue.VESSEL)
    widths = (c.tissue[20] == Tissue.VESSEL).sum(axis=0)
    assert widths[30] > widths[64] > widths[98] > 0


def test_what_lies_outside_the_stack_paints_nothing() -> None:
    c = canvas()
    c.solid((0, 0, 200), (20, 20, 20), 60, Tissue.LIVER)
    c.tube((0, 500, 0), (10, 500, 0), (5, 5), 60, Tissue.VESSEL)
    assert (c.hu == -1000).all()


def test_a_tree_joins_all_tips_to_its_root_and_tapers() -> None:
    root, tips = (0.0, 0.0, 0.0), np.random.default_rng(1).uniform(-50, 50, (80, 3))
    segments = grow_tree(root, tips, tip_radius_mm=0.5)
    assert {s.end for s in segments} == {tuple(t) for t in tips.tolist()}
    reached = {root} | {s.end for s in segments}
    assert all(s.start in reached for s in segments)
    assert all(s.radii[0] >= s.radii[1] >= 0.5 for s in segments)
    assert max(s.radii[1] for s in segments) > 1.0


def test_a_tree_without_tips_is_empty() -> None:
    assert grow_tree((0.0, 0.0, 0.0), np.zeros((0, 3)), 0.5) == []
