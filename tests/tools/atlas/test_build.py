"""Indexing: it goes on where it stopped, a changed lesion is seen, and an atlas can be rebuilt from its export."""

import base64
import zlib
from pathlib import Path

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack, read_pack, write_pack
from encoder.roi import has_context
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import export_pack, index_pack
from tools.atlas.chroma_store import decode_roi, encode_roi
from tools.domain.lesions import AtlasError


class Interrupted(KeyboardInterrupt):
    """The user pressed Ctrl-C."""


def test_an_interrupted_indexing_continues_where_it_stopped(tmp_path: Path) -> None:
    pack = make_pack(1200)
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    embedded = 0

    def fragile(images: np.ndarray) -> np.ndarray:
        nonlocal embedded
        if embedded > 500:
            raise Interrupted
        embedded += len(images)
        return embed(images)

    with pytest.raises(Interrupted):
        index_pack(atlas, pack, fragile)
    atlas.close()
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS)
    assert len(atlas) == embedded
    ticks: list[tuple[int, int]] = []
    assert index_pack(atlas, pack, embed, lambda done, total: ticks.append((done, total))) == 1200 - embedded
    assert ticks[-1] == (1200, 1200)
    assert len(atlas) == 1200
    assert index_pack(atlas, pack, fragile) == 0  # nothing is embedded twice


def test_a_changed_lesion_is_updated_and_seen_by_others(tmp_path: Path) -> None:
    pack = make_pack(40)
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, pack, embed)
    other = Atlas(tmp_path / "a", FINGERPRINT, KEYS)
    assert other.get("L0003").body_part is None
    row = LesionRow(**{**pack.lesions[3].__dict__, "body_part": "chest"})
    assert index_pack(atlas, RoiPack(pack.images, (*pack.lesions[:3], row, *pack.lesions[4:])), embed) == 1
    assert other.get("L0003").body_part == "chest"
    assert len(other) == 40


def test_an_atlas_can_be_exported_and_rebuilt(tmp_path: Path, atlas: Atlas, pack: RoiPack) -> None:
    write_pack(export_pack(atlas), tmp_path / "pack")
    again = Atlas(tmp_path / "again", FINGERPRINT, KEYS, create=True)
    assert index_pack(again, read_pack(tmp_path / "pack"), embed) == 600
    assert list(again.lesions()) == list(atlas.lesions())
    np.testing.assert_allclose(again.vectors(), atlas.vectors(), atol=1e-6)
    np.testing.assert_array_equal(again.roi("L0007"), atlas.roi("L0007"))


def embed_both(images: np.ndarray) -> np.ndarray:
    """Stands in for an encoder with a context branch: what shows nothing weighs nothing."""
    if images.ndim == 3:
        return embed(images)
    around = images[:, 1].astype(np.float32)
    mixed = images[:, 0].astype(np.float32) + 0.5 * (around - around.mean(axis=(1, 2), keepdims=True))
    return embed(mixed)


def test_contexts_are_indexed_exported_and_rebuilt(tmp_path: Path) -> None:
    """Also beside lesions without, and each lesion is again what it was."""
    bare = make_pack(6)
    inputs = np.stack((bare.images, bare.images[::-1]), axis=1)
    inputs[3, 1] = 12  # shows nothing
    pack = RoiPack.of_inputs(inputs, bare.lesions)
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    assert index_pack(atlas, bare, embed_both) == 6
    assert index_pack(atlas, pack, embed_both) == 5  # the new contexts change a lesion, one that shows nothing does not
    np.testing.assert_array_equal(atlas.roi("L0002"), bare.images[2])
    np.testing.assert_array_equal(atlas.encoder_input("L0002"), inputs[2])
    np.testing.assert_array_equal(atlas.encoder_input("L0003"), bare.images[3])
    np.testing.assert_allclose(atlas.vectors(), embed_both(inputs), atol=1e-5)
    write_pack(export_pack(atlas), tmp_path / "pack")
    exported = read_pack(tmp_path / "pack")
    assert exported.context is not None
    assert has_context(exported.context).tolist() == [True, True, True, False, True, True]
    assert index_pack(atlas, exported, embed_both) == 0
    again = Atlas(tmp_path / "again", FINGERPRINT, KEYS, create=True)
    assert index_pack(again, exported, embed_both) == 6
    np.testing.assert_allclose(again.vectors(), atlas.vectors(), atol=1e-6)
    np.testing.assert_array_equal(again.encoder_input("L0005"), inputs[5])


@pytest.mark.parametrize("dtype", [np.int16, np.uint8])
def test_images_are_stored_without_loss(dtype: type) -> None:
    limits = np.iinfo(dtype)
    stack = np.random.default_rng(0).integers(limits.min, limits.max, (2, 64, 64), dtype, endpoint=True)
    for image in (stack, stack[0]):
        decoded = decode_roi(encode_roi(image))
        assert decoded.dtype == dtype
        np.testing.assert_array_equal(decoded, image)


def test_an_image_stored_by_an_older_version_is_read() -> None:
    """What `encode_roi` wrote of one value before contexts were stored."""
    old = {"dtype": "uint8", "roi": base64.b64encode(zlib.compress((b"\x07" + bytes(63)) * 64)).decode()}
    np.testing.assert_array_equal(decode_roi(old), np.full((64, 64), 7, np.uint8))
    assert encode_roi(np.full((64, 64), 7, np.uint8)) == old


def test_an_encoder_that_fails_is_not_stored(tmp_path: Path) -> None:
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    for wrong in (np.zeros((5, 48)), np.full((5, 48), np.nan), np.ones((4, 48)), np.ones(5)):
        with pytest.raises(AtlasError, match="needs one finite vector for each"):
            index_pack(atlas, make_pack(5), lambda images, wrong=wrong: wrong)
    assert len(atlas) == 0
    assert atlas.search(np.ones(48, np.float32)).hits == ()


def test_an_empty_atlas_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="0 of 0 lesions have an image"):
        export_pack(Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True))
