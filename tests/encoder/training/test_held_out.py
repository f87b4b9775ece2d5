"""Precision on held-out lesions, checked by hand on vectors that are what the pixels say."""

import numpy as np
import pytest

from encoder.training.held_out import held_out_precision


class Brightness:
    """An encoder that sees whether a lesion is bright."""

    def __call__(self, images):
        bright = images.mean(axis=(1, 2)) > 0
        return np.stack([bright, ~bright], axis=1).astype(np.float32)


def write(folder, rows, bright):
    folder.mkdir()
    np.save(folder / "images.npy", np.stack([np.full((64, 64), 100 if b else -100, np.int16) for b in bright]))
    lines = ["lesion_id,patient_id,lesion_type,split", *(",".join(row) for row in rows)]
    (folder / "lesions.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_only_validation_lesions_of_other_patients_count_once_each(tmp_path):
    rows = [
        ("A", "P1", "bone", "validation"),
        ("A", "P1", "bone", "validation"),  # another slice of it
        ("B", "P2", "bone", "validation"),
        ("C", "P2", "liver", "validation"),
        ("D", "P3", "liver", "validation"),
        ("E", "P4", "liver", "train"),
    ]
    found = held_out_precision(Brightness(), [write(tmp_path / "pack", rows, [1, 1, 1, 0, 0, 0])])
    # all others are among the ten nearest: A has B of three, B has A of two, C has D of two, D has C of three
    assert found.precision_at_10 == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert (found.chance, found.lesions, found.patients) == (0.5, 4, 3)


def test_the_nearest_ten_are_looked_at(tmp_path):
    rows = [(f"L{i}", f"P{i}", "bone" if i < 15 else "liver", "validation") for i in range(30)]
    found = held_out_precision(Brightness(), [write(tmp_path / "pack", rows, [i < 15 for i in range(30)])])
    assert found.precision_at_10 == 1


def test_one_type_alone_is_no_measure(tmp_path):
    rows = [(f"L{i}", f"P{i}", "bone", "validation") for i in range(4)]
    assert held_out_precision(Brightness(), [write(tmp_path / "pack", rows, [1, 0, 1, 0])]) is None
