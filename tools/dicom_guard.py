"""Starts the guarded child, collects what it sends, and goes on behind a file that killed it.

The child gets no environment, no secret and no open file; paths travel on its standard input, where no process list
shows them. Nothing is written to disk.
"""

import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from tools.dicom_records import FrameRecord, IntakeLimits, Reason

REPO = Path(__file__).resolve().parent.parent
BOOTSTRAP = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tools.dicom_worker import main; main()"
MAX_CRASHES = 8
MAX_MESSAGE_BYTES = 1 << 20
CONCURRENT_CHILDREN = threading.BoundedSemaphore(2)  # further uploads wait: memory is what a small machine lacks


@dataclass(eq=False)
class Frame:
    """One decoded image on its way to a series."""

    record: FrameRecord
    pixels: NDArray[np.generic]


@dataclass
class Reading:
    """What came out of one upload: frames, and the number of each file that was left out with the reason."""

    frames: list[Frame] = field(default_factory=list)
    left_out: list[tuple[int, Reason]] = field(default_factory=list)
    files: int = 0  # all files seen


class ChildError(Exception):
    """The child could not start, or broke the protocol."""


def read_guarded(paths: Sequence[Path], limits: IntakeLimits) -> Reading:
    """Parse `paths` in a child process. A file that crashes it or takes too long is left out; the others are read."""
    reading = Reading()
    deadline = time.monotonic() + limits.timeout_s
    start_at, crashes = 1, 0
    with CONCURRENT_CHILDREN:
        while True:
            at = _run_once(paths, limits, reading, start_at, deadline)
            if at is None:
                return reading
            reading.files = max(reading.files, at)
            crashes += 1
            out_of_time = time.monotonic() >= deadline
            reading.left_out.append((at, Reason.TIMEOUT if out_of_time else Reason.CRASHED))
            if out_of_time or crashes > MAX_CRASHES:
                reading.left_out.append((at + 1, Reason.UNFINISHED))
                return reading
            start_at = at + 1


def _run_once(
    paths: Sequence[Path], limits: IntakeLimits, reading: Reading, start_at: int, deadline: float
) -> int | None:
    """One child. None when it reached the end, else the number of the file at which it died."""
    job = {
        "paths": [os.fspath(path) for path in paths],
        "limits": asdict(limits),
        "voxels": sum(frame.pixels.size for frame in reading.frames),
        "start_at": start_at,
    }
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
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once; the missing messages say so
        for message, payload in _messages(process.stdout, limits):
            match message["kind"]:
                case "begin":
                    at = int(message["file"])
                case "frame":
                    reading.frames.append(_frame(message, payload))
                case "left out":
                    reading.left_out.append((int(message["file"]), Reason(message["reason"])))
                case "end":
                    reading.files = int(message["files"])
                    return None
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise ChildError("the reading process broke its protocol") from error
    finally:
        watchdog.cancel()
        process.kill()
        process.stdout.close()
        process.wait()
    if at is None:
        raise ChildError("the reading process could not start")
    return at


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
