"""Packs become training tensors; held-out rows never do."""

import csv
from pathlib import Path

import numpy as np
import pytest

from encoder.errors import EncoderError
from encoder.pack import PackError
from encoder.training.dataset import load_rois


def write(folder: Path, rows: list[dict[str, object]], images: np.ndarray) -> Path:
    folder.mkdir()
    np.save(folder / "images.npy", images)
    with (folder / "lesions.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def row(number: int, **more: object) -> dict[str, object]:
    return {"lesion_id": f"L{number}", "patient_id": f"P{number}", **more}


def test_two_kinds_of_pack_share_one_set_of_tensors(tmp_path):
    hu = write(
        tmp_path / "a",
        [row(i, lesion_type=t, nodule_id="n") for i, t in enumerate(["liver", "bone", "liver"])],
        np.zeros((3, 64, 64), np.int16),
    )
    windowed = write(tmp_path / "b", [row(0), row(1)], np.zeros((2, 64, 64), np.uint8))
    rois = load_rois([hu, windowed])
    assert rois.images.shape == (5, 1, 64, 64)
    assert rois.labels == {"lesion_type": ["bone", "liver"]}
    assert rois.classes[:, 0].tolist() == [1, 0, 1, -1, -1]
    assert len(rois.lesions.unique()) == 3  # one lesion with three slices, two others
    assert rois.calibrated.tolist() == [True] * 3 + [False] * 2


def test_held_out_rows_are_not_read(tmp_path):
    images = np.stack([np.full((64, 64), value, np.int16) for value in (-1000, 0, 900, -620)])
    pack = write(tmp_path / "a", [row(i, split=s) for i, s in enumerate(["train", "test", "", "validation"])], images)
    assert load_rois([pack]).images.amax((1, 2, 3)).tolist() == [0, 1]
    everything = load_rois([pack], train_on_validation=True).images.amax((1, 2, 3))
    assert everything.tolist() == pytest.approx([0, 1, 0.2], abs=1e-3)  # half precision


def test_each_label_has_its_own_classes_and_may_be_missing(tmp_path):
    rows = [row(i, size=size, source="here") for i, size in enumerate(["small", "large", "", "small"])]
    pack = write(tmp_path / "a", rows, np.zeros((4, 64, 64), np.uint8))
    rois = load_rois([pack], ["lesion_type", "size"])
    assert rois.labels == {"lesion_type": [], "size": ["large", "small"]}
    assert rois.classes.tolist() == [[-1, 1], [-1, 0], [-1, -1], [-1, 1]]
    assert rois.sources.tolist() == [0] * 4


def test_what_is_not_a_pack_is_said(tmp_path):
    with pytest.raises(PackError, match="not a ROI pack"):
        load_rois([tmp_path])
    pack = write(tmp_path / "a", [row(0)], np.zeros((3, 64, 64), np.uint8))
    with pytest.raises(PackError, match="3 images but 1 rows"):
        load_rois([pack])
    alone = write(tmp_path / "b", [row(0)], np.zeros((1, 64, 64), np.uint8))
    with pytest.raises(EncoderError, match="fewer than two"):
        load_rois([alone])
