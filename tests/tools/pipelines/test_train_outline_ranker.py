"""Lesions painted into slices, and a ranker that learns from them which outline is wrong."""

from pathlib import Path

import numpy as np
import pytest

from eval.regions.measurement import cross_validation_to_markdown
from tests.tools.regions.test_create import body
from tools.pipelines import train_outline_ranker as training
from tools.pipelines.painted_lesions import paint_lesions
from tools.regions.measurement import longest_px
from tools.regions.outline_network import load_outline_network

SLICES = [(body(256, 256, seed=seed).astype(np.int16), 0.8, f"p{seed}") for seed in range(6)]


def test_painted_lesions_are_as_long_as_they_say_and_inside_their_box() -> None:
    for lesion in paint_lesions(SLICES, 6, seed=1):
        assert lesion.box is not None
        sides_mm = 0.8 * np.array([lesion.box.x1 - lesion.box.x0 - 10, lesion.box.y1 - lesion.box.y0 - 10])
        assert sides_mm.max() - 2 <= lesion.length_mm[0] <= np.hypot(*sides_mm) + 2


def test_an_outline_is_as_wrong_as_its_length_and_place() -> None:
    lesion = paint_lesions(SLICES, 1, seed=2)[0]
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1) * lesion.length_mm[0] / 1.6 + lesion.middle
    right, length_mm = training.wrongness(lesion, circle)
    assert length_mm == pytest.approx(0.8 * longest_px(circle))
    assert right < training.wrongness(lesion, (circle - lesion.middle) * 1.5 + lesion.middle)[0]
    assert right < training.wrongness(lesion, circle + 40)[0] <= 1


def test_a_ranker_learns_which_outline_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"STEPS": 150, "NETWORKS": 1, "FOLDS": 2}.items():
        monkeypatch.setattr(training, name, value)
    examples, boxes = training.make_examples(paint_lesions(SLICES, 24, seed=3), [load_outline_network()] * 3)
    assert len(examples) == len(boxes) == 24
    chosen = training.cross_validated(examples)
    assert len(chosen) == len(examples)
    assert np.mean([one.wrong[number] for one, _, number in chosen]) < np.mean([one.wrong.mean() for one in examples])
    kept = tmp_path / "figures.csv"
    training.write_figures(kept, list(training.figures("click", chosen)))
    assert "| painted | click | 24 | " in cross_validation_to_markdown(kept)


def test_boxes_over_nothing_are_learnt_as_wrong() -> None:
    empty = training.empty_boxes(SLICES, [load_outline_network()] * training.FOLDS, count=8)
    assert all((one.wrong == 1).all() for one in empty)
