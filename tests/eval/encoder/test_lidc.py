"""LIDC rows become labelled nodules, and packs that training reads."""

import csv

import numpy as np
import pytest

from encoder.training.dataset import load_rois
from eval.encoder.lidc import LabelError, largest_slices, read_lidc, write_lidc_pack

GOOD = {
    "patient_id": "LIDC-IDRI-0001",
    "nodule": "nodule-0",
    "slice": 0,
    "area_px": 10,
    "n_readers": 3,
    "match_cost": 0.1,
    "pixel_spacing_mm": 0.7,
    "eq_diam_mm": 8.0,
    "malignancy": 3.5,
    "texture": 5.0,
    "calcification": 6.0,
}


def lidc(folder, *changes):
    rows = [{**GOOD, **change} for change in changes]
    np.savez(folder / "images.npz", images=np.zeros((len(rows), 64, 64), np.uint8))
    with (folder / "lesions.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(GOOD))
        writer.writeheader()
        writer.writerows(rows)
    return read_lidc(folder)[1]


def test_types_and_classes_follow_the_published_bounds(tmp_path):
    nodules = lidc(
        tmp_path,
        {"calcification": 3},
        {"texture": 2.0, "malignancy": 2.0, "eq_diam_mm": 5.9},
        {"texture": 4.0, "malignancy": 3.6, "eq_diam_mm": 10.0},
        {"texture": 4.5, "malignancy": 2.5},
    )
    assert [n.lesion_type for n in nodules] == ["calcified", "ground-glass", "part-solid", "solid"]
    assert [n.malignancy_class for n in nodules] == ["indeterminate", "benign", "suspicious", "indeterminate"]
    assert [n.size_class for n in nodules] == ["6 to 10 mm", "under 6 mm", "10 mm and more", "6 to 10 mm"]


def test_unmatched_nodules_have_no_labels_and_those_of_one_reader_are_only_learnt_from(tmp_path):
    changes = ({"match_cost": 99.0}, {"n_readers": 1}, {"eq_diam_mm": "", "malignancy": ""}, {})
    nodules = lidc(tmp_path, *({**change, "nodule": f"nodule-{n}"} for n, change in enumerate(changes)))
    assert [n.lesion_type is None for n in nodules] == [True, False, True, False]
    assert [n.texture_rating for n in nodules] == [None, "5", None, "5"]
    assert largest_slices(nodules).tolist() == [3]


def test_one_slice_a_nodule_is_its_largest(tmp_path):
    nodules = lidc(tmp_path, {"area_px": 5}, {"area_px": 50}, {"area_px": 7}, {"nodule": "nodule-1"})
    assert largest_slices(nodules).tolist() == [1, 3]


def test_packs_train(tmp_path):
    (tmp_path / "lidc").mkdir()
    lidc(tmp_path / "lidc", {}, {"slice": 1}, {"texture": 1.0, "nodule": "nodule-1"})
    assert write_lidc_pack(tmp_path / "lidc", tmp_path / "pack", test_share=0.0) == 3
    rois = load_rois([tmp_path / "pack"])
    assert len(rois) == 3
    assert len(rois.lesions.unique()) == 2
    assert rois.labels["lesion_type"] == ["lung"]


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(LabelError, match=r"images\.npz"):
        read_lidc(tmp_path)


@pytest.mark.shared
def test_the_real_table_reads(shared_data):
    images, nodules = read_lidc(shared_data / "lidc")
    assert images.shape == (11701, 64, 64)
    sides = {s: {n.patient_id for n in nodules if n.split == s} for s in ("train", "validation", "test")}
    assert sum(map(len, sides.values())) == len(set.union(*sides.values()))
    assert {s: len(patients) for s, patients in sides.items()} == {"train": 417, "validation": 90, "test": 142}
