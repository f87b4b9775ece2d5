"""Read an upload in sandboxed workers, collect what they send, and go on behind a file that killed one."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from tools.intake.messages import FrameRecord, IntakeLimits, Reason
from tools.intake.sources import is_zip
from tools.intake.worker_process import WorkerError, WorkerProcess

MAX_CRASHES = 8
MANY_FILES = 64
TIMED_OUT = {-getattr(signal, name) for name in ("SIGALRM", "SIGXCPU", "SIGPROF") if hasattr(signal, name)}
LARGE_ZIP_BYTES = 4 << 20
UNBOUNDED = 1 << 60  # voxels

Only = Mapping[int, list[int] | None]  # the files that are read, by number, and of some only these frames


@dataclass(eq=False)
class ReceivedFrame:
    """One image on its way to a series; `pixels` is None while nobody has decoded it."""

    record: FrameRecord
    pixels: NDArray[np.generic] | None


@dataclass
class IntakeResult:
    """What came out of one upload: frames, and the number of each file that was left out with the reason."""

    limits: IntakeLimits
    frames: list[ReceivedFrame] = field(default_factory=list)
    left_out: list[tuple[int, Reason]] = field(default_factory=list)
    files: int = 0  # all files seen
    voxels: int = 0

    def add(self, frame: ReceivedFrame) -> None:
        """Keep a frame while all workers together stay within the bound."""
        self.voxels += frame.record.pixel_bytes // 2  # int16 is the measure; float32 counts twice
        if self.voxels > self.limits.max_voxels:
            self.leave_out(frame.record.file, Reason.TOO_LARGE_IMAGE)
        else:
            self.frames.append(frame)

    def leave_out(self, file: int, reason: Reason) -> None:
        self.files = max(self.files, file)
        self.left_out.append((file, reason))


@dataclass(frozen=True)
class Job:
    """What a worker is told first."""

    paths: list[str]
    limits: dict[str, float | bool]
    start_at: int
    shard: int  # it reads the files whose number divided by `shards` leaves `shard`
    shards: int
    headers_only: bool = False  # of plain CT images; it then stays and decodes the files it is asked for
    records_only: bool = False  # of every image; nothing is kept of its pixels
    only: list[tuple[int, list[int] | None]] | None = None  # see `Only`; None: all of all


def read_sandboxed(paths: Sequence[Path], limits: IntakeLimits, only: Only | None = None) -> IntakeResult:
    """Parse and decode `paths`, or what `only` names of them, in worker processes. A file that crashes one or takes
    too long is left out; the others are read."""
    reading, workers = _read(paths, limits, only=only)
    for worker in workers:
        worker.close()
    return reading


def read_headers(
    paths: Sequence[Path], limits: IntakeLimits, only: Only | None = None
) -> tuple[IntakeResult, list[WorkerProcess]]:
    """Like `read_sandboxed`, but of plain CT images only the headers. Also returns the workers, which know the files
    by their numbers and can decode them; close them."""
    return _read(paths, limits, headers_only=True, only=only)


def read_records(paths: Sequence[Path], limits: IntakeLimits) -> list[ReceivedFrame]:
    """Read the records of all images, without their pixels and however many they are."""
    reading, workers = _read(paths, replace(limits, max_voxels=UNBOUNDED), records_only=True)
    for worker in workers:
        worker.close()
    return reading.frames


def worker_for(paths: Sequence[Path], limits: IntakeLimits) -> WorkerProcess:
    """Start one more worker for an upload whose headers are read. Raises WorkerError."""
    nothing = IntakeResult(limits)
    job = Job([os.fspath(path) for path in paths], asdict(limits), limits.max_files + 2, 0, 1, headers_only=True)
    worker = WorkerProcess()
    if _run_worker(worker, job, nothing, time.monotonic() + limits.timeout_s) is not None:
        worker.close()
        raise WorkerError("the files cannot be found again")
    return worker


def parse_frame(message: dict[str, Any], payload: bytes) -> ReceivedFrame:
    """Parse and check a frame: the worker is not trusted. Raises ValidationError or ValueError."""
    record = _records().validate_python(message["record"])
    return ReceivedFrame(record, np.frombuffer(payload, dtype=record.dtype).reshape(record.rows, record.columns))


def _read(
    paths: Sequence[Path],
    limits: IntakeLimits,
    headers_only: bool = False,
    records_only: bool = False,
    only: Only | None = None,
) -> tuple[IntakeResult, list[WorkerProcess]]:
    reading = IntakeResult(limits)
    shards = _shard_count(paths)
    workers: list[WorkerProcess] = []
    with ThreadPoolExecutor(shards) as threads:
        deadline = time.monotonic() + limits.timeout_s
        names, wanted = [os.fspath(path) for path in paths], None if only is None else list(only.items())
        jobs = [
            Job(names, asdict(limits), 1, shard, shards, headers_only, records_only, wanted) for shard in range(shards)
        ]
        running = [threads.submit(_run_shard, job, reading, deadline, workers) for job in jobs]
    try:
        for done in running:
            done.result()
    except BaseException:
        for worker in workers:
            worker.close()
        raise
    unusable = {file for file, _ in reading.left_out}  # a file counts whole or not at all
    reading.frames = [frame for frame in reading.frames if frame.record.file not in unusable]
    reading.frames.sort(key=lambda frame: (frame.record.file, frame.record.frame))
    return reading, workers


def _shard_count(paths: Sequence[Path]) -> int:
    """Two workers for an upload that is worth the second one's start, where there is a core for it."""
    if (os.cpu_count() or 1) < 2:
        return 1
    files = 0
    for path in paths:
        for entry in islice(path.rglob("*") if path.is_dir() else [path], MANY_FILES):
            files += 1
            if files >= MANY_FILES or _is_large_zip(entry):
                return 2
    return 1


def _is_large_zip(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > LARGE_ZIP_BYTES and is_zip(path)
    except OSError:
        return False


def _run_shard(job: Job, reading: IntakeResult, deadline: float, workers: list[WorkerProcess]) -> None:
    """One worker after another until every file of the shard was read or left out; the last one joins `workers`."""
    for _ in range(MAX_CRASHES + 1):
        worker = WorkerProcess()
        died_at = _run_worker(worker, job, reading, deadline)
        if died_at is None:
            workers.append(worker)
            return
        exit_status = worker.close()
        out_of_time = time.monotonic() >= deadline
        reading.leave_out(died_at, Reason.TIMEOUT if out_of_time or exit_status in TIMED_OUT else Reason.CRASHED)
        job = Job(**(vars(job) | {"start_at": died_at + 1}))
        if out_of_time:
            break
    reading.leave_out(job.start_at, Reason.UNFINISHED)


def _run_worker(worker: WorkerProcess, job: Job, reading: IntakeResult, deadline: float) -> int | None:
    """None when the worker reached the end, else the number of the file at which it died."""
    at: int | None = None
    try:
        with worker.watched(deadline - time.monotonic()):
            worker.tell(asdict(job))
            for message, payload in worker.messages(reading.limits):
                match message["kind"]:
                    case "begin":
                        at = int(message["file"])
                    case "frame":
                        reading.add(parse_frame(message, payload))
                    case "header":
                        reading.add(ReceivedFrame(_records().validate_python(message["record"]), None))
                    case "left out":
                        reading.leave_out(int(message["file"]), Reason(message["reason"]))
                    case "end":
                        reading.files = int(message["files"])
                        return None
    except (ValidationError, ValueError, KeyError, TypeError):
        worker.close()
        raise WorkerError("the reading process broke its protocol") from None  # the cause would quote values
    if at is None and time.monotonic() >= deadline:
        at = job.start_at
    if at is None:
        worker.close()
        raise WorkerError("the reading process could not start")
    return at


@lru_cache(maxsize=1)
def _records() -> TypeAdapter[FrameRecord]:
    return TypeAdapter(FrameRecord)
