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
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import nibabel
import numpy as np

from encoder.pack import LesionRow
from eval.performance.reliability import Fault
from eval.performance.soak import Record, visitor
from tools.atlas.build import export_pack
from tools.atlas.upkeep import open_as_built
from tools.domain.patient_keys import PatientKeys
from tools.pipelines.phantoms.generate import make_phantoms

CLI = ["-m", "ui.cli.main"]
PATIENTS = 6
SALT = b"kills"


class Work(Protocol):
    """One kind of work, done in a folder of its own: data below `data`, what is temporary below `tmp`."""

    name: str
    share: float  # of all rounds: what takes long is killed less often

    def command(self, folder: Path) -> list[str]:
        """Give the arguments of Python that do it; what it prints line by line is acknowledged."""

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        """Do what a user does meanwhile, until the work is done."""

    def outcome(self, folder: Path) -> object:
        """Look at what lies there when all is done."""

    def lost(self, folder: Path, heard: list[str]) -> int:
        """Count what was acknowledged before the kill and is not there."""
        return 0


def kill_rounds(rounds: int, seed: int, say: Callable[[str], None]) -> list[Fault]:
    """Kill each kind of work in its share of `rounds`, at moments spread over its whole length."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as home:
        works = [kind(Path(home)) for kind in (_Indexing, _Importing, _Saving, _Serving)]
        total = sum(work.share for work in works)
        return [_rounds(work, max(1, round(rounds * work.share / total)), Path(home), draw, say) for work in works]


def _rounds(work: Work, rounds: int, home: Path, draw: random.Random, say: Callable[[str], None]) -> Fault:
    began = time.monotonic()
    whole = home / f"{work.name} undisturbed"
    _to_the_end(work, whole)
    length_s, expected = time.monotonic() - began, work.outcome(whole)
    sums: Counter[str] = Counter()
    for number in range(rounds):
        say(f"{work.name}: {number + 1} of {rounds}, {length_s:.0f} s undisturbed")
        folder = home / f"{work.name} {number}"
        heard = _until_killed(work, folder, draw.uniform(0.05, 1.0) * length_s)
        sums["lost"] += work.lost(folder, heard)
        _to_the_end(work, folder)
        sums["left"] += sum(1 for path in (folder / "tmp").rglob("*") if path.is_file() and path.name != ".lock")
        sums["differs"] += work.outcome(folder) != expected
        shutil.rmtree(folder)
    return Fault(work=work.name, rounds=rounds, **sums)


def _start(work: Work, folder: Path) -> "subprocess.Popen[str]":
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


def _to_the_end(work: Work, folder: Path) -> None:
    with _start(work, folder) as process:
        work.lead(process, folder)
        process.terminate()


def _until_killed(work: Work, folder: Path, after_s: float) -> list[str]:
    """Kill the work after so long; returns the lines it printed."""
    with _start(work, folder) as process:
        killer = threading.Timer(after_s, process.kill)
        killer.start()
        with contextlib.suppress(Exception):  # whatever a killed process does to those who use it
            work.lead(process, folder)
        killer.join()
        assert process.stdout is not None
        return process.stdout.read().split()


class _Indexing:
    """Phantoms into an atlas."""

    name, share = "indexing a pack", 1.0

    def __init__(self, home: Path) -> None:
        self.phantoms = home / "phantoms"
        make_phantoms(self.phantoms, PATIENTS, 0)

    def command(self, folder: Path) -> list[str]:
        return [*CLI, "index", str(self.phantoms / "pack"), "--atlas", str(folder / "atlas")]

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        process.wait()

    def outcome(self, folder: Path) -> object:
        return _atlas_digest(folder / "atlas")

    def lost(self, folder: Path, heard: list[str]) -> int:
        return 0


class _Importing(_Indexing):
    """A volume and its mask into a pack."""

    name = "importing annotations"

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
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in ("data", "tmp")} | {
            path.name: hashlib.blake2b(path.read_bytes()).hexdigest() for path in (folder / "pack").iterdir()
        }


class _Saving(_Indexing):
    """Own cases one by one, each acknowledged by its id."""

    name = "saving own cases"

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


class _Serving(_Indexing):
    """The first start, which makes cases and atlas, and a user who then uploads a case."""

    name, share = "first start and upload", 0.1

    def __init__(self, home: Path) -> None:
        self.uploads = sorted({path.parent for path in (home / "phantoms" / "dicom").rglob("*") if path.is_file()})

    def command(self, folder: Path) -> list[str]:
        return [*CLI, "serve", "--port", "0"]

    def lead(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        asyncio.run(self._upload(address))

    async def _upload(self, address: str) -> None:
        async with visitor(address, Record(), random.Random(0), "10.9.0.1") as user:
            await user.upload(self.uploads[0])

    def outcome(self, folder: Path) -> object:
        [demo] = (folder / "data").glob("demo-atlas*")
        uploads = [path for path in folder.rglob("*.dcm") if "samples" not in str(path)]
        return _atlas_digest(demo), uploads


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
