"""The classifier of body regions can be fitted anew, from labels and a folder of slices."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.pipelines import train_body_region_classifier as job
from tools.regions.body_region_classifier import OTHER, REGIONS

CHEST, ABDOMEN = REGIONS.index("chest"), REGIONS.index("abdomen")


def body(lungs: bool, width: float) -> np.ndarray:
    """An ellipse with fat and a spine, with lungs or without, in 8 bits of the soft-tissue window."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    hu = np.full(x.shape, -1000.0)
    hu[np.hypot(x / width, y / 0.6) < 1] = -100
    hu[np.hypot(x / width, y / 0.6) < 0.9] = 50
    if lungs:
        hu[np.hypot((np.abs(x) - 0.4) / 0.25, y / 0.4) < 1] = -850
    hu[np.hypot(x, y - 0.4) < 0.1] = 400
    return (255 * (hu + 175) / 450).clip(0, 255).astype(np.uint8)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    rows = ["source,row,patient,region"]
    for number in range(8):
        lungs = number % 2 == 0
        Image.fromarray(body(lungs, 0.75 + 0.02 * number)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,0,P{number},{'chest' if lungs else 'abdomen'}")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_what_was_labelled_is_learnt_and_a_small_field_of_view_is_not_named(labelled, monkeypatch) -> None:
    monkeypatch.setattr(job, "STEPS", 300)
    monkeypatch.setattr(job, "PARTS", 60)
    monkeypatch.setattr(job, "OBJECTS", 60)
    slices = job.read_labelled(labelled, labelled / "labels.csv")
    assert [one.region for one in slices] == [CHEST, ABDOMEN] * 4
    known = [one for one in slices if one.patient not in ("P6", "P7")]
    examples = job.make_examples(known)
    assert set(examples.classes.tolist()) == {CHEST, ABDOMEN, OTHER}
    classifier = job.fit(examples)
    asked = np.stack([one.features() for one in slices if one.patient in ("P6", "P7")])
    assert classifier(asked).argmax(axis=1).tolist() == [CHEST, ABDOMEN]


def test_missing_slices_are_one_sentence(labelled) -> None:
    (labelled / "3.png").unlink()
    with pytest.raises(job.BodyRegionDataError, match=r"the slices of 3\.png cannot be read .*; give the folder"):
        job.read_labelled(labelled, labelled / "labels.csv")


def test_the_labels_name_regions_and_each_slice_once() -> None:
    lines = job.LABELS.read_text(encoding="utf-8").splitlines()[1:]
    assert len({tuple(line.split(",")[:2]) for line in lines}) == len(lines)
    assert {line.split(",")[3] for line in lines} == set(REGIONS)
