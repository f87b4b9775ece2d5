"""Sudden death: work is killed at a random moment, done again, and compared with work that nobody disturbed."""

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import nibabel
import numpy as np

from encoder.pack import LesionRow
from eval.performance.reliability import Fault
from eval.performance.soak import PATIENCE_S, Record, visitor
from tools.atlas.build import export_pack
from tools.atlas.upkeep import open_as_built
from tools.domain.patient_keys import PatientKeys
from tools.pipelines.phantoms.generate import make_phantoms

CLI = ["-m", "ui.cli.main"]
PATIENTS = 3
SALT = b"kills"
ENDS_WITHIN_S = 60.0  # of being asked to


class Work(Protocol):
    """One kind of work, done in a folder of its own: data below `data`, what is temporary below `tmp`."""

    name: str
    share: int  # of all rounds: what takes long is killed less often

    def prepare(self, folder: Path) -> None:
        """Lay down what is there before it begins."""
        return

    def command(self, folder: Path) -> list[str]:
        """Give the arguments of Python that do it; what it prints line by line is acknowledged."""

    def ready(self, process: "subprocess.Popen[str]") -> None:
        """Wait until what is to be killed begins."""
        return

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        """Do what a user does meanwhile, until the work is done."""

    def outcome(self, folder: Path) -> object:
        """Look at what lies there when all is done."""

    def lost(self, folder: Path, heard: list[str]) -> int:
        """Count what was acknowledged before the kill and is not there."""
        return 0


def kill_rounds(rounds: int, seed: int, say: Callable[[str], None]) -> Iterator[Fault]:
    """Kill each kind of work in its share of `rounds`, at moments spread over its whole length."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as home:
        works = [kind(Path(home)) for kind in (_Indexing, _Importing, _Saving, _FirstStart, _Uploading)]
        total = sum(work.share for work in works)
        for work in works:
            yield _rounds(work, max(1, round(rounds * work.share / total)), Path(home), draw, say)


def _rounds(work: Work, rounds: int, home: Path, draw: random.Random, say: Callable[[str], None]) -> Fault:
    whole = home / f"{work.name} undisturbed"
    length_s = _to_the_end(work, whole)
    expected = work.outcome(whole)
    sums: Counter[str] = Counter()
    for number in range(rounds):
        say(f"{work.name}: {number + 1} of {rounds}, {length_s:.0f} s undisturbed")
        folder = home / f"{work.name} {number}"
        heard = _until_killed(work, folder, draw.uniform(0.05, 1.0) * length_s)
        sums["lost"] += work.lost(folder, heard)
        _to_the_end(work, folder, is_new=False)
        sums["left"] += sum(1 for path in (folder / "tmp").rglob("*") if path.is_file() and path.name != ".lock")
        sums["differs"] += work.outcome(folder) != expected
        shutil.rmtree(folder)
    return Fault(work=work.name, rounds=rounds, **sums)


def _start(work: Work, folder: Path, is_new: bool) -> "subprocess.Popen[str]":
    if is_new:
        work.prepare(folder)
    for part in ("data", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    surroundings = os.environ | {
        "LESION_SEARCH_DATA": str(folder / "data"),
        "LESION_SEARCH_SALT": SALT.decode(),
        "TMPDIR": str(folder / "tmp"),
    }
    return subprocess.Popen(
        [sys.executable, *work.command(folder)],
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _to_the_end(work: Work, folder: Path, is_new: bool = True) -> float:
    """Let the work be done; returns how many seconds it took once it was ready."""
    with _start(work, folder, is_new) as process:
        try:
            work.ready(process)
            began = time.monotonic()
            work.lead(process, folder)
            took_s = time.monotonic() - began
        finally:
            process.terminate()
        process.wait(ENDS_WITHIN_S)
    return took_s


def _until_killed(work: Work, folder: Path, after_s: float) -> list[str]:
    """Kill the work so long after it was ready; returns the lines it printed."""
    with _start(work, folder, is_new=True) as process:
        work.ready(process)
        killer = threading.Timer(after_s, process.kill)
        killer.start()
        with contextlib.suppress(Exception):  # whatever a killed process does to those who use it
            work.lead(process, folder)
        killer.join()
        assert process.stdout is not None
        return process.stdout.read().split()


class _Indexing(Work):
    """Phantoms into an atlas."""

    name, share = "indexing a pack", 3

    def __init__(self, home: Path) -> None:
        self.phantoms = home / "phantoms"
        make_phantoms(self.phantoms, PATIENTS, 0)

    def command(self, folder: Path) -> list[str]:
        return [*CLI, "index", str(self.phantoms / "pack"), "--atlas", str(folder / "atlas")]

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        process.wait()

    def outcome(self, folder: Path) -> object:
        return _atlas_digest(folder / "atlas")


class _Importing(_Indexing):
    """A volume and its mask into a pack."""

    name, share = "importing annotations", 3

    def __init__(self, home: Path) -> None:
        self.volumes = home / "volumes"
        rng = np.random.default_rng(0)
        body = rng.normal(50, 8, (96, 96, 24)).astype(np.int16)
        mask = np.zeros(body.shape, np.uint8)
        for number in range(8):
            spot = slice(8 + 10 * number, 15 + 10 * number)
            mask[spot, 40:48, 3 * number : 3 * number + 2] = 1
        for part, voxels in (("imagesTr", body), ("labelsTr", mask)):
            (self.volumes / part).mkdir(parents=True)
            nibabel.save(
                nibabel.Nifti1Image(  # type: ignore[no-untyped-call]
                    voxels, np.diag([-1.0, -1, 3, 1])
                ),
                self.volumes / part / "case.nii.gz",
            )

    def command(self, folder: Path) -> list[str]:
        return [*CLI, "import", str(self.volumes), "--out", str(folder / "pack")]

    def outcome(self, folder: Path) -> object:
        names = {path.name for path in folder.iterdir()}
        return names, {path.name: hashlib.blake2b(path.read_bytes()).hexdigest() for path in _files(folder / "pack")}


class _Saving(_Indexing):
    """Own cases one by one, each acknowledged by its id."""

    name, share = "saving own cases", 2

    def __init__(self, home: Path) -> None:
        self.pack = home / "phantoms" / "pack"

    def command(self, folder: Path) -> list[str]:
        return ["-c", _SAVE, str(self.pack), str(folder / "data" / "own")]

    def lost(self, folder: Path, heard: list[str]) -> int:
        own = folder / "data" / "own"
        kept = {row.lesion_id for row in _kept(own)} if heard else set()
        return len({*heard} - kept)

    def outcome(self, folder: Path) -> object:
        return _atlas_digest(folder / "data" / "own")


class _FirstStart(_Indexing):
    """What makes cases and demo atlas, until the address is printed."""

    name, share = "starting for the first time", 1

    def __init__(self, home: Path) -> None:
        pass

    def command(self, folder: Path) -> list[str]:
        return [*CLI, "serve", "--port", "0"]

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        assert process.stdout is not None
        process.stdout.readline()

    def outcome(self, folder: Path) -> object:
        [demo] = (folder / "data").glob("demo-atlas*")
        return _atlas_digest(demo), {path.name for path in (folder / "data").iterdir()}, len(_files(folder / "data"))


class _Uploading(_FirstStart):
    """A user who sends all slices of some series, and opens them."""

    name, share = "receiving uploads", 1

    def __init__(self, home: Path) -> None:
        self.made = home / "made"
        self.uploads = sorted({path.parent for path in _files(home / "phantoms" / "dicom")})
        _to_the_end(_FirstStart(home), self.made)

    def ready(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.address = process.stdout.readline().split()[-1]

    def prepare(self, folder: Path) -> None:
        shutil.copytree(self.made / "data", folder / "data")

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        asyncio.run(asyncio.wait_for(self._upload(), PATIENCE_S))

    async def _upload(self) -> None:
        async with visitor(self.address, Record(), random.Random(0), "10.9.0.1") as user:
            for folder in self.uploads:
                await user.upload(folder)

    def outcome(self, folder: Path) -> object:
        return [path.name for path in _files(folder) if path.suffix == ".dcm" and "samples" not in path.parts]


_SAVE = """
import sys
from pathlib import Path
from encoder.embedder import load_embedder
from encoder.pack import read_pack
from tools.atlas.own_cases import CaseContent, OwnCases
from tools.domain.patient_keys import PatientKeys
pack = read_pack(Path(sys.argv[1]))
embedder = load_embedder(None)
cases = OwnCases(Path(sys.argv[2]), embedder.fingerprint, PatientKeys(b"kills"), embedder)
for number, row in enumerate(pack.lesions):
    cases.save([CaseContent(row, pack.inputs(slice(number, number + 1))[0], "")])
    print(row.lesion_id, flush=True)
"""


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _kept(location: Path) -> tuple[LesionRow, ...]:
    atlas = open_as_built(str(location), PatientKeys(SALT))
    try:
        return export_pack(atlas).lesions
    finally:
        atlas.close()


def _atlas_digest(location: Path) -> str:
    """Sum up lesions and pictures of an atlas, in the order of their ids."""
    atlas = open_as_built(str(location), PatientKeys(SALT))
    try:
        pack = export_pack(atlas)
    finally:
        atlas.close()
    order = sorted(range(len(pack)), key=lambda row: pack.lesions[row].lesion_id)
    sums = hashlib.blake2b(pack.inputs()[order].tobytes())
    sums.update(repr([pack.lesions[row] for row in order]).encode())
    return sums.hexdigest()
