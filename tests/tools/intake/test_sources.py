import os
import stat
import struct
import sys
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import inflate64
import pytest

from tools.intake.intake import intake_limits
from tools.intake.messages import IntakeLimits, Reason
from tools.intake.sources import Budget, LeftOutError, inflate, iterate_sources
from tools.settings import Settings

LIMITS = intake_limits(Settings())


def contents(paths: list[Path], limits: IntakeLimits = LIMITS) -> list[bytes | Reason]:
    budget = Budget(limits)
    found: list[bytes | Reason] = []
    for source in iterate_sources(paths, budget):
        try:
            found.append(source.read(budget))
        except LeftOutError as problem:
            found.append(problem.reason)
    return found


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_folders_are_walked_and_zips_opened_in_a_fixed_order(tmp_path):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "b" / "deep" / "2").write_bytes(b"two")
    (tmp_path / "b" / "1").write_bytes(b"one")
    make_zip(
        tmp_path / "b" / "deep" / "3.zip", {"x/y/z": b"three", "x/": b"", "__MACOSX/x/._z": b"no", "x/.hid": b"no"}
    )

    assert contents([tmp_path]) == [b"one", b"two", b"three"]


def test_images_whose_names_begin_with_a_dot_are_read_and_other_such_files_are_not(tmp_path):
    image = b"\0" * 128 + b"DICM one"
    for name, data in ((".IM1", image), (".DS_Store", b"no"), ("._IM1", b"no"), ("Thumbs.db", b"no")):
        (tmp_path / name).write_bytes(data)
    (tmp_path / ".link").symlink_to(tmp_path / ".IM1")
    make_zip(tmp_path / "z.zip", {"a/.IM2": image, "a/.DS_Store": b"no"})

    assert contents([tmp_path]) == [image, image]


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    upload = tmp_path / "upload"
    upload.mkdir()
    (upload / "link").symlink_to(secret)
    (upload / "loop").symlink_to(upload, target_is_directory=True)
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(upload / "z.zip", "w") as archive:
        archive.writestr(link, str(secret))

    assert contents([upload]) == [Reason.NOT_A_FILE, Reason.NOT_A_FILE]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_hang_the_reader(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / ".pipe")

    assert contents([tmp_path]) == [Reason.NOT_A_FILE]


def test_a_zip_writes_nothing_whatever_its_names_are(tmp_path):
    upload = tmp_path / "inner" / "upload"
    upload.mkdir(parents=True)
    make_zip(upload / "slip.zip", {"../../evil": b"slip", "/tmp/evil": b"slip", "a/../../b": b"slip"})
    before = sorted(tmp_path.rglob("*"))

    assert contents([upload]) == [b"slip"] * 3
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path):
    bomb = make_zip(tmp_path / "bomb.zip", {str(i): bytes(1 << 20) for i in range(100)})

    assert bomb.stat().st_size < 1 << 18
    assert contents([bomb]) == [Reason.TOO_LARGE_INFLATED]


def test_a_zip_that_lies_about_its_size_is_stopped(tmp_path):
    path = make_zip(tmp_path / "liar.zip", {"a": bytes(1 << 20)})
    data = path.read_bytes().replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)

    assert contents([path]) == [Reason.BAD_ARCHIVE]


def test_archives_within_archives_stay_closed(tmp_path):
    inner = make_zip(tmp_path / "inner.zip", {"a": b"a"}).read_bytes()

    assert contents([make_zip(tmp_path / "outer.zip", {"inner.zip": inner, "b": b"b"})]) == [
        Reason.NESTED_ARCHIVE,
        b"b",
    ]


def test_damaged_and_unusual_archives_are_named_as_such(tmp_path):
    (tmp_path / "cut.zip").write_bytes(make_zip(tmp_path / "whole.zip", {"a": b"a" * 100}).read_bytes()[:60])
    make_zip(tmp_path / "lzma.zip", {"a": b"a"}, zipfile.ZIP_LZMA)

    assert contents([tmp_path / "cut.zip", tmp_path / "lzma.zip"]) == [Reason.BAD_ARCHIVE] * 2


def test_an_encrypted_member_is_named_as_such(tmp_path):
    path = make_zip(tmp_path / "locked.zip", {"a": b"a" * 100})
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)

    assert contents([path]) == [Reason.LOCKED_ARCHIVE]


def test_numbers_and_sizes_are_bounded(tmp_path):
    for name in "abcd":
        (tmp_path / name).write_bytes(b"x" * 10)

    assert contents([tmp_path], replace(LIMITS, max_files=2)) == [b"x" * 10, b"x" * 10, Reason.TOO_MANY_FILES]
    assert contents([tmp_path / "a"], replace(LIMITS, max_file_bytes=9)) == [Reason.TOO_LARGE_FILE]
    assert contents([tmp_path], replace(LIMITS, max_upload_bytes=25))[2:] == [Reason.TOO_LARGE_UPLOAD] * 2
    packed = make_zip(tmp_path / "z.zip", {"a": b"x" * 10, "b": b"x" * 10})
    assert contents([packed], replace(LIMITS, max_inflated_bytes=15)) == [b"x" * 10, Reason.TOO_LARGE_INFLATED]


def test_a_missing_file_is_a_reason_not_a_crash(tmp_path):
    assert contents([tmp_path / "none"]) == [Reason.UNREADABLE]


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def test_a_deflated_stream_is_inflated_within_bounds():
    limits = replace(LIMITS, max_inflated_bytes=3 << 20)
    budget = Budget(limits)

    assert inflate(deflate(b"x" * (2 << 20)), budget) == b"x" * (2 << 20)
    with pytest.raises(LeftOutError) as caught:
        inflate(deflate(b"x" * (2 << 20)), budget)  # the budget is of the whole upload
    assert caught.value.reason is Reason.TOO_LARGE_INFLATED
    with pytest.raises(LeftOutError):
        inflate(b"\xff\xff\xff not deflated", Budget(limits))


def relabelled(path: Path, method: int) -> Path:
    """The same zip, whose members claim another method."""
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = -1
        while (at := data.find(magic, at + 1)) >= 0:
            data[at + offset : at + offset + 2] = method.to_bytes(2, "little")
    path.write_bytes(data)
    return path


def deflate64_zip(path: Path, data: bytes) -> Path:
    """A zip as Windows Explorer writes beyond 2 GB: stored bytes that are Deflate64, with the file's size and CRC."""
    packer = inflate64.Deflater()
    packed = packer.deflate(data) + packer.flush()
    relabelled(make_zip(path, {"a": packed}, zipfile.ZIP_STORED), 9)
    raw = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        at = raw.index(magic) + offset
        raw[at : at + 12] = struct.pack("<III", zlib.crc32(data), len(packed), len(data))
    path.write_bytes(raw)
    return path


def test_deflate64_is_inflated(tmp_path):
    data = b"".join(bytes([k % 251]) * (k * 37) for k in range(400))  # runs beyond what Deflate can copy at once

    assert contents([deflate64_zip(tmp_path / "explorer.zip", data)]) == [data]


def test_deflate_under_the_label_of_deflate64_is_read_where_its_checksum_fits(tmp_path):
    data = bytes(100_000) + b"end"

    assert contents([relabelled(make_zip(tmp_path / "a.zip", {"a": data}), 9)]) == [data]


@pytest.mark.parametrize("spoil", ["contents", "size", "package"])
def test_deflate64_that_cannot_be_inflated_is_named_as_such(tmp_path, monkeypatch, spoil):
    path = deflate64_zip(tmp_path / "a.zip", b"some text, some text" * 100)
    raw = bytearray(path.read_bytes())
    if spoil == "contents":
        raw[34] ^= 0xFF
    elif spoil == "size":
        raw = raw.replace((2000).to_bytes(4, "little"), (1999).to_bytes(4, "little"))
    else:
        monkeypatch.setitem(sys.modules, "inflate64", None)
    path.write_bytes(raw)

    assert contents([path]) == [Reason.DEFLATE64]


def test_deflate64_that_inflates_to_more_than_it_states_is_refused(tmp_path):
    path = deflate64_zip(tmp_path / "a.zip", bytes(8 << 20))
    path.write_bytes(path.read_bytes().replace((8 << 20).to_bytes(4, "little"), (10 << 10).to_bytes(4, "little")))

    assert contents([path]) == [Reason.DEFLATE64]


@pytest.mark.parametrize(
    "head", [b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", bytes(257) + b"ustar"]
)
def test_other_archives_are_named_as_such_outside_and_inside_a_zip(tmp_path, head):
    data = head + bytes(600)
    (tmp_path / "b").write_bytes(data)

    assert contents([tmp_path / "b"]) == [Reason.OTHER_ARCHIVE]
    assert contents([make_zip(tmp_path / "z.zip", {"b": data})]) == [Reason.NESTED_ARCHIVE]


def test_a_dicom_file_whose_preamble_looks_like_an_archive_stays_a_file(tmp_path):
    data = b"\x1f\x8b" + bytes(126) + b"DICM" + bytes(400)
    (tmp_path / "image").write_bytes(data)

    assert contents([tmp_path]) == [data]


def test_links_of_an_operators_folder_are_followed_once(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "series").mkdir(parents=True)
    (elsewhere / "series" / "1").write_bytes(b"one")
    (elsewhere / "2").write_bytes(b"two")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "series").symlink_to(elsewhere / "series", target_is_directory=True)
    (folder / "two").symlink_to(elsewhere / "2")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "nowhere").symlink_to(tmp_path / "nowhere")
    (folder / "self").symlink_to(folder / "self")

    found = contents([folder], replace(LIMITS, follow_links=True))
    assert sorted(map(str, found)) == sorted(map(str, [b"one", b"two", Reason.UNREADABLE, Reason.UNREADABLE]))
