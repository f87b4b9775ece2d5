"""An atlas that is shared, read-only, or on a full disk."""

import logging
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from encoder.errors import StorageError
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas import folder as atlas_folder
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.folder import sole_writer
from tools.domain.lesions import AtlasError


@pytest.fixture
def small(tmp_path: Path) -> Path:
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, make_pack(20), embed)
    atlas.close()
    return tmp_path / "a"


@pytest.fixture
def read_only(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that says it cannot be written; asked at the system's edge, as the superuser may write anywhere."""
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: mode != os.W_OK and may(path, mode, **how))
    return small


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_read_only_atlas_is_searched_in_a_private_copy_that_goes_with_it(read_only, caplog):
    before = contents(read_only)
    with caplog.at_level(logging.WARNING):
        atlas = Atlas(read_only, FINGERPRINT, KEYS)
    copy = Path(atlas.store._copy.name)
    assert copy.is_dir()
    result = atlas.search(embed(make_pack(20).images[:1])[0], k=3)
    assert result.hits[0].lesion.lesion_id == "L0000"
    assert atlas.roi("L0000").shape == (64, 64)
    assert atlas.location == str(read_only)
    assert "a private copy of it is searched" in caplog.text
    atlas.close()
    assert contents(read_only) == before
    assert not copy.exists()


def test_a_copy_without_room_is_a_sentence(read_only, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atlas_folder.shutil, "copyfile", full)
    with pytest.raises(AtlasError, match=r"no room for a copy .*No space left on device.*TMPDIR"):
        Atlas(read_only, FINGERPRINT, KEYS)


def test_writing_where_nothing_may_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(StorageError, match=r"cannot be read or written: .*--atlas"),
        sole_writer(str(tmp_path / "file" / "atlas")),
    ):
        pass


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [("database or disk is full", "the disk is full. Free"), ("attempt to write a readonly database", "read-only")],
)
def test_what_the_database_says_is_put_in_words(small, monkeypatch, failure, sentence):
    atlas = Atlas(small, FINGERPRINT, KEYS)

    def broken(*_, **__):
        raise ValueError(f"Query error: (code: 13) {failure}")

    monkeypatch.setattr(type(atlas.store._lesions), "upsert", broken)
    with pytest.raises(AtlasError, match=sentence) as caught:
        index_pack(atlas, make_pack(30), embed)
    assert "code" not in str(caught.value)


def _hold(folder: str, has_it, let_go) -> None:
    with sole_writer(folder):
        has_it.set()
        let_go.wait(60)


def test_a_second_writer_waits_says_so_and_then_has_the_atlas(tmp_path, caplog):
    processes = multiprocessing.get_context("spawn")
    has_it, let_go = processes.Event(), processes.Event()
    other = processes.Process(target=_hold, args=(str(tmp_path / "a"), has_it, let_go))
    other.start()
    assert has_it.wait(60)
    steps: list[tuple[str, int, int]] = []

    def watch(*step) -> None:
        steps.append(step)
        let_go.set()

    with caplog.at_level(logging.WARNING), sole_writer(str(tmp_path / "a"), watch):
        pass
    other.join(60)
    assert other.exitcode == 0
    assert {done for _, done, _ in steps} == {0, 1}
    assert "waiting until it has finished" in caplog.text


def test_two_packs_indexed_at_once_are_both_in(tmp_path):
    packs = make_pack(40), make_pack(80)  # the first 40 lesions of the second are others of the same ids
    errors: list[BaseException] = []

    def index(pack) -> None:
        try:
            with sole_writer(str(tmp_path / "a")):
                atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
                index_pack(atlas, pack, embed)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=index, args=(pack,)) for pack in packs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert len(Atlas(tmp_path / "a", FINGERPRINT, KEYS)) == 80


def test_a_writer_that_was_killed_leaves_no_lock(tmp_path):
    processes = multiprocessing.get_context("spawn")
    has_it, let_go = processes.Event(), processes.Event()
    other = processes.Process(target=_hold, args=(str(tmp_path / "a"), has_it, let_go))
    other.start()
    assert has_it.wait(60)
    other.kill()
    other.join(60)
    with sole_writer(str(tmp_path / "a"), lambda *_: pytest.fail("it waited")):
        pass


def test_a_search_says_how_many_lesions_only_the_patient_id_keeps_out(small):
    atlas = Atlas(small, FINGERPRINT, KEYS)
    patient = next(iter(atlas.lesions())).patient_key
    own = sum(lesion.patient_key == patient for lesion in atlas.lesions())
    query = embed(make_pack(20).images[:1])[0]
    assert atlas.search(query, patient_key=patient).own_patient == own > 0
    assert atlas.search(query, patient_key=KEYS.patient("somebody else")).own_patient == 0
    assert atlas.search(query).own_patient == 0


def test_facts_are_read_again_only_when_the_database_was_written(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas_folder, "JUST_NOW_NS", 0)  # the files are as old as they say
    atlas, other = (Atlas(small, FINGERPRINT, KEYS) for _ in range(2))
    asked: list[str] = []
    read = atlas.store._client.get_collection

    def counted(name: str, **how: object) -> object:
        asked.append(name)
        return read(name, **how)

    monkeypatch.setattr(atlas.store._client, "get_collection", counted)
    before = atlas.view().revision
    for _ in range(5):
        assert atlas.view().revision == before
    assert len(asked) <= 1
    other.start_revision()
    other.end_revision()
    assert atlas.view().revision != before


def test_what_was_written_just_now_is_not_trusted(small: Path) -> None:
    os.utime(small / atlas_folder.DATABASE)
    assert atlas_folder.last_written(str(small)) is None
    os.utime(small / atlas_folder.DATABASE, (1, 1))
    assert atlas_folder.last_written(str(small)) is not None
    assert atlas_folder.last_written(str(small.parent)) is None
