"""The collections of real CT as one training pack, on small ones made here in their formats."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from encoder.pack import read_context, read_pack_arrays
from encoder.training.dataset import load_rois
from eval.encoder import training_packs
from eval.encoder.lidc import LabelError
from eval.encoder.organs import _PACKS, PLACES_PER_SLICE, write_organs_pack

BODY = (slice(40, 200), slice(30, 220))  # rows, columns


def table(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def body(value: int = 120) -> np.ndarray:
    image = np.zeros((256, 256), np.uint8)
    image[BODY] = value
    return image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, window in _PACKS.items():
        folder = tmp_path / "multi_organ" / name
        folder.mkdir(parents=True)
        kind = np.int16 if window is None else np.uint8
        images = np.arange(2 * 64 * 64).reshape(2, 64, 64).astype(kind)
        if name == "bone_lesions":  # the one without contexts
            np.save(folder / "images.npy", images)
        else:
            np.savez(folder / "pack.npz", images=images, context=images)
        np.savez(folder / "slices.npz", slices=body()[None])
        row = {
            "slice_row": 0, "lesion_id": f"{name}-a", "patient_id": f"{name}-1", "lesion_type": "bone",
            "label_detail": "rib organ, centre", "health": "healthy organ", "pixel_spacing_mm": "",
            "window": "-160, 240" if "keyslices" in name else "",
        }  # fmt: skip
        table(folder / "lesions.csv", [row, row | {"lesion_id": f"{name}-b", "lesion_type": ""}])
    for name, patient in (("liver_ct_slices", "MSD03idx10001"), ("pancreas_ct_slices", "NIHP_10001")):
        folder = tmp_path / "multi_organ" / name
        folder.mkdir()
        np.savez(folder / "slices.npz", slices=body()[None], patient=np.array(["10001"]), slice=np.array(["102"]))
        table(folder / "organ_points.csv", [{"patient_id": patient, "slice": "102", "box_px": "120 100 140 120"}])
    (tmp_path / "ct_slices").mkdir()
    Image.fromarray(body()).save(tmp_path / "ct_slices" / "000046_03_6_36.png")
    return tmp_path


def test_every_collection_is_in_it_with_contexts_types_and_places(data, tmp_path):
    out = tmp_path / "pack"
    count = write_organs_pack(data, out)
    images, rows = read_pack_arrays(out)
    context = read_context(out)
    assert len(images) == len(rows) == count
    assert context is not None
    assert images.dtype == context.dtype == np.int16
    assert {row["source"] for row in rows} >= {*_PACKS, "multi_organ/liver_ct_slices", "ct_slices"}
    of_liver = [row for row in rows if row["source"] == "multi_organ/liver_ct_slices" and "/liver" in row["nodule_id"]]
    liver, painted = of_liver
    assert painted["lesion_type"] == "liver"
    assert (liver["long_axis_mm"], float(painted["long_axis_mm"]) > 3) == ("", True)
    assert liver["lesion_type"] == "liver"
    assert (liver["place_row"], liver["place_column"]) == ("2", "2")
    places = [row for row in rows if row["source"] == "multi_organ/spleen" and row["nodule_id"].split("/")[1].isdigit()]
    assert len(places) == PLACES_PER_SLICE
    assert not any(row["lesion_type"] for row in places)


def test_pixels_are_on_the_scale_of_their_window(data, tmp_path):
    write_organs_pack(data, tmp_path / "pack")
    images, rows = read_pack_arrays(tmp_path / "pack")
    middle = {row["source"]: int(image[32, 32]) for row, image in reversed(list(zip(rows, images, strict=True)))}
    assert middle["multi_organ/liver_ct_slices"] == 120  # clipped from 0 to 255 HU; the first is the point in the liver
    assert middle["multi_organ/deeplesion_keyslices"] in (28, -160)  # -160..240, in the body or beside it
    bone = next(image for row, image in zip(rows, images, strict=True) if row["source"] == "bone_lesions")
    np.testing.assert_array_equal(bone, np.arange(64 * 64).reshape(64, 64))


def test_a_patient_is_on_one_side(data, tmp_path):
    write_organs_pack(data, tmp_path / "pack")
    _, rows = read_pack_arrays(tmp_path / "pack")
    sides = {(row["patient_id"], row["split"]) for row in rows}
    assert len(sides) == len({patient for patient, _ in sides})


def test_a_missing_collection_is_named(tmp_path):
    with pytest.raises(LabelError, match="multi_organ"):
        write_organs_pack(tmp_path, tmp_path / "pack")


def test_the_packs_of_the_shipped_encoder_train(data, tmp_path, monkeypatch):
    monkeypatch.setattr(training_packs, "PHANTOM_SEEDS", (3,))
    monkeypatch.setattr(training_packs, "write_lidc_pack", lambda source, out: write_organs_pack(data, out))
    packs = training_packs.write_training_packs(data, tmp_path / "packs", patients=1)
    rois = load_rois(packs, ("lesion_type", "density_class", "place_row"), context=True)
    assert [pack.name for pack in packs] == ["lidc", "organs", "pack"]
    assert rois.images.shape[1:] == (2, 64, 64)
    assert float(rois.chances.sum()) == pytest.approx(1)
    assert rois.labels["place_row"] == ["0", "1", "2", "3", "4"]
