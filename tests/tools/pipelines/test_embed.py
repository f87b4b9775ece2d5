import numpy as np
import pytest

from encoder.embedder import load_embedder
from encoder.pack import LesionRow, PackError, RoiPack, write_pack
from encoder.roi import to_roi_width
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.patient_keys import PatientKeys
from tools.pipelines import embed
from tools.pipelines.embed import embed_pack

CHUNK = 64  # fewer than usual: several chunks of real images take long


@pytest.mark.parametrize("form", ["npz", "npy", "folder"])
def test_rows_equal_those_of_the_encoder_in_order(tmp_path, monkeypatch, form):
    monkeypatch.setattr(embed, "CHUNK", CHUNK)
    images = np.random.default_rng(0).integers(-1000, 1000, (CHUNK + 5, 64, 64)).astype(np.int16)
    source = {"npz": tmp_path / "rois.npz", "npy": tmp_path / "rois.npy", "folder": tmp_path / "images.npz"}[form]
    np.savez_compressed(source, images=images) if source.suffix == ".npz" else np.save(source, images)
    shape = embed_pack(tmp_path if form == "folder" else source, tmp_path / "out" / "vectors.npy")
    vectors = np.load(tmp_path / "out" / "vectors.npy")
    assert vectors.shape == shape == (CHUNK + 5, load_embedder().dim)
    assert vectors.dtype == np.float32
    picked = [0, CHUNK - 1, CHUNK, CHUNK + 4]
    np.testing.assert_allclose(vectors[picked], load_embedder()(images[picked]), atol=1e-5)


def test_the_vectors_of_the_same_lesion_are_written_on_request(tmp_path):
    images = np.random.default_rng(0).integers(-1000, 1000, (5, 64, 64)).astype(np.int16)
    np.save(tmp_path / "rois.npy", images)
    shape = embed_pack(tmp_path / "rois.npy", tmp_path / "vectors.npy", same_lesion=True)
    vectors = np.load(tmp_path / "vectors.npy")
    assert vectors.shape == shape == (5, load_embedder().same_lesion_dim)
    np.testing.assert_allclose(vectors, load_embedder().same_lesion(images), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.fixture
def native_pack(tmp_path) -> RoiPack:
    """ROIs cut out pixel by pixel: 32 mm, 48 mm and of unknown width, and one that was cut to its field of view."""
    images = np.random.default_rng(0).integers(-1000, 1000, (4, 64, 64)).astype(np.int16)
    spacings, widths = (0.5, 0.75, None, 0.5), (None, None, None, 48.0)
    rows = [
        LesionRow(f"lesion-{i}", f"patient-{i}", pixel_spacing_mm=spacing, field_of_view_mm=width)
        for i, (spacing, width) in enumerate(zip(spacings, widths, strict=True))
    ]
    pack = RoiPack(images, tuple(rows))
    write_pack(pack, tmp_path / "pack")
    return pack


def test_rois_of_known_pixel_size_are_seen_at_the_encoders_scale(tmp_path, native_pack):
    embed_pack(tmp_path / "pack", tmp_path / "vectors.npy")
    vectors = np.load(tmp_path / "vectors.npy")
    as_they_are = load_embedder()(native_pack.images)
    np.testing.assert_allclose(vectors[1:], as_they_are[1:], atol=1e-5)
    resampled = to_roi_width(native_pack.images[:1], np.array([32.0]))
    np.testing.assert_allclose(vectors[:1], load_embedder()(resampled), atol=1e-5)
    assert np.abs(vectors[0] - as_they_are[0]).max() > 0.01


def test_an_atlas_sees_what_embed_sees(tmp_path, native_pack):
    seen = []

    def remembered(images):
        seen.append(images)
        return load_embedder()(images)

    keys = PatientKeys(b"salt")
    index_pack(Atlas(tmp_path / "atlas", load_embedder().fingerprint, keys, create=True), native_pack, remembered)
    np.testing.assert_array_equal(
        np.concatenate(seen), to_roi_width(native_pack.images, np.array([32, 48, np.nan, np.nan]))
    )


@pytest.mark.parametrize("form", ["npz", "folder"])
def test_contexts_are_read_in_chunks_beside_their_rois(tmp_path, monkeypatch, form):
    monkeypatch.setattr(embed, "CHUNK", 2)
    inputs = np.random.default_rng(0).integers(-1000, 1000, (5, 2, 64, 64)).astype(np.int16)
    rows = tuple(LesionRow(f"L{i}", f"P{i}", pixel_spacing_mm=0.5 if i == 3 else None) for i in range(5))
    pack, source = RoiPack.of_inputs(inputs, rows), tmp_path / "pack"
    write_pack(pack, source)
    if form == "npz":
        np.savez_compressed(source / "images.npz", images=pack.images, context=pack.context)
        for name in ("images.npy", "context.npy"):
            (source / name).unlink()
    seen = []

    class Seeing:
        dim = 3

        def __call__(self, chunk):
            seen.append(chunk)
            return np.ones((len(chunk), 3), np.float32)

    monkeypatch.setattr(embed, "load_embedder", lambda encoder: Seeing())
    assert embed_pack(source, tmp_path / "vectors.npy") == (5, 3)
    assert [len(chunk) for chunk in seen] == [2, 2, 1]
    wanted = to_roi_width(inputs, np.where(np.arange(5) == 3, 32.0, np.nan))
    np.testing.assert_array_equal(np.concatenate(seen), wanted)


def test_a_context_that_does_not_fit_is_said(tmp_path, native_pack):
    np.save(tmp_path / "pack" / "context.npy", native_pack.images[:3])
    with pytest.raises(PackError, match="one for each image"):
        embed_pack(tmp_path / "pack", tmp_path / "vectors.npy")


def test_rows_that_do_not_fit_the_images_are_said(tmp_path, native_pack):
    table = tmp_path / "pack" / "lesions.csv"
    table.write_text(table.read_text().replace("0.75", "wide"))
    with pytest.raises(PackError, match="wide"):
        embed_pack(tmp_path / "pack", tmp_path / "vectors.npy")
    table.write_text("lesion_id,patient_id\na,b\n")
    with pytest.raises(PackError, match="4 images but 1 rows"):
        embed_pack(tmp_path / "pack", tmp_path / "vectors.npy")


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
