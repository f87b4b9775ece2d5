"""The sandboxed worker as a process: without environment, secret or open file, and spoken to through its pipes.

Paths travel on its standard input, where no process list shows them. Nothing is written to disk. On Linux workers are
forked (`tools.intake.zygote`), elsewhere started.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from tools.intake.messages import FORK, MAX_FORK_BYTES, IntakeLimits

REPO = Path(__file__).resolve().parents[2]
BOOTSTRAP = "import json, sys; sys.path[:] = json.loads(sys.argv[1])"
MAX_MESSAGE_BYTES = 1 << 20
START_TIMEOUT_S = 60.0
HAS_ZYGOTE = sys.platform == "linux"


class WorkerError(Exception):
    """The worker could not start, or broke the protocol."""


class Process(Protocol):
    """What is needed of a process: `subprocess.Popen` has it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class WorkerProcess:
    """One sandboxed process, for one upload. `close` ends it, whatever it is doing. Raises WorkerError."""

    def __init__(self) -> None:
        self._process: Process = _Forked(_zygote) if HAS_ZYGOTE else _started("worker")

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


class _Forked:
    """A process that the zygote forked. Raises WorkerError."""

    def __init__(self, zygote: "_Zygote") -> None:
        reads, stdin = os.pipe()
        stdout, writes = os.pipe()
        status, tells = os.pipe()
        self.stdin: IO[bytes] | None = os.fdopen(stdin, "wb")
        self.stdout: IO[bytes] | None = os.fdopen(stdout, "rb")
        self._status = os.fdopen(status, "rb", buffering=0)
        self._exit_status: int | None = None
        self._zygote = zygote
        try:
            self._pid = zygote.fork(reads, writes, tells)
        finally:
            for theirs in (reads, writes, tells):
                os.close(theirs)

    def kill(self) -> None:
        self._zygote.kill(self._pid)

    def wait(self, timeout: float | None = None) -> int:
        if self._exit_status is not None:
            return self._exit_status
        ending = select.poll()  # of any descriptor: `select` refuses those of a server with a thousand connections
        ending.register(self._status, select.POLLIN)
        if not ending.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        with self._status as told:
            self._exit_status = int(told.read(16) or -signal.SIGKILL)  # nothing: the zygote was killed
        return self._exit_status


class _Zygote:
    """The process that forks workers (`tools.intake.zygote`); started with the first one, and anew when it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Start it, if it does not run; returns at once."""
        with self._lock:
            self._running()

    def fork(self, reads: int, writes: int, tells: int) -> int:
        """Fork a worker with these three descriptors, and name its process. Raises WorkerError."""
        with self._lock:
            try:
                its = self._running()
                socket.send_fds(its, [FORK], [reads, writes, tells])
                if pid := its.recv(MAX_FORK_BYTES):
                    return int(pid)
            except OSError:
                pass  # as when it does not answer in time
            self._let_go()
        raise WorkerError("the reading process could not start")

    def kill(self, pid: int) -> None:
        """Kill one of its workers, if that has not ended."""
        with self._lock, contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.send(b"%d" % pid)

    def close(self) -> None:
        """End it; its workers end with their own pipes."""
        process = self._process
        self._let_go()
        if process is not None:
            process.wait()

    def forget(self) -> None:
        """Leave it to the process of which this one is a copy."""
        self._lock = threading.Lock()
        self._let_go()

    def _running(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._let_go()
        if self._socket is None:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._socket.settimeout(START_TIMEOUT_S)
            with theirs:
                self._process = _started("zygote", str(theirs.fileno()), pass_fds=[theirs.fileno()])
        return self._socket

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()  # which it ends with
        self._process = self._socket = None


_zygote = _Zygote()
if HAS_ZYGOTE:
    os.register_at_fork(after_in_child=_zygote.forget)


def warm_up() -> None:
    """Start what the first upload needs; returns at once."""
    if HAS_ZYGOTE:
        _zygote.start()


def _started(module: str, *arguments: str, pass_fds: Collection[int] = ()) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-c", f"{BOOTSTRAP}\nfrom tools.intake.{module} import main; main()",
         json.dumps(_import_path()), *arguments],
        stdin=subprocess.PIPE if module == "worker" else subprocess.DEVNULL,
        stdout=subprocess.PIPE if module == "worker" else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=REPO,
        pass_fds=pass_fds,
    )  # fmt: skip


def _import_path() -> list[str]:
    """Where this process finds its packages, absolute and without the working directory."""
    return [str(REPO), *(path for path in sys.path if os.path.isabs(path) and Path(path) != REPO)]


def _environment() -> dict[str, str]:
    """No credential of this process reaches the worker; one thread, whose stacks fit the memory bound."""
    keep = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {name: os.environ[name] for name in keep if name in os.environ} | threads
