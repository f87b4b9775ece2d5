"""Type votes on real CT: on small collections made here, with an encoder that sees one grey level a type."""

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack
from eval.encoder import real_types
from eval.encoder.lidc import Nodule
from eval.encoder.real_types import measure_real_types, to_markdown

TYPES = ("bone", "liver", "lung")
DIM = 8


class Grey:
    """Embed by the mean of the middle, as one of the axes of DIM dimensions; noise tells ROIs apart."""

    fingerprint, same_lesion_dim = "grey", 0

    def __call__(self, images):
        rois = images[:, 0] if images.ndim == 4 else images
        unit = rois.astype(float) / 255 if rois.dtype == np.uint8 else (rois.astype(float) + 1000) / 2000
        middle = unit[:, 24:40, 24:40].mean(axis=(1, 2))
        vectors = np.abs(middle[:, None] - np.linspace(0, 1, DIM))
        vectors = np.exp(-20 * vectors) + 1e-3 * rois[:, 0, :DIM].astype(float) / 255
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def pack(name: str, patients: int, seed: int) -> RoiPack:
    rng = np.random.default_rng(seed)
    levels = np.arange(patients) % len(TYPES)
    images = (rng.integers(0, 20, (patients, 64, 64)) + 60 * (levels[:, None, None] + 1)).astype(np.int16)
    rows = [
        LesionRow(f"{name}-{i}", f"{name}-patient-{i}", lesion_type=TYPES[level], long_axis_mm=5.0 + i)
        for i, level in enumerate(levels)
    ]
    return RoiPack(images * 8 - 1000, tuple(rows), images * 8 - 1000)


@pytest.fixture
def report(tmp_path, monkeypatch):
    known, asked = pack("known", 30, 0), pack("asked", 9, 1)
    monkeypatch.setattr(real_types, "windowed_packs", lambda data: iter([known]))
    np.save(tmp_path / "images.npy", asked.images)
    np.save(tmp_path / "context.npy", asked.context)
    rows = [f"{row.lesion_id},{row.patient_id},{row.lesion_type}" for row in asked.lesions]
    (tmp_path / "lesions.csv").write_text("\n".join(["lesion_id,patient_id,lesion_type", *rows, ""]))
    images = np.full((4, 64, 64), 250, np.uint8)
    nodules = [Nodule(f"n{i}", f"n{i}", f"n{i}", None, None, None, slice=1, area_px=9, split="train") for i in range(4)]
    of_phantoms = [
        {"patient_id": row.patient_id, "lesion_type": row.lesion_type, "long_axis_mm": str(row.long_axis_mm)}
        for row in known.lesions
    ]
    return measure_real_types(tmp_path, Grey(), (images, nodules), (known.images, of_phantoms), tmp_path, False)


def test_what_is_alike_votes_right(report):
    assert (report.queries, report.patients, report.atlas_lesions) == (9, 9, 34)
    assert report.accuracy.value > 0.6  # some are so far from all that nothing is voted
    assert report.macro_recall.value > 0.6
    assert [(of.lesion_type, of.lesions) for of in report.types] == [(name, 3) for name in TYPES]
    assert report.precision_at_1.value == 1
    assert 0 <= report.same_in_window <= 1
    assert report.hit_similarity[0] <= report.hit_similarity[1] <= report.hit_similarity[2] <= 1


def test_the_table_says_what_was_asked(report):
    table = to_markdown(report)
    assert "9 lesions of 9 patients, asked in an atlas of 34" in table
    assert "learnt from" not in table
    assert "learnt from" in to_markdown(report.model_copy(update={"learnt_from": True}))
