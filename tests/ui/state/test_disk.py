"""What lies on the disk is counted, whatever its sender calls it, and gives way in the right order."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.settings import Settings
from ui.state.disk import Disk, DiskError
from ui.state.visits import Visits, new_visitor

MB = 1 << 20


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def disk(now: list[float]) -> Disk:
    settings = Settings(max_upload_mb=4, max_disk_mb=8, max_disk_mb_per_address=6, min_free_disk_mb=1)
    return Disk(settings, free=lambda folder: 100 * MB, clock=lambda: now[0])


def send(disk: Disk, folder: Path, mb: int, owner: str = "ann", address: str = "a") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with disk.using(folder, owner, address):
        disk.spend(folder, mb * MB)
        (folder / str(disk.held())).write_bytes(bytes(16))


def test_another_upload_of_the_same_visit_does_not_begin_from_nothing(disk: Disk, tmp_path: Path) -> None:
    send(disk, tmp_path / "1", 3)
    disk.discard(tmp_path / "never sent")
    with pytest.raises(DiskError, match="last upload"):
        send(disk, tmp_path / "2", 2)
    assert disk.held() == 3 * MB
    disk.discard(tmp_path / "1")
    send(disk, tmp_path / "2", 2)
    assert disk.held() == 2 * MB


def test_an_address_and_the_server_have_bounds_of_their_own(disk: Disk, tmp_path: Path) -> None:
    send(disk, tmp_path / "1", 4, "ann")
    with pytest.raises(DiskError, match="your network"):
        send(disk, tmp_path / "2", 3, "bob")
    send(disk, tmp_path / "3", 4, "cid", "another")
    with pytest.raises(DiskError, match="no room") as full:
        send(disk, tmp_path / "4", 1, "dan", "a third")
    assert full.value.others


def test_space_is_left_free(tmp_path: Path) -> None:
    disk = Disk(Settings(min_free_disk_mb=50), free=lambda folder: 51 * MB)
    send(disk, tmp_path / "1", 1)
    with pytest.raises(DiskError, match="no room"):
        send(disk, tmp_path / "1", 2)


def test_a_deleted_folder_that_is_still_written_counts(disk: Disk, tmp_path: Path) -> None:
    folder = tmp_path / "1"
    folder.mkdir()
    with disk.using(folder, "ann"):
        disk.spend(folder, MB)
        disk.discard(folder)
        assert disk.held() == MB  # its blocks are in use until the file is closed
        with pytest.raises(DiskError, match="given up"):
            disk.spend(folder, MB)
    assert disk.held() == 0


def test_what_nobody_reads_gives_way_and_what_is_read_does_not(disk: Disk, tmp_path: Path, now: list[float]) -> None:
    send(disk, tmp_path / "left", 1)
    send(disk, tmp_path / "read", 1)
    with disk.using(tmp_path / "read", "ann"):
        now[0] = 61.0
        assert disk.discard_abandoned() == 1
    assert not (tmp_path / "left").exists()
    assert (tmp_path / "read").exists()


def test_what_cannot_be_deleted_still_counts(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send(disk, tmp_path / "1", 3)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    disk.discard(tmp_path / "1")
    assert disk.held() > 0


@pytest.fixture
def small(shared: Any, now: list[float]) -> Iterator[Visits]:
    from dataclasses import replace

    settings = shared.settings.model_copy(update={"max_upload_mb": 2, "max_disk_mb": 3, "min_free_disk_mb": 1})
    visits = Visits(replace(shared, settings=settings), clock=lambda: now[0])
    yield visits
    visits.close_all()


def test_the_oldest_idle_visit_gives_way_with_a_sentence(small: Visits, shelf: Any, now: list[float]) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from ui.server.routes import routes
    from ui.state.visits import COOKIE

    app = FastAPI()
    app.include_router(routes(small, shelf))
    ann, bob = new_visitor(), new_visitor()
    old, new = small.of_page(ann, "anns"), small.of_page(bob, "bobs")
    old.open(shelf.study(shelf.samples[0]), "Her study")
    batch = "0123456789abcdef01234567"

    def put(visitor: str, visit: Any, index: int, mb: float) -> Any:
        client = TestClient(app, cookies={COOKIE: visitor})
        return client.put(f"/uploads/{visit.key}/{batch}/{index}", content=bytes(int(mb * MB)))

    assert put(ann, old, 0, 2).status_code == 204
    with small.disk.using(old.session.folder / "uploads" / batch, old.key):  # her slices are being decoded
        assert put(bob, new, 0, 2).status_code == 507  # she uses her page
        now[0] = 700.0
        small.of_page(bob, "bobs")
        assert put(bob, new, 1, 1.9).status_code == 507  # her files are deleted, but not closed yet
    assert put(bob, new, 2, 1.9).status_code == 204
    assert "closed to make room" in small.of_page(ann, "anns").turns[0].text
    assert small.of_page(ann, "anns").session.study is None
