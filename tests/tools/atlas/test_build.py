"""Indexing: it goes on where it stopped, a changed lesion is seen, and an atlas can be rebuilt from its export."""

from pathlib import Path

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack, read_pack, write_pack
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import export_pack, index_pack
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
