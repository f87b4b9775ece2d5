"""Curves, maps and failures of embeddings whose answer is known."""

import numpy as np
import pytest

from eval.encoder.lidc import Nodule
from eval.encoder.retrieval_figures import (
    draw_retrieval,
    flattened,
    precision_recall_curve,
    type_failures,
    worst_queries,
)

LABELS = np.repeat(["a", "b"], 15)
PATIENTS = np.arange(30).astype(str)


def vectors(noise: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    rows = np.repeat(np.eye(2), 15, axis=0) + noise * rng.standard_normal((30, 2))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_a_perfect_order_has_precision_one_at_every_recall():
    assert precision_recall_curve(vectors(0.01), LABELS, PATIENTS).tolist() == [1.0] * 51


def test_precision_falls_to_the_share_of_the_class():
    curve = precision_recall_curve(vectors(3.0), LABELS, PATIENTS)
    assert (np.diff(curve) <= 1e-12).all()
    assert curve[-1] == pytest.approx(14 / 29, abs=0.03)


def test_the_one_query_on_the_wrong_side_is_the_worst():
    rows = vectors(0.05)
    rows[3] = rows[20]
    images = np.arange(30, dtype=np.uint8)[:, None, None] * np.ones((1, 64, 64), np.uint8)
    failure = worst_queries(images, rows, {"type": LABELS}, PATIENTS, count=1)[0]
    assert failure.query[0, 0] == 3
    assert failure.caption == "a"
    assert not any(failure.agrees)
    assert (failure.hits[:, 0, 0] >= 15).all()


@pytest.mark.parametrize("shape", [(64, 64), (2, 64, 64)])
def test_type_failures_come_from_another_pack(shape):
    images = np.zeros((30, *shape), np.uint8)
    rows = [{"lesion_type": name} for name in LABELS]
    known = vectors(0.01)
    asked = np.ones((1, *shape), np.uint8)

    def embed(rois):
        return known[20:21] if rois is asked else known

    failure = type_failures((images, rows), (asked, [{"lesion_type": "a"}]), embed)[0]
    assert failure.caption == "a"
    assert failure.hit_captions[0].startswith("b, 1.00")
    assert failure.query.shape == failure.hits[0].shape == (64, 64)
    assert not any(failure.agrees)


def test_neighbours_stay_neighbours_on_the_map():
    points = flattened(vectors(0.05))
    gap = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(gap, np.inf)
    assert (LABELS[gap.argmin(1)] == LABELS).all()


def test_all_three_figures_are_drawn_for_the_split(tmp_path):
    nodules = [
        Nodule(
            f"L{i}", f"P{i}", f"N{i}", "solid", 8.0, 0.7, 1, 9, "validation" if i < 30 else "train",
            texture_class="solid", calcified="calcified" if i % 2 else "not calcified",
            malignancy_class="benign", size_class="under 6 mm",
        )
        for i in range(32)
    ]  # fmt: skip
    images = np.random.default_rng(0).integers(0, 255, (32, 64, 64)).astype(np.uint8)

    def embed(rois):
        assert len(rois) == 30
        return vectors(0.5)

    paths = draw_retrieval(images, nodules, {"m": embed}, tmp_path, "validation", failures=1)
    assert [path.name for path in paths] == ["precision-recall.png", "embedding-map.png", "failures.png"]
    assert all(path.stat().st_size > 1000 for path in paths)
