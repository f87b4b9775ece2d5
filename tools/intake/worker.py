"""The sandboxed worker: parses untrusted files within limits and sends frames up a pipe.

It holds no secret and opens no socket.

Protocol on standard output, per message: 4-byte length, JSON, then the pixels of a frame. The job comes as a line of
JSON on standard input, further lines ask for files. Everything that libraries print is discarded: their warnings quote
values.
"""

import json
import logging
import os
import signal
import struct
import sys
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZipFile

from tools.intake.messages import IntakeLimits, Reason

HEAD_BYTES = 1 << 16  # a header of an ordinary CT image is a tenth of it


def main() -> None:
    """Load everything while nobody waits yet, then work."""
    load()
    work()


def load() -> None:
    """Import what reading needs."""
    from tools.intake.dicom import decode  # noqa: F401
    from tools.intake.nifti import decode_nifti  # noqa: F401


def work() -> None:
    """Read the job, work through this shard's files from `start_at` on, tell the parent about each. Where only headers
    were wanted, stay and decode the files that the parent asks for, until it closes the pipe."""
    pipe = _claim_output()
    _silence()
    import numpy as np

    from tools.intake.dicom.decode import decode_file, read_header
    from tools.intake.nifti import decode_nifti
    from tools.intake.sources import Budget, LeftOutError, Source, is_nifti, iterate_sources

    line = sys.stdin.buffer.readline()
    if not line:
        return  # nobody needed this worker
    job = json.loads(line)
    limits = IntakeLimits(**job["limits"])
    _limit_resources(limits)

    def send(
        file: int,
        source: Source,
        budget: Budget,
        header_only: bool,
        records_only: bool = False,
        frames: Collection[int] | None = None,
    ) -> None:
        """Send the frames of a file, or only their records where that will do for now."""
        _send(pipe, {"kind": "begin", "file": file})
        _alarm(limits.file_timeout_s, limits.file_cpu_s + limits.file_cpu_s_per_mb * source.megabytes)
        try:
            head, size = source.head(HEAD_BYTES, budget) if header_only else (b"", 0)
            record = read_header(head, size, file, budget) if header_only and not is_nifti(head) else None
            if record is not None:
                source.skip(budget)
                _send(pipe, {"kind": "header", "record": record})
            else:
                data = source.read(budget)
                decode = decode_nifti if is_nifti(data) else decode_file
                for record, image in decode(data, file, budget, frames):
                    if records_only:
                        _send(pipe, {"kind": "header", "record": record})
                    else:
                        _send(pipe, {"kind": "frame", "record": record}, np.ascontiguousarray(image).data)
        except LeftOutError as problem:
            _send(pipe, {"kind": "left out", "file": file, "reason": problem.reason})
        except MemoryError:
            _send(pipe, {"kind": "left out", "file": file, "reason": Reason.MEMORY})
        _alarm(0)

    budget = Budget(limits)
    only = None if job["only"] is None else dict(job["only"])
    sources: list[Source] = []
    _alarm(0, limits.file_cpu_s)  # a zip's list of members is read before its first file
    for file, source in enumerate(iterate_sources([Path(path) for path in job["paths"]], budget), start=1):
        sources.append(source)
        _alarm(0)
        if file < job["start_at"] or file % job["shards"] != job["shard"] or (only is not None and file not in only):
            source.skip(budget)
        else:
            wanted = only[file] if only is not None else None
            send(file, source, budget, job["headers_only"] or job["records_only"], job["records_only"], wanted)
        _alarm(0, limits.file_cpu_s)
    _alarm(0)
    _send(pipe, {"kind": "end", "files": len(sources)})
    archives: dict[str, ZipFile] = {}
    while line := sys.stdin.buffer.readline() if job["headers_only"] else b"":
        file = json.loads(line)["file"]
        send(file, sources[file - 1].reopened(archives), Budget(limits), False)  # it was counted with its header


def _claim_output() -> BinaryIO:
    """Claim the real standard output as the pipe; whatever else writes to descriptors 1 and 2 goes nowhere."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return pipe


def _limit_resources(limits: IntakeLimits) -> None:
    """Bound address space and processor time, forbid files and core dumps, where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    seconds = int(limits.timeout_s) + 5
    for kind, bound in (
        (resource.RLIMIT_AS, limits.max_memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (bound, bound))
        except (OSError, ValueError):
            continue


def _silence() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _alarm(seconds: float, cpu_s: float = 0.0) -> None:
    """End this process when one file takes too long, or too much of the processor: a decoder cannot be interrupted.
    The parent goes on. 0 sets no bound."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        signal.setitimer(signal.ITIMER_PROF, cpu_s)


def _send(pipe: BinaryIO, message: dict[str, Any], pixels: memoryview | None = None) -> None:
    text = json.dumps(message, default=vars).encode()  # a record is given as its fields
    pipe.write(struct.pack(">I", len(text)))
    pipe.write(text)
    if pixels is not None:
        pipe.write(pixels)
    pipe.flush()
