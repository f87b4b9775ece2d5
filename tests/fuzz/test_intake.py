"""Thousands of broken files: none brings a reading process down, costs more than its bounds, or is left out unsaid.

`make test` reads the same few hundred each time, `make fuzz` 20,000 new ones. What ever failed is kept in `failed.txt`.
"""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from eval.performance.reliability import Mutants, keep
from tests.conftest import examples
from tests.fuzz.mutants import mutant, names
from tools.domain.patient_keys import PatientKeys
from tools.intake.explanations import LEFT_OUT
from tools.intake.intake import IntakeError, _study, _within_limits, intake_limits
from tools.intake.messages import Reason
from tools.intake.sandbox import read_sandboxed
from tools.settings import Settings

pytestmark = [pytest.mark.hypothesis, pytest.mark.timeout(0)]
COUNT, BATCH = 240, 240
KEPT = Path(__file__).parent / "failed.txt"
NEVER = (Reason.CRASHED, Reason.TIMEOUT, Reason.UNFINISHED, Reason.MEMORY)
LIMITS = replace(
    intake_limits(Settings()),
    max_memory_bytes=1 << 30,  # of address space; what is resident is less
    timeout_s=3600,  # a file's time of the processor is what is bounded, however busy the machine is
    file_timeout_s=600,
)


def bad_ones(folder: Path, mutants: list[str]) -> dict[str, Reason]:
    """Read mutants as one upload; those that brought a process down or cost too much, each with how."""
    folder.mkdir()
    data = sorted(((mutant(name), name) for name in mutants), key=lambda each: each[0][:2] == b"PK")  # zips last:
    plain = [name for content, name in data if content[:2] != b"PK"]  # they count by their members
    for place, (content, _) in enumerate(data):
        (folder / f"{place:05d}").write_bytes(content)
    reading = read_sandboxed([folder], LIMITS)
    assert all(LEFT_OUT[reason] for _, reason in reading.left_out)
    told = {frame.record.file for frame in reading.frames} | {file for file, _ in reading.left_out}
    assert told >= set(range(1, len(plain) + 1))
    bad = {
        plain[f - 1] if f <= len(plain) else f"a zip of {mutants[0]} to {mutants[-1]}": reason
        for f, reason in reading.left_out
        if reason in NEVER
    }
    try:
        study = _study(_within_limits([folder], LIMITS, reading), PatientKeys(b"fuzz"))
    except IntakeError as error:
        sentence = str(error)
    else:
        sentence = "."
        assert all(series.volume_hu.size for series in study.series)
    assert sentence.endswith(".")
    shutil.rmtree(folder)
    return bad


def test_mutants_of_real_files(tmp_path: Path) -> None:
    count = examples(COUNT) if examples(1) == 1 else 20_000
    first = 0 if count == COUNT else random.SystemRandom().randrange(10**9)
    bad: dict[str, Reason] = {}
    for start in range(first, first + count, BATCH):
        found = bad_ones(tmp_path / str(start), names(min(BATCH, first + count - start), start))
        print(f"{start + BATCH - first} of {count}", found)
        bad |= found
        if count > COUNT and not bad:
            keep(mutants=Mutants(tried=min(start + BATCH - first, count)))
    assert bad == {}, "mend it, and add the name to tests/fuzz/failed.txt"


def test_what_ever_failed(tmp_path: Path) -> None:
    lines = KEPT.read_text(encoding="utf-8").splitlines()
    kept = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
    assert bad_ones(tmp_path / "kept", kept) == {}
