"""The Hugging Face Space as its builder makes it, and the whole journey in it: `make space`.

A fresh virtual environment with the Python and the Gradio of README's front matter and requirements.txt, the project
itself not installed; a read-only checkout of what git tracks; user 1000; a small home that is empty at every start, as
when a Space wakes; two cores; and no network. Then `space_journey` plays in Chromium, inside a frame of another site.
Isolation needs root (`sudo make space`); without it the network, the user and the home are the caller's own, which is
said.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from encoder.errors import LesionSearchError
from eval.performance.reliability import Visited, keep

ROOT = Path(__file__).resolve().parents[2]
USER = 1000
HOME_MB = 512
CORES = 2
FIRST_ANSWER_S = 60.0
VISITORS = 10
MEMORY_MB = 4096
PORT = 7860
SPACE_HOST = "lesion-search-space.hf.space"
BUILDER = ("gradio[oauth,mcp]=={sdk_version}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces")  # what it adds


class SpaceError(LesionSearchError):
    """The Space cannot be built here, or does not keep what it promises."""


@dataclass(frozen=True)
class FrontMatter:
    """What the builder reads of README.md."""

    python_version: str
    sdk_version: str
    app_file: str

    @classmethod
    def read(cls, readme: Path) -> "FrontMatter":
        """Read the YAML between the first two lines of `---`."""
        values = yaml.safe_load(readme.read_text(encoding="utf-8").split("---")[1])
        return cls(**{name: str(values[name]) for name in ("python_version", "sdk_version", "app_file")})


@dataclass(frozen=True)
class Space:
    """A built Space: its files, its environment, and a folder that becomes its home."""

    checkout: Path
    python: Path
    home: Path
    app_file: str

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start the app with an empty home, as a Space does that wakes, and stop it."""
        for path in self.home.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        names = {
            "PATH": f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "SPACE_HOST": SPACE_HOST,
            "SPACE_ID": "someone/lesion-search",
            "SYSTEM": "spaces",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.home),
        }
        cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:CORES])
        command = ("taskset", "-c", cores, str(self.python), self.app_file)
        server = subprocess.Popen(command, cwd=self.checkout, env=names, **_as_user())
        try:
            yield server
        finally:
            server.terminate()
            server.wait(30)


def build(folder: Path, environment: Path | None = None) -> Space:
    """Build the Space under `folder`; an `environment` that was built before is used as it is. Raises SpaceError."""
    matter = FrontMatter.read(ROOT / "README.md")
    checkout, home = folder / "app", folder / "home"
    tracked = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    home.mkdir()
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(home, USER, USER)
    for path in (checkout, *checkout.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    environment = environment or folder / "environment"
    if not environment.exists():
        _install(environment, matter, checkout / "requirements.txt")
    python = environment / "bin" / "python"
    look = "import importlib.util as u, sys; sys.exit(u.find_spec('tools') is not None)"
    if subprocess.run((str(python), "-I", "-c", look), cwd=folder, check=False).returncode:
        raise SpaceError("The project is installed in this environment, which a Space does not do: give a fresh one.")
    return Space(checkout, python, home, matter.app_file)


def _as_user() -> dict[str, Any]:
    """Say to `subprocess` who the app is; `setpriv` would keep root's right to read what the user cannot reach."""
    return {"user": USER, "group": USER, "extra_groups": ()} if os.geteuid() == 0 else {}


def _install(environment: Path, matter: FrontMatter, requirements: Path) -> None:
    name = f"python{matter.python_version}"
    for folder in os.get_exec_path():  # the first on the PATH may lie in root's home, where the user finds nothing
        python = Path(folder) / name
        with contextlib.suppress(OSError):
            if not subprocess.run((python, "-c", ""), cwd="/", check=False, **_as_user()).returncode:
                break
    else:
        raise SpaceError(f"README asks for {name}, and none on the PATH can be run by user {USER}: install it.")
    subprocess.run((python, "-m", "venv", environment), check=True)
    pip = (environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check")
    added = [each.format(sdk_version=matter.sdk_version) for each in BUILDER]
    subprocess.run((*pip, "-r", requirements, *added), check=True)


def alone(command: Sequence[str], home: Path) -> int:
    """Run a command in a network of its own that has loopback only, `home` on a small disk; return its exit status."""
    if os.geteuid() != 0:
        print("Not root: the network, the user and the disk are not restricted.", file=sys.stderr)
        return subprocess.run(command, check=False).returncode
    mount = f"mount -t tmpfs -o size={HOME_MB}m,uid={USER},gid={USER} tmpfs {home}"
    inside = ("unshare", "--net", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh", *command)
    return subprocess.run(inside, check=False).returncode


def raise_loopback() -> None:
    """Bring up the loopback interface of a new network (Linux ioctl SIOCSIFFLAGS)."""
    set_flags, up_and_running = 0x8914, 0x1 | 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, contextlib.suppress(PermissionError):
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up_and_running))


def memory_mb(server: int) -> int:
    """Add up what a server and its children hold."""
    root, held = psutil.Process(server), 0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            held += int(process.memory_info().rss)
    return held >> 20


def processor_s(server: int) -> float:
    """Add up the processor time of a server and its children that ended: what it took however busy the machine is."""
    times = psutil.Process(server).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def play(space: Space) -> None:
    """Play the journey, and say how it went. Raises SpaceError where a promise is not kept."""
    from eval.performance.space_journey import Frame, crowd

    raise_loopback()
    with Frame(SPACE_HOST, PORT, space.home.parent) as frame:
        load = os.getloadavg()[0]
        with space.running() as server:
            began = time.monotonic()
            frame.arrive(server)
            frame.first_answer()
            took_s = time.monotonic() - began
            busy_s = processor_s(server.pid)
            print(f"first answer: {took_s:.1f} s after the start, {busy_s:.1f} s of processor time", flush=True)
            for step in frame.steps():
                print(step, flush=True)
            alone_mb = memory_mb(server.pid)
            most_mb, answers = crowd(f"http://127.0.0.1:{PORT}", VISITORS, lambda: memory_mb(server.pid))
            print(f"memory: {alone_mb} MB with one visitor, {most_mb} MB at most with {VISITORS} more", flush=True)
        with space.running() as server:
            frame.arrive(server)
            frame.first_answer()
            print("asleep and awake: the same browser is served again", flush=True)
    found = Visited(
        first_answer_s=took_s,
        processor_s=busy_s,
        load=load,
        alone_mb=alone_mb,
        visitors=VISITORS,
        answers=answers,
        most_mb=most_mb,
    )
    keep(space=found)
    if took_s > FIRST_ANSWER_S:
        raise SpaceError(
            f"The first answer took {took_s:.0f} s ({busy_s:.0f} s of processor time, at a load of {load:.1f}), and "
            f"should take {FIRST_ANSWER_S:g}."
        )
    if most_mb > MEMORY_MB:
        raise SpaceError(f"The Space held {most_mb} MB, and should hold {MEMORY_MB} at most.")


def main(environment: Path | None = None) -> int:
    """Build the Space, and play in it; the exit status is 0, or 2 with one sentence."""
    try:
        with tempfile.TemporaryDirectory(prefix="lesion-search-space-") as folder:
            space = build(Path(folder), environment)
            parts = (space.checkout, space.python, space.home, space.app_file)
            return alone((sys.executable, "-m", __spec__.name, "--play", *map(str, parts)), space.home)
    except SpaceError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    if sys.argv[1:2] == ["--play"]:
        checkout, python, home, app_file = sys.argv[2:]
        try:
            play(Space(Path(checkout), Path(python), Path(home), app_file))
        except LesionSearchError as error:
            print(error, file=sys.stderr)
            sys.exit(2)
    else:
        sys.exit(main(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else None))
