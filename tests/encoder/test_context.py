"""What surrounds a lesion travels with its ROI: written, read, checked and scaled together, and never needed."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.embedder import load_embedder
from encoder.pack import (
    LesionRow,
    PackError,
    RoiPack,
    read_context,
    read_images,
    read_pack,
    read_pack_arrays,
    with_context,
    write_pack,
)
from encoder.roi import ROI_SIZE, has_context, rois_alone, to_roi_width
from tests.conftest import examples


def pack_with_context(count: int = 3, dtype: type = np.int16, seed: int = 0) -> RoiPack:
    inputs = np.random.default_rng(seed).integers(0, 255, (count, 2, ROI_SIZE, ROI_SIZE)).astype(dtype)
    return RoiPack.of_inputs(inputs, tuple(LesionRow(f"L{i}", f"P{i}") for i in range(count)))


@given(st.integers(1, 4), st.sampled_from([np.int16, np.uint8]), st.integers(0, 99))
@settings(max_examples=examples(15))
def test_what_is_written_is_read_back_and_stays_on_disk(count: int, dtype: type, seed: int) -> None:
    pack = pack_with_context(count, dtype, seed)
    with tempfile.TemporaryDirectory() as folder:
        write_pack(pack, folder)
        again = read_pack(folder)
        assert isinstance(again.images, np.memmap)
        assert isinstance(again.context, np.memmap)
        np.testing.assert_array_equal(again.inputs(), pack.inputs())
        np.testing.assert_array_equal(again.inputs(np.array([count - 1])), pack.inputs()[count - 1 :])
        write_pack(again, folder)  # in place
        np.testing.assert_array_equal(read_pack(folder).inputs(slice(0, 1)), pack.inputs()[:1])
        del again


def test_training_and_evaluation_read_the_images_as_before_and_the_context_beside(tmp_path: Path) -> None:
    pack = pack_with_context()
    write_pack(pack, tmp_path)
    images, rows = read_pack_arrays(tmp_path)
    context = read_context(tmp_path)
    assert images.shape == (3, ROI_SIZE, ROI_SIZE)
    assert len(rows) == 3
    np.testing.assert_array_equal(with_context(images, context), pack.inputs())


@pytest.mark.parametrize("scratch", [False, True])
def test_a_zip_may_hold_the_context_too(tmp_path: Path, scratch: bool) -> None:
    pack = pack_with_context()
    unpacked = tmp_path / "scratch" if scratch else None
    np.savez_compressed(tmp_path / "rois.npz", images=pack.images, context=pack.context)
    context = read_context(tmp_path / "rois.npz", unpacked)
    np.testing.assert_array_equal(context, pack.context)
    assert isinstance(context, np.memmap) == scratch
    np.testing.assert_array_equal(read_images(tmp_path / "rois.npz", unpacked), pack.images)
    np.testing.assert_array_equal(read_pack(tmp_path / "rois.npz").inputs(), pack.inputs())


def test_a_pack_without_context_works_as_before(tmp_path: Path) -> None:
    pack = pack_with_context()
    write_pack(pack, tmp_path)
    write_pack(RoiPack(pack.images, pack.lesions), tmp_path)  # over the other: its context goes
    again = read_pack(tmp_path)
    assert again.context is None
    assert again.inputs().shape == (3, ROI_SIZE, ROI_SIZE)
    assert read_context(tmp_path / "images.npy") is None
    np.savez(tmp_path / "rois.npz", images=pack.images)
    assert read_context(tmp_path / "rois.npz") is None
    with (tmp_path / "array.npz").open("wb") as file:  # named like a zip and none
        np.save(file, pack.images)
    assert read_context(tmp_path / "array.npz") is None


@pytest.mark.parametrize(
    "context", [np.zeros((2, 64, 64), np.int16), np.zeros((3, 32, 32), np.int16), np.zeros((3, 64, 64), np.uint8)]
)
def test_a_context_of_another_shape_or_kind_is_refused(tmp_path: Path, context: np.ndarray) -> None:
    pack = pack_with_context()
    write_pack(pack, tmp_path)
    np.save(tmp_path / "context.npy", context)
    with pytest.raises(PackError, match=r"one for each image, of the same kind\. Leave it out"):
        read_pack(tmp_path)


def test_a_broken_context_is_said(tmp_path: Path) -> None:
    write_pack(pack_with_context(), tmp_path)
    (tmp_path / "context.npy").write_bytes(b"nothing")
    with pytest.raises(PackError, match=r"context\.npy cannot be read"):
        read_pack(tmp_path)


@given(st.floats(24, 96))
@settings(max_examples=examples(15))
def test_roi_and_context_are_scaled_alike(width_mm: float) -> None:
    inputs = pack_with_context().inputs()
    widths = np.array([width_mm, np.nan, 48.0])
    scaled = to_roi_width(inputs, widths)
    for plane in (0, 1):
        np.testing.assert_array_equal(scaled[:, plane], to_roi_width(inputs[:, plane], widths))
    np.testing.assert_array_equal(scaled[1], inputs[1])


def test_a_context_of_one_value_is_none_at_every_scale() -> None:
    inputs = pack_with_context().inputs()
    inputs[1, 1] = -37
    assert has_context(inputs[:, 1]).tolist() == [True, False, True]
    assert has_context(to_roi_width(inputs, np.full(3, 31.7))[:, 1]).tolist() == [True, False, True]
    np.testing.assert_array_equal(rois_alone(inputs), inputs[:, 0])
    np.testing.assert_array_equal(rois_alone(inputs[:, 0]), inputs[:, 0])


def test_the_encoder_takes_rois_with_and_without_context() -> None:
    embedder = load_embedder()
    inputs = pack_with_context(4).inputs()
    vectors = embedder(inputs)
    assert vectors.shape == (4, embedder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    without = inputs.copy()
    without[:, 1] = 0
    np.testing.assert_allclose(embedder(without), embedder(inputs[:, 0]), atol=1e-4)
    for query, hit in ((inputs[0], inputs[1]), (inputs[0], inputs[1, 0]), (inputs[0, 0], inputs[1])):
        assert [heat.shape for heat in embedder.saliency(query, hit)] == [(64, 64), (64, 64)]
