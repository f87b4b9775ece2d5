"""The guarded child: parses untrusted files within limits and sends frames up a pipe. Holds no secret, opens no socket.

Protocol on standard output, per message: 4-byte length, JSON, then the pixels of a frame. The job comes as JSON on
standard input. Everything that libraries print is discarded: their warnings quote values.
"""

import json
import logging
import os
import signal
import struct
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from tools.dicom_records import IntakeLimits, Reason


def main() -> None:
    """Read the job, work through this lane's files from `start_at` on, tell the parent about each."""
    pipe = _claim_output()
    job = json.load(sys.stdin.buffer)
    limits = IntakeLimits(**job["limits"])
    _limit_resources(limits)
    _silence()
    # heavy, and therefore after the limits
    from tools.dicom_decode import decode_file
    from tools.dicom_files import Budget, LeftOutError, iterate_sources

    budget = Budget(limits)
    file = 0
    for file, source in enumerate(iterate_sources([Path(path) for path in job["paths"]], budget), start=1):
        if file < job["start_at"] or file % job["lanes"] != job["lane"]:
            source.skip(budget)
            continue
        _send(pipe, {"kind": "begin", "file": file})
        _alarm(limits.file_timeout_s)
        try:
            for record, image in decode_file(source.read(budget), file, budget):
                _send(pipe, {"kind": "frame", "record": asdict(record)}, image.tobytes())
        except LeftOutError as problem:
            _send(pipe, {"kind": "left out", "file": file, "reason": problem.reason})
        except MemoryError:
            _send(pipe, {"kind": "left out", "file": file, "reason": Reason.MEMORY})
        _alarm(0)
    _send(pipe, {"kind": "end", "files": file})


def _claim_output() -> BinaryIO:
    """The real standard output as the pipe; whatever else writes to descriptors 1 and 2 goes nowhere."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return pipe


def _limit_resources(limits: IntakeLimits) -> None:
    """Address space, processor time, no files written, no core dump. Where the system has no such limits, none."""
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


def _alarm(seconds: float) -> None:
    """Ends this process when one file takes too long: a decoder cannot be interrupted. The parent goes on."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _send(pipe: BinaryIO, message: dict[str, Any], pixels: bytes | None = None) -> None:
    text = json.dumps(message).encode()
    pipe.write(struct.pack(">I", len(text)))
    pipe.write(text)
    if pixels is not None:
        pipe.write(pixels)
    pipe.flush()
