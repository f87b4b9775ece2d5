"""Whether the reader of messages is good enough, on sentences and conversations that nothing learnt from.

One table: each set beside what is wanted, how it is read by rules, network and both; then how long a message takes and
how much memory the reader costs.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from assistant.core.requests import Understand
from assistant.training.corpus import UNSEEN, measured
from eval.assistant.corpus import is_read, readers
from eval.assistant.message_readers import MessageCase, is_right, message_cases
from eval.metrics import Share
from tools.domain.progress import Progress

_AUTHORS = {
    "colleagues": "unknown author (colleagues)",
    "gate_types": "atlases of other types (gate_types)",
    "gate_voices": "three voices (gate_voices)",
}  # by file
WANTED = {
    _AUTHORS["colleagues"]: 0.93,
    "test messages": 0.977,
    "dev messages": 0.98,
    "sentences kept apart": 0.91,
    _AUTHORS["gate_types"]: 0.90,
    _AUTHORS["gate_voices"]: 0.93,
}
MAX_P95_MS = 50.0
MAX_MEMORY_MB = 250.0
_MEMORY = """
import psutil
import onnx, onnxruntime  # which the encoder brings along in any case
from assistant.core.turn_state import TurnState
import assistant.models.planner_model
before = psutil.Process().memory_info().rss
from assistant.understanding.ensemble import read_message
for question in ("similar lesions in women over 60", "how big is it?"):
    read_message(question, TurnState(atlas_types=("liver", "lung"), atlas_size=9))
print((psutil.Process().memory_info().rss - before) / 2**20)
"""


class GateLine(BaseModel):
    """One set: how many of it each reader reads right."""

    model_config = ConfigDict(frozen=True)

    name: str
    wanted: float  # share
    exact: dict[str, Share]  # by reader


class GateReport(BaseModel):
    """All sets, and what reading costs."""

    model_config = ConfigDict(frozen=True)

    lines: tuple[GateLine, ...]
    p95_ms: float
    memory_mb: float


def measure_gate(progress: Progress | None = None) -> GateReport:
    """Read all sets with all readers; some minutes."""
    written = measured()
    with tempfile.TemporaryDirectory() as folder:
        from eval.assistant.conversations import DemoInstallation

        installation = DemoInstallation.build(Path(folder) / "data")
        cases = {f"{split} messages": list(message_cases(split, installation, Path(folder) / split))  # type: ignore[arg-type]
                 for split in ("test", "dev")}  # fmt: skip
    by = readers()
    right: dict[str, dict[str, list[bool]]] = {name: {reader: [] for reader in by} for name in WANTED}
    total = len(written) + sum(map(len, cases.values()))
    for done, (line, filled) in enumerate(written, 1):
        name = _AUTHORS[line.file] if line.file in UNSEEN else "sentences kept apart"
        for reader, read in by.items():
            right[name][reader].append(is_read(filled, read))
        if progress is not None:
            progress(done, total)
    for name, messages in cases.items():
        for case in messages:
            for reader, read in by.items():
                right[name][reader].append(_is_right(case, read))
    lines = tuple(
        GateLine(
            name=name,
            wanted=WANTED[name],
            exact={reader: Share(right=sum(ones), total=len(ones)) for reader, ones in found.items()},
        )
        for name, found in right.items()
    )
    times_ms = [_time_ms(case, by["both"]) for messages in cases.values() for case in messages]
    return GateReport(lines=lines, p95_ms=float(np.percentile(times_ms, 95)), memory_mb=_memory_mb())


def _is_right(case: MessageCase, read: Understand) -> bool:
    try:
        return is_right(case, read(case.question, case.state))
    except ValueError:  # not in the language
        return False


def _time_ms(case: MessageCase, read: Understand) -> float:
    """Time one message as a turn reads it: the network keeps what it encoded last, so another one is read between."""
    read("what is in the atlas?", case.state)
    began = time.perf_counter()
    read(case.question, case.state)
    return 1000 * (time.perf_counter() - began)


def _memory_mb() -> float:
    run = subprocess.run([sys.executable, "-c", _MEMORY], check=True, capture_output=True, text=True)
    return float(run.stdout.splitlines()[-1])


def to_markdown(report: GateReport) -> str:
    """Format the report as Markdown: one row a set, one column a reader."""
    names: Sequence[str] = list(report.lines[0].exact)
    rows = [
        "Messages read exactly right, none of them learnt from (95 % Wilson intervals):",
        "",
        f"| | wanted | {' | '.join(names)} |",
        f"|---|---|{'---|' * len(names)}",
    ]
    for line in report.lines:
        exact: Mapping[str, Share] = line.exact
        rows.append(f"| {line.name} | {100 * line.wanted:g} % | {' | '.join(str(exact[name]) for name in names)} |")
    return "\n".join(
        [
            *rows,
            "",
            f"A message is understood in {report.p95_ms:.0f} ms (95th percentile; wanted at most {MAX_P95_MS:.0f}); "
            f"the reader takes {report.memory_mb:.0f} MB of memory (wanted at most {MAX_MEMORY_MB:.0f}).",
        ]
    )
