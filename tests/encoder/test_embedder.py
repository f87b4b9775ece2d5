"""Serving: arrays in, unit vectors out, one fingerprint for one way of making vectors."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from encoder.embedder import SHIPPED_WEIGHTS, Embedder, load_embedder
from encoder.errors import EncoderError
from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="module")
def rois() -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = rng.integers(-40, 120, (70, 64, 64)).astype(np.int16)
    noise[35:, 20:40, 20:40] += 400
    return noise


def test_unit_rows_whatever_the_number(embedder, rois):
    vectors = embedder(rois)
    assert vectors.shape == (70, embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder(rois[:0]).shape == (0, embedder.dim)
    assert embedder(rois[0]).shape == (1, embedder.dim)


def test_a_row_does_not_depend_on_its_neighbours(embedder, rois):
    np.testing.assert_allclose(embedder(rois)[[3, 69]], embedder(rois[[3, 69]]), atol=1e-4)


def test_memory_mapped_packs_are_read(embedder, rois, tmp_path):
    np.save(tmp_path / "images.npy", rois[:5])
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    np.testing.assert_allclose(embedder(mapped), embedder(rois[:5]), atol=1e-5)


def test_many_threads_get_the_same_vectors(embedder, rois):
    expected = embedder(rois[:8])
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(embedder, [rois[:8]] * 8):
            np.testing.assert_allclose(vectors, expected, atol=1e-4)


def test_saliency_lights_what_two_rois_share(embedder, rois):
    query, hit = embedder.saliency(rois[40], rois[50])
    for heat in (query, hit):
        assert heat.shape == (64, 64)
        assert heat.min() >= 0
        assert heat.max() <= 1
    assert query.max() == pytest.approx(1)


def test_shipped_weights_are_safetensors_of_moderate_size_with_their_story():
    names = {path.name for path in SHIPPED_WEIGHTS.iterdir()}
    assert names == {"config.json", "model.safetensors", "training.json"}
    assert (SHIPPED_WEIGHTS / "model.safetensors").stat().st_size < 40e6
    story = json.loads((SHIPPED_WEIGHTS / "training.json").read_text())
    assert story["fingerprint"] == load_embedder().fingerprint
    assert story["command"].startswith("lesion-search train")


def test_the_fingerprint_follows_the_weights(tmp_path, embedder):
    torch.manual_seed(3)
    other = Embedder.of(LesionEncoder(LesionEncoderConfig()))
    assert other.fingerprint != embedder.fingerprint
    shutil.copytree(SHIPPED_WEIGHTS, tmp_path / "copy")
    assert load_embedder(str(tmp_path / "copy")).fingerprint == embedder.fingerprint


def test_the_fingerprint_follows_the_configuration(tmp_path, embedder):
    shutil.copytree(SHIPPED_WEIGHTS, tmp_path / "copy")
    config = json.loads((tmp_path / "copy" / "config.json").read_text())
    config["frangi_beta"] = 0.61
    (tmp_path / "copy" / "config.json").write_text(json.dumps(config))
    assert load_embedder(tmp_path / "copy").fingerprint != embedder.fingerprint


def test_missing_damaged_and_foreign_weights_are_one_sentence(tmp_path):
    with pytest.raises(EncoderError, match=r"config\.json"):
        load_embedder(tmp_path / "nowhere")
    for name, damage in {
        "cut": lambda folder: (folder / "model.safetensors").write_bytes(b"\x00" * 100),
        "gone": lambda folder: (folder / "model.safetensors").unlink(),
        "other": lambda folder: _edit(folder, "dim", 64),
        "old": lambda folder: _edit(folder, "preprocessing", "something else"),
    }.items():
        shutil.copytree(SHIPPED_WEIGHTS, tmp_path / name)
        damage(tmp_path / name)
        with pytest.raises(EncoderError):
            load_embedder(tmp_path / name)


def _edit(folder, key, value):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: value}))


def test_embedding_and_saliency_load_no_torch():
    import subprocess
    import sys

    code = (
        "import sys, encoder, numpy; embed = encoder.load_embedder(); roi = numpy.eye(64, dtype='float32'); "
        "embed(roi), embed.saliency(roi, roi); assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
