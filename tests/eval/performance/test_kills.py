"""The test of sudden death finds what it looks for: here, work that keeps its promises and work that does not."""

import random

import pytest

from eval.performance.kills import Work, _rounds

HONEST = "part.write_text(str(n)); part.rename(folder / f'{n}'); print(n, flush=True)"
WORK = {
    "keeps its word": (HONEST, (0, 0, 0)),
    "promises first": (
        "print(n, flush=True); time.sleep(0.02); part.write_text(str(n)); part.rename(folder / f'{n}')",
        0,
    ),
    "leaves a file": (HONEST + "; (folder / 'tmp' / f'{n}').touch()", 1),
    "goes on elsewhere": ("(folder / f'{time.time_ns()}').touch()", 2),
}


class Writing(Work):
    share = 1

    def __init__(self, name):
        self.name = name

    def command(self, folder):
        step = WORK[self.name][0]
        return [
            "-c",
            f"import time\nfrom pathlib import Path\nfolder = Path({str(folder)!r})\npart = folder / 'data' / 'part'\n"
            f"time.sleep(0.05)\nfor n in range(20):\n    time.sleep(0.01)\n    {step}\n",
        ]

    def lead(self, process, folder):
        process.wait()

    def outcome(self, folder):
        return {path.name for path in folder.iterdir()}

    def lost(self, folder, heard):
        return len({*heard} - self.outcome(folder))


@pytest.mark.parametrize("name", WORK)
def test_it_tells_work_that_keeps_its_word_from_other_work(name, tmp_path):
    fault = _rounds(Writing(name), 6, tmp_path, random.Random(1), lambda text: None)
    found = fault.lost, fault.left, fault.differs
    if name == "keeps its word":
        assert found == (0, 0, 0)
    else:
        assert found[WORK[name][1]] > 0
