from dataclasses import replace

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack, read_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.upkeep import back_up, examine, open_as_built, rebuild
from tools.domain.lesions import AtlasError
from tools.domain.patient_keys import PatientKeys

KEYS = PatientKeys(b"secret of these tests")


def embed(images):
    """The first row of each image, as a direction."""
    vectors = np.asarray(images, np.float32).reshape(len(images), -1)[:, :16] + 0.001
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embed_otherwise(images):
    return embed(images)[:, ::-1]


def pack_of(count, name="a", types=("liver", "lung")):
    """Lesions of two types whose vectors lie apart, each of its own patient."""
    rng = np.random.default_rng(len(name))
    images = rng.integers(-30, 30, (count, 64, 64)).astype(np.int16)
    rows = []
    for i in range(count):
        kind = i % len(types)
        images[i, 0, :16] = rng.integers(0, 60, 16)
        images[i, 0, 8 * kind : 8 * kind + 8] += 900
        rows.append(LesionRow(f"{name}-{i}", f"{name}{i}", lesion_type=types[kind], source=name, long_axis_mm=9.0 + i))
    return RoiPack(images, tuple(rows), np.roll(images, 3, axis=1))


def build(folder, pack, keys=KEYS):
    atlas = Atlas(folder, "encoder-1", keys, create=True)
    index_pack(atlas, pack, embed)
    atlas.close()
    return str(folder)


def test_twice_the_same_picture_and_a_label_that_all_neighbours_doubt_are_found(tmp_path):
    pack = pack_of(40)
    rows = list(pack.lesions)
    rows[4] = replace(rows[4], lesion_type="lung")  # it looks like all those of the liver
    images = pack.images.copy()
    images[7] = images[5]
    atlas = open_as_built(build(tmp_path / "atlas", RoiPack(images, tuple(rows))), KEYS)
    found = examine(atlas, "encoder-2")
    atlas.close()
    assert (found.lesions, found.patients, found.sources) == (40, 40, {"a": 40})
    assert found.types == {"liver": 19, "lung": 21}
    assert (found.same_encoder, found.same_salt, found.calibrated) == (False, True, True)
    assert found.duplicates == (("a-5", "a-7"),)
    assert [(one.lesion_id, one.lesion_type, one.neighbours_type) for one in found.doubtful] == [
        ("a-4", "lung", "liver")
    ]


def test_an_atlas_is_built_anew_with_another_encoder_and_its_pictures_stay(tmp_path):
    pack = pack_of(30)
    old = build(tmp_path / "old", pack)
    assert rebuild([old], tmp_path / "new", "encoder-2", embed_otherwise, KEYS) == 30
    new, before = Atlas(tmp_path / "new", "encoder-2", KEYS), open_as_built(old, KEYS)
    assert list(new.lesions()) == list(before.lesions())
    assert np.allclose(new.vectors(), before.vectors()[:, ::-1], atol=1e-6)
    assert np.array_equal(new.roi("a-3"), before.roi("a-3"))
    assert before.fingerprint == "encoder-1"
    new.close()
    before.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_atlases_are_joined_unless_an_id_is_of_two_patients(tmp_path):
    one, two = build(tmp_path / "one", pack_of(12)), build(tmp_path / "two", pack_of(10, "bb"))
    assert rebuild([one, two], tmp_path / "both", "encoder-1", embed, KEYS) == 22
    assert rebuild([one, one], tmp_path / "same", "encoder-1", embed, KEYS) == 12
    rows = tuple(replace(row, patient_id="another") for row in pack_of(3).lesions)
    other = build(tmp_path / "other", RoiPack(pack_of(3).images, rows))
    with pytest.raises(AtlasError, match="is of one patient in one atlas and of another"):
        rebuild([one, other], tmp_path / "wrong", "encoder-1", embed, KEYS)
    stranger = build(tmp_path / "stranger", pack_of(3, "ccc"), PatientKeys(b"another secret"))
    with pytest.raises(AtlasError, match="another LESION_SEARCH_SALT"):
        rebuild([one, stranger], tmp_path / "wrong", "encoder-1", embed, KEYS)
    assert not (tmp_path / "wrong").exists()


def test_a_backup_of_an_atlas_in_use_restores_it(tmp_path):
    pack = pack_of(25)
    location = build(tmp_path / "atlas", pack)
    in_use = Atlas(location, "encoder-1", KEYS)
    assert back_up(location, tmp_path / "backup", KEYS) == 25
    assert len(in_use) == 25
    saved = read_pack(tmp_path / "backup")
    restored = Atlas(tmp_path / "restored", "encoder-1", KEYS, create=True)
    index_pack(restored, saved, embed)
    assert list(restored.lesions()) == list(in_use.lesions())
    assert np.allclose(restored.vectors(), in_use.vectors(), atol=1e-6)
    assert np.array_equal(restored.roi("a-9"), in_use.roi("a-9"))
    restored.close()
    in_use.close()


def test_a_licence_stays_with_its_lesion_through_index_merge_and_backup(tmp_path):
    pack = pack_of(12)
    given = RoiPack(pack.images, tuple(replace(row, licence="CC BY-NC-SA 4.0") for row in pack.lesions), pack.context)
    places = [build(tmp_path / "given", given), build(tmp_path / "own", pack_of(4, "b"))]
    assert rebuild(places, tmp_path / "both", "encoder-1", embed, KEYS) == 16
    assert back_up(str(tmp_path / "both"), tmp_path / "backup", KEYS) == 16
    again = open_as_built(build(tmp_path / "again", read_pack(tmp_path / "backup")), KEYS)
    assert examine(again, "encoder-1").licences == {"CC BY-NC-SA 4.0": 12, "unknown": 4}
    again.close()
