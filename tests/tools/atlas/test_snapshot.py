"""Opening an atlas: quickly from beside its database, and never from what lags behind it."""

from pathlib import Path

import numpy as np
import pytest

from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas import snapshot
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack, remove_lesions
from tools.atlas.chroma_store import ChromaStore
from tools.atlas.folder import SNAPSHOT

PACK = make_pack(40)
QUERY = embed(PACK.images[:1])[0]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, PACK, embed)
    atlas.close()
    return tmp_path / "a"


def opened(folder: Path, **options: int) -> Atlas:
    return Atlas(folder, FINGERPRINT, KEYS, **options)


def states(folder: Path) -> list[str]:
    return [path.name for path in (folder / SNAPSHOT).iterdir()]


def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChromaStore, "records", lambda self: pytest.fail("records were read"))
    monkeypatch.setattr(ChromaStore, "vector_pages", lambda self: pytest.fail("vectors were read"))


@pytest.mark.parametrize("max_in_memory", [None, 1])
def test_an_opened_atlas_reads_neither_records_nor_vectors_from_the_database(built, monkeypatch, max_in_memory) -> None:
    before = opened(built).search(QUERY)
    no_reading(monkeypatch)
    atlas = opened(built, max_in_memory=max_in_memory)
    assert atlas.search(QUERY) == before
    assert atlas.roi("L0007").tolist() == PACK.images[7].tolist()


def test_a_change_makes_it_anew_and_the_old_one_goes(built: Path) -> None:
    reader, writer = opened(built), opened(built)
    (old,) = states(built)
    assert len(reader) == 40
    remove_lesions(writer, ["L0000"])
    assert reader.search(QUERY).hits[0].lesion.lesion_id != "L0000"
    (new,) = states(built)
    assert new != old
    assert new.endswith("-39")


def test_what_an_interrupted_writer_left_is_not_kept(built: Path) -> None:
    writer = opened(built)
    writer.start_revision()
    assert len(opened(built)) == 40
    (state,) = states(built)
    assert not state.startswith(str(writer.store.facts()["revision"]))
    writer.store.upsert(["L9999"], QUERY[None], [{"patient_key": "p-0123456789ab"}], PACK.images[:1])
    assert len(opened(built)) == 41


@pytest.mark.parametrize("file", [snapshot.COLUMNS, snapshot.VECTORS, snapshot.COMPRESSED])
def test_damage_is_noticed_said_and_mended(built: Path, caplog: pytest.LogCaptureFixture, file: str) -> None:
    before = opened(built, max_in_memory=1).search(QUERY)
    (state,) = states(built)
    damaged = built / SNAPSHOT / state / file
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    assert opened(built, max_in_memory=1).search(QUERY) == before
    assert "are damaged" in caplog.text
    caplog.clear()
    assert opened(built, max_in_memory=1).search(QUERY) == before
    assert not caplog.text


def test_a_disk_that_takes_nothing_more_costs_time_and_no_answer(built, monkeypatch, caplog) -> None:
    before = opened(built).search(QUERY)
    writer = opened(built)
    writer.end_revision()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert opened(built).search(QUERY).hits == before.hits
    assert "cannot be kept beside it (No space left on device)" in caplog.text
    assert not [state for state in states(built) if state.startswith(".")]
