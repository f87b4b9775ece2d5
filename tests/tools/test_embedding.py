import numpy as np
import pytest

from encoder.embedder import load_embedder
from tools.embedding import CHUNK, embed_pack
from tools.roipack import PackError


@pytest.mark.parametrize("form", ["npz", "npy", "folder"])
def test_rows_equal_those_of_the_encoder_in_order(tmp_path, form):
    images = np.random.default_rng(0).integers(-1000, 1000, (CHUNK + 5, 64, 64)).astype(np.int16)
    source = {"npz": tmp_path / "rois.npz", "npy": tmp_path / "rois.npy", "folder": tmp_path / "images.npz"}[form]
    np.savez_compressed(source, images=images) if source.suffix == ".npz" else np.save(source, images)
    shape = embed_pack(tmp_path if form == "folder" else source, tmp_path / "out" / "vectors.npy")
    vectors = np.load(tmp_path / "out" / "vectors.npy")
    assert vectors.shape == shape == (CHUNK + 5, load_embedder().dim)
    assert vectors.dtype == np.float32
    picked = [0, CHUNK - 1, CHUNK, CHUNK + 4]
    np.testing.assert_allclose(vectors[picked], load_embedder()(images[picked]), atol=1e-5)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 not a zip"),
        lambda path: np.savez(path, pictures=np.zeros((2, 64, 64), np.uint8)),
        lambda path: np.savez(path, images=np.zeros((2, 32, 32), np.uint8)),
        lambda path: None,
    ],
)
def test_what_is_not_a_pack_is_said(tmp_path, spoil):
    spoil(tmp_path / "rois.npz")
    with pytest.raises(PackError):
        embed_pack(tmp_path / "rois.npz", tmp_path / "vectors.npy")
