"""Starts the guarded child, collects what it sends, and goes on behind a file that killed it.

The child gets no environment, no secret and no open file; paths travel on its standard input, where no process list
shows them. Nothing is written to disk.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from tools.dicom_records import FrameRecord, IntakeLimits, Reason

REPO = Path(__file__).resolve().parent.parent
BOOTSTRAP = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tools.dicom_worker import main; main()"
MAX_CRASHES = 8
MANY_FILES = 64
TIMED_OUT = {-getattr(signal, name) for name in ("SIGALRM", "SIGXCPU") if hasattr(signal, name)}
LARGE_ZIP_BYTES = 4 << 20
MAX_MESSAGE_BYTES = 1 << 20
CONCURRENT_UPLOADS = threading.BoundedSemaphore(2)  # further uploads wait: memory is what a small machine lacks


@dataclass(eq=False)
class Frame:
    """One decoded image on its way to a series."""

    record: FrameRecord
    pixels: NDArray[np.generic]


@dataclass
class Reading:
    """What came out of one upload: frames, and the number of each file that was left out with the reason."""

    limits: IntakeLimits
    frames: list[Frame] = field(default_factory=list)
    left_out: list[tuple[int, Reason]] = field(default_factory=list)
    files: int = 0  # all files seen
    voxels: int = 0

    def add(self, frame: Frame) -> None:
        """Keep a frame while all children together stay within the bound."""
        self.voxels += frame.pixels.nbytes // 2  # int16 is the measure; float32 counts twice
        if self.voxels > self.limits.max_voxels:
            self.leave_out(frame.record.file, Reason.TOO_LARGE_IMAGE)
        else:
            self.frames.append(frame)

    def leave_out(self, file: int, reason: Reason) -> None:
        self.files = max(self.files, file)
        self.left_out.append((file, reason))


@dataclass(frozen=True)
class Job:
    """What a child is told."""

    paths: list[str]
    limits: dict[str, float]
    start_at: int
    lane: int  # it reads the files whose number divided by `lanes` leaves `lane`
    lanes: int


class ChildError(Exception):
    """The child could not start, or broke the protocol."""


def read_guarded(paths: Sequence[Path], limits: IntakeLimits) -> Reading:
    """Parse `paths` in child processes. A file that crashes one or takes too long is left out; the others are read."""
    reading = Reading(limits)
    lanes = _lanes(paths)
    with CONCURRENT_UPLOADS, ThreadPoolExecutor(lanes) as threads:
        deadline = time.monotonic() + limits.timeout_s
        for done in [threads.submit(_run_lane, paths, reading, deadline, lane, lanes) for lane in range(lanes)]:
            done.result()
    unusable = {file for file, _ in reading.left_out}  # a file counts whole or not at all
    reading.frames = [frame for frame in reading.frames if frame.record.file not in unusable]
    reading.frames.sort(key=lambda frame: (frame.record.file, frame.record.frame))
    return reading


def _lanes(paths: Sequence[Path]) -> int:
    """Two children for an upload that is worth the second one's start, where there is a core for it."""
    if (os.cpu_count() or 1) < 2:
        return 1
    files = 0
    for path in paths:
        for entry in islice(path.rglob("*") if path.is_dir() else [path], MANY_FILES):
            files += 1
            if files >= MANY_FILES or (entry.suffix.lower() == ".zip" and entry.stat().st_size > LARGE_ZIP_BYTES):
                return 2
    return 1


def _run_lane(paths: Sequence[Path], reading: Reading, deadline: float, lane: int, lanes: int) -> None:
    """One child after another until every file of the lane was read or left out."""
    start_at = 1
    for _ in range(MAX_CRASHES + 1):
        job = Job([os.fspath(path) for path in paths], asdict(reading.limits), start_at, lane, lanes)
        end = _run_child(job, reading, deadline)
        if end is None:
            return
        died_at, exit_status = end
        out_of_time = time.monotonic() >= deadline
        reading.leave_out(died_at, Reason.TIMEOUT if out_of_time or exit_status in TIMED_OUT else Reason.CRASHED)
        start_at = died_at + 1
        if out_of_time:
            break
    reading.leave_out(start_at, Reason.UNFINISHED)


def _run_child(job: Job, reading: Reading, deadline: float) -> tuple[int, int] | None:
    """One child. None when it reached the end, else the number of the file at which it died, and its exit status."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", BOOTSTRAP, json.dumps(_import_path())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=REPO,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), process.kill)
    watchdog.daemon = True
    watchdog.start()
    at: int | None = None
    try:
        try:
            process.stdin.write(json.dumps(asdict(job)).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once; the missing messages say so
        for message, payload in _messages(process.stdout, reading.limits):
            match message["kind"]:
                case "begin":
                    at = int(message["file"])
                case "frame":
                    reading.add(_frame(message, payload))
                case "left out":
                    reading.leave_out(int(message["file"]), Reason(message["reason"]))
                case "end":
                    reading.files = int(message["files"])
                    return None
    except (ValidationError, ValueError, KeyError, TypeError):
        raise ChildError("the reading process broke its protocol") from None  # the cause would quote values
    finally:
        watchdog.cancel()
        process.stdout.close()
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if at is None and time.monotonic() >= deadline:
        at = job.start_at
    if at is None:
        raise ChildError("the reading process could not start")
    return at, process.returncode


def _messages(stream: IO[bytes], limits: IntakeLimits) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Whole messages until the pipe ends. A message that is cut off belongs to the file that killed the child."""
    voxels = 0
    while len(head := stream.read(4)) == 4:
        (length,) = struct.unpack(">I", head)
        if length > MAX_MESSAGE_BYTES:
            raise ValueError("message too long")
        text = stream.read(length)
        if len(text) < length:
            return
        message = json.loads(text)
        payload = b""
        if message["kind"] == "frame":
            rows, columns = int(message["record"]["rows"]), int(message["record"]["columns"])
            voxels += rows * columns
            if rows < 1 or columns < 1 or voxels > limits.max_voxels:
                raise ValueError("more pixels than allowed")
            size = rows * columns * (2 if message["record"]["dtype"] == "int16" else 4)
            payload = stream.read(size)
            if len(payload) < size:
                return
        yield message, payload


def _frame(message: dict[str, Any], payload: bytes) -> Frame:
    record = _records().validate_python(message["record"])
    pixels = np.frombuffer(payload, dtype=record.dtype).reshape(record.rows, record.columns)
    return Frame(record, pixels)


@lru_cache(maxsize=1)
def _records() -> TypeAdapter[FrameRecord]:
    """The child is not trusted: its records are checked."""
    return TypeAdapter(FrameRecord)


def _import_path() -> list[str]:
    """Where this process finds its packages, absolute and without the working directory."""
    return [str(REPO), *(path for path in sys.path if os.path.isabs(path) and Path(path) != REPO)]


def _environment() -> dict[str, str]:
    """No credential of this process reaches the child; one thread, whose stacks fit the memory bound."""
    keep = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {name: os.environ[name] for name in keep if name in os.environ} | threads
