"""The sandboxed worker as a process: started without environment, secret or open file, and spoken to through its pipes.

Paths travel on its standard input, where no process list shows them. Nothing is written to disk.
"""

import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.intake.messages import IntakeLimits

REPO = Path(__file__).resolve().parents[2]
BOOTSTRAP = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tools.intake.worker import main; main()"
MAX_MESSAGE_BYTES = 1 << 20
SPARE_WORKERS = 2  # workers that wait for the next upload: starting one takes longer than reading a hundred headers


class WorkerError(Exception):
    """The worker could not start, or broke the protocol."""


class WorkerProcess:
    """One sandboxed process. `close` ends it, whatever it is doing."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", BOOTSTRAP, json.dumps(_import_path())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=REPO,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def tell(self, message: dict[str, Any]) -> None:
        """Send one line. A worker that died at once says so by the answer that never comes."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def messages(self, limits: IntakeLimits) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Read whole messages until the pipe ends. One that is cut off belongs to the file that killed the worker.

        Raises ValueError or KeyError for what is no message.
        """
        stream = self._process.stdout
        assert stream is not None
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

    @contextlib.contextmanager
    def watched(self, seconds: float) -> Iterator[None]:
        """Kill the worker when it takes longer than this."""
        watchdog = threading.Timer(max(0.0, seconds), self.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> int:
        """End it; its exit status."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            return self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class WorkerPool:
    """Workers that have started already, so that an upload need not wait for them. Each serves one upload only."""

    def __init__(self, count: int = SPARE_WORKERS) -> None:
        self._count = count
        self._workers: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self._closed = False

    def fill(self) -> None:
        """Start as many as are missing; returns at once."""
        with self._lock:
            while not self._closed and len(self._workers) < self._count:
                self._workers.append(WorkerProcess())

    def take(self) -> WorkerProcess:
        """Take a waiting worker, or else a new one."""
        with self._lock:
            while self._workers:
                worker = self._workers.pop()
                if worker.alive:
                    return worker
                worker.close()
        return WorkerProcess()

    def close(self) -> None:
        """End those that wait."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()


def _import_path() -> list[str]:
    """Where this process finds its packages, absolute and without the working directory."""
    return [str(REPO), *(path for path in sys.path if os.path.isabs(path) and Path(path) != REPO)]


def _environment() -> dict[str, str]:
    """No credential of this process reaches the worker; one thread, whose stacks fit the memory bound."""
    keep = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {name: os.environ[name] for name in keep if name in os.environ} | threads
