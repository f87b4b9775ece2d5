"""Bounded collection: files, folders and zips become one numbered stream of file contents. Nothing is unpacked to disk.

Runs in the sandboxed worker. Symbolic links inside folders are followed only where the limits say so, those inside
archives never; an archive within an archive is not opened.
"""

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tools.intake.messages import IntakeLimits, Reason

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
GZIP_MAGIC = b"\x1f\x8b"
OTHER_MAGIC = (GZIP_MAGIC, b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd")
TAR_MAGIC = slice(257, 262)
NIFTI_MAGIC = ((344, b"n+1\0"), (4, b"n+2\0"))  # of version 1 and 2
GZIP_BITS = zlib.MAX_WBITS + 16  # for zlib: a gzip
HEAD_BYTES = 512  # enough to recognise DICOM and every archive
PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # lzma may ask for gigabytes of dictionary
DEFLATE64 = 9  # its number among the methods of a zip
CHUNK = 1 << 20
CHUNK64 = 1 << 12  # inflates to 120 MB at most: the inflater has no bound of its own
_BROKEN_MEMBER = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)


class LeftOutError(Exception):
    """This file cannot be used, for a reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass
class Budget:
    """What may still be read of this upload."""

    limits: IntakeLimits
    upload_bytes: int = 0
    inflated_bytes: int = 0
    voxels: int = 0
    frames: int = 0

    def spend_upload(self, count: int) -> None:
        if count > self.limits.max_file_bytes:
            raise LeftOutError(Reason.TOO_LARGE_FILE)
        if self.upload_bytes + count > self.limits.max_upload_bytes:
            raise LeftOutError(Reason.TOO_LARGE_UPLOAD)
        self.upload_bytes += count

    def room_to_upload(self) -> int:
        """Tell how large the next file may be."""
        return min(self.limits.max_file_bytes, self.limits.max_upload_bytes - self.upload_bytes)

    def room_to_inflate(self, packed_bytes: int) -> int:
        """Tell how many bytes `packed_bytes` may inflate to."""
        by_ratio = max(packed_bytes * self.limits.max_ratio, self.limits.ratio_floor_bytes)
        left = self.limits.max_inflated_bytes - self.inflated_bytes
        return max(0, min(by_ratio, left, self.limits.max_file_bytes))

    def spend_voxels(self, count: int) -> None:
        if self.voxels + count > self.limits.max_voxels:
            raise LeftOutError(Reason.TOO_LARGE_IMAGE)
        self.voxels += count

    def spend_frames(self, count: int) -> None:
        if self.frames + count > self.limits.max_frames:
            raise LeftOutError(Reason.TOO_MANY_FRAMES)
        self.frames += count


@dataclass(frozen=True)
class Source:
    """One file of the upload, not yet read: a path, or a member of an open zip, or a reason why it cannot be read."""

    path: Path | None = None
    archive: zipfile.ZipFile | None = None
    member: zipfile.ZipInfo | None = None
    problem: Reason | None = None

    @property
    def megabytes(self) -> float:
        """How large the file says it is, unpacked."""
        try:
            if self.path is not None:
                return self.path.lstat().st_size / 2**20
        except OSError:
            return 0.0
        return self.member.file_size / 2**20 if self.member is not None else 0.0

    def read(self, budget: Budget) -> bytes:
        """Read the file's bytes. Raises LeftOutError when it is out of bounds or unreadable."""
        if self.problem is not None:
            raise LeftOutError(self.problem)
        try:
            if self.path is not None:
                return _read_path(self.path, budget)
            assert self.archive is not None
            assert self.member is not None
            return _read_member(self.archive, self.member, budget)
        except OSError as error:
            raise LeftOutError(Reason.UNREADABLE) from error

    def head(self, count: int, budget: Budget) -> tuple[bytes, int]:
        """Read the first `count` bytes and the size in all. Nothing of a file that is out of bounds or
        unreadable: `read` says why."""
        try:
            if self.path is not None:
                with _opened(self.path) as file:
                    size = os.fstat(file.fileno()).st_size
                    return (file.read(count), size) if size <= budget.room_to_upload() else (b"", 0)
            if self.archive is not None and self.member is not None and _is_plain(self.member):
                size = self.member.file_size
                if size <= min(budget.limits.max_file_bytes, budget.limits.max_inflated_bytes - budget.inflated_bytes):
                    with self.archive.open(self.member) as packed:
                        return packed.read(count), size
        except (OSError, *_BROKEN_MEMBER):
            pass
        return b"", 0

    def reopened(self, archives: dict[str, zipfile.ZipFile]) -> "Source":
        """Open the same file, when its archive has been closed; `archives` keeps those that were opened again."""
        if self.archive is None:
            return self
        name = str(self.archive.filename)
        return replace(self, archive=archives.get(name) or archives.setdefault(name, zipfile.ZipFile(name)))

    def skip(self, budget: Budget) -> None:
        """Count the size of a file that another worker reads."""
        try:
            if self.path is not None:
                budget.upload_bytes += self.path.lstat().st_size
            elif self.member is not None:
                budget.inflated_bytes += self.member.file_size
        except OSError:
            return


def iterate_sources(paths: list[Path], budget: Budget) -> Iterator[Source]:
    """List every regular file of `paths`, folders walked and zips opened, in a fixed order, at most `max_files`."""
    count = 0
    for path in paths:
        for source in _expand(path, budget):
            count += 1
            if count > budget.limits.max_files:
                yield Source(problem=Reason.TOO_MANY_FILES)
                return
            yield source


def is_zip(path: Path) -> bool:
    """Recognise a zip by its first bytes. Raises OSError."""
    return _is_zip(_head(path))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _regular_head(path: Path) -> bytes:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError
    return _head(path)


def _member_head(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type not in PLAIN_METHODS:
        raise NotImplementedError
    with archive.open(member) as file:
        return file.read(HEAD_BYTES)


def _is_zip(head: bytes) -> bool:
    return head.startswith(ZIP_MAGIC) and head[128:132] != b"DICM"


def is_nifti(head: bytes) -> bool:
    """Recognise NIfTI, header and voxels in one file, plain or as gzip, by its first `HEAD_BYTES`."""
    if head.startswith(GZIP_MAGIC):
        try:
            head = zlib.decompressobj(GZIP_BITS).decompress(head[:HEAD_BYTES], HEAD_BYTES)
        except zlib.error:
            return False
    return any(head[at : at + 4] == magic for at, magic in NIFTI_MAGIC)


def _is_other_archive(head: bytes) -> bool:
    """Recognise gzip but of NIfTI, bzip2, xz, 7z, rar, zstd and tar, none of which is opened."""
    if head[128:132] == b"DICM" or is_nifti(head):
        return False
    return head.startswith(OTHER_MAGIC) or head[TAR_MAGIC] == b"ustar"


def inflate(data: bytes | memoryview, budget: Budget, window_bits: int = -zlib.MAX_WBITS) -> bytes:
    """Inflate a deflate stream, raw by default, piece by piece within the budget. Raises LeftOutError, also when
    broken."""
    room = budget.room_to_inflate(len(data))
    inflater = zlib.decompressobj(window_bits)
    pieces: list[bytes] = []
    size = 0
    pending: bytes | memoryview = data
    while not inflater.eof:
        try:
            piece = inflater.decompress(pending, CHUNK)
        except zlib.error as error:
            raise LeftOutError(Reason.DAMAGED) from error
        if not piece and not inflater.unconsumed_tail:
            break  # cut: what there is may still hold a whole image
        size += len(piece)
        if size > room:
            raise LeftOutError(Reason.TOO_LARGE_INFLATED)
        pieces.append(piece)
        pending = inflater.unconsumed_tail
    budget.inflated_bytes += size
    return b"".join(pieces)


def _expand(path: Path, budget: Budget) -> Iterator[Source]:
    if not path.is_dir():
        yield from _expand_file(path, budget, True)
        return
    follow = budget.limits.follow_links
    walked: set[tuple[int, int]] = set()
    for folder, subfolders, names in os.walk(path, followlinks=follow):
        here = os.stat(folder)
        if (here.st_dev, here.st_ino) in walked:  # a link back to a folder above it would go round for ever
            subfolders.clear()
            continue
        walked.add((here.st_dev, here.st_ino))
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not (_is_clutter(name) and _is_other_than_dicom(partial(_regular_head, path))):
                yield from _expand_file(path, budget, follow)


def _expand_file(path: Path, budget: Budget, follow: bool) -> Iterator[Source]:
    try:
        path = path.resolve() if follow else path
        regular = stat.S_ISREG(path.lstat().st_mode)
        head = _head(path) if regular else b""
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        yield Source(problem=Reason.UNREADABLE)
        return
    if not regular:
        yield Source(problem=Reason.NOT_A_FILE)
    elif _is_zip(head):
        yield from _expand_zip(path, budget)
    elif _is_other_archive(head):
        yield Source(problem=Reason.OTHER_ARCHIVE)
    else:
        yield Source(path=path)


def _is_clutter(name: str) -> bool:
    """Tell whether a name is one that operating systems give to files which they add to folders and archives."""
    return name.startswith(".") or name in ("Thumbs.db", "desktop.ini")


def _is_other_than_dicom(read_head: Callable[[], bytes]) -> bool:
    """Tell whether a file is no image; some systems give images names that begin with a dot."""
    try:
        return read_head()[128:132] != b"DICM"
    except (OSError, RuntimeError, NotImplementedError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return True


def _expand_zip(path: Path, budget: Budget) -> Iterator[Source]:
    try:
        size = path.stat().st_size
        if size > budget.limits.max_upload_bytes - budget.upload_bytes:
            raise LeftOutError(Reason.TOO_LARGE_UPLOAD)
        budget.upload_bytes += size
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
        declared = sum(member.file_size for member in members)
        if len(members) > budget.limits.max_members:
            raise LeftOutError(Reason.TOO_MANY_FILES)
        if declared > max(size * budget.limits.max_ratio, budget.limits.ratio_floor_bytes):
            raise LeftOutError(Reason.TOO_LARGE_INFLATED)
    except LeftOutError as problem:
        yield Source(problem=problem.reason)
        return
    except MemoryError:
        yield Source(problem=Reason.MEMORY)
        return
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        yield Source(problem=Reason.BAD_ARCHIVE)
        return
    with archive:
        for member in members:
            parts = member.filename.split("/")
            if member.is_dir() or "__MACOSX" in parts:
                continue
            if _is_clutter(parts[-1]) and _is_other_than_dicom(partial(_member_head, archive, member)):
                continue
            yield Source(archive=archive, member=member)


def _read_path(path: Path, budget: Budget) -> bytes:
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        budget.spend_upload(size)
        return file.read(size)


def _opened(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb")


def _is_plain(member: zipfile.ZipInfo) -> bool:
    return (
        not member.flag_bits & 0x1
        and not stat.S_ISLNK(member.external_attr >> 16)
        and member.compress_type in PLAIN_METHODS
    )


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> bytes:
    if member.flag_bits & 0x1:
        raise LeftOutError(Reason.LOCKED_ARCHIVE)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise LeftOutError(Reason.NOT_A_FILE)
    if member.compress_type not in (*PLAIN_METHODS, DEFLATE64):
        raise LeftOutError(Reason.BAD_ARCHIVE)
    if member.file_size > budget.limits.max_file_bytes:
        raise LeftOutError(Reason.TOO_LARGE_FILE)
    room = budget.limits.max_inflated_bytes - budget.inflated_bytes
    if member.file_size > room:
        raise LeftOutError(Reason.TOO_LARGE_INFLATED)
    data = _inflate64(archive, member) if member.compress_type == DEFLATE64 else _unpack(archive, member, room)
    budget.inflated_bytes += len(data)
    if _is_zip(data) or _is_other_archive(data):
        raise LeftOutError(Reason.NESTED_ARCHIVE)
    return data


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    contents = io.BytesIO()
    try:
        with archive.open(member) as file:
            while piece := file.read(CHUNK):  # never more than declared: zipfile stops there and checks the CRC
                contents.write(piece)
                if contents.tell() > room:
                    raise LeftOutError(Reason.TOO_LARGE_INFLATED)
    except _BROKEN_MEMBER as error:
        raise LeftOutError(Reason.BAD_ARCHIVE) from error
    return contents.getvalue()


def _inflate64(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Inflate a member packed as Deflate64, which Windows Explorer writes beyond 2 GB and `zipfile` cannot read.

    What is plain Deflate under that label is read too: the CRC decides. Raises LeftOutError.
    """
    try:
        import inflate64  # only such a zip needs it
    except ImportError:
        raise LeftOutError(Reason.DEFLATE64) from None
    packed = copy(member)  # as stored bytes, whose CRC is not the file's
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, member.compress_size
    del packed.CRC
    for inflater in (inflate64.Inflater().inflate, zlib.decompressobj(-zlib.MAX_WBITS).decompress):
        contents = io.BytesIO()
        try:
            with archive.open(packed) as file:
                while (piece := file.read(CHUNK64)) and contents.tell() <= member.file_size:
                    contents.write(inflater(piece))
        except (*_BROKEN_MEMBER, RuntimeError):
            continue
        if contents.tell() == member.file_size and zlib.crc32(contents.getbuffer()) == member.CRC:
            return contents.getvalue()
    raise LeftOutError(Reason.DEFLATE64)
