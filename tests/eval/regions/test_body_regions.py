"""What is counted of the classifier of body regions."""

import numpy as np
import pytest

from eval.regions.body_regions import report, to_markdown
from tools.regions.body_region_classifier import OTHER, REGIONS


def probabilities(*likeliest: tuple[str, float]) -> np.ndarray:
    rows = []
    for region, certainty in likeliest:
        row = np.full(OTHER + 1, (1 - certainty) / OTHER)
        row[REGIONS.index(region) if region != "other" else OTHER] = certainty
        rows.append(row)
    return np.array(rows)


def test_right_wrong_and_unknown_are_told_apart():
    truth = np.array([REGIONS.index(region) for region in ("chest", "chest", "chest", "pelvis", "pelvis")])
    patients = np.array(["a", "a", "b", "c", "d"])
    seen = probabilities(("chest", 0.95), ("abdomen", 0.9), ("chest", 0.6), ("head", 0.85), ("other", 0.9))
    found = report(seen, truth, patients, probabilities(("other", 0.9), ("limb", 0.9), ("limb", 0.7)), 2, 12.0)

    chest, pelvis = found.regions
    assert (chest.patients, chest.slices, chest.likeliest_right) == (2, 3, 2)
    assert (chest.named_right, chest.named_wrong, chest.misleading, chest.unknown) == (1, 1, 0, 1)  # abdomen is near
    assert (pelvis.named_right, pelvis.named_wrong, pelvis.misleading, pelvis.unknown) == (0, 1, 1, 1)
    assert (found.named_right.right, found.named_right.total) == (1, 3)
    assert (found.others_named.right, found.others_named.total) == (1, 3)
    assert found.accuracy == pytest.approx((2 / 3 + 0) / 2)
    assert [b.slices for b in found.calibration] == [0, 1, 1, 2, 0]
    assert found.ece == pytest.approx((0.4 + 0.85 + abs(0.925 - 0.5) * 2) / 4)
    assert "| chest | 2 | 3 | 0.667 | 1 | 1 | 0 | 1 |" in to_markdown(found)
