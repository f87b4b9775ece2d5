"""Whether the reader of messages is good enough, on sentences and conversations that nothing learnt from.

One table: each set beside what is wanted; then how long a message takes and how much memory the reader costs.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from assistant.core.requests import Understand
from assistant.training.corpus import UNSEEN, measured
from eval.assistant.corpus import is_read, reader_of
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
from assistant.understanding.message_reader import read_message
for question in ("similar lesions in women over 60", "how big is it?"):
    read_message(question, TurnState(atlas_types=("liver", "lung"), atlas_size=9))
print((psutil.Process().memory_info().rss - before) / 2**20)
"""


class GateLine(BaseModel):
    """One set: how many of it are read right."""

    model_config = ConfigDict(frozen=True)

    name: str
    wanted: float  # share
    exact: Share


class GateReport(BaseModel):
    """All sets, and what reading costs."""

    model_config = ConfigDict(frozen=True)

    lines: tuple[GateLine, ...]
    p95_ms: float
    memory_mb: float


def measure_gate(progress: Progress | None = None, network: Path | None = None) -> GateReport:
    """Read all sets; some minutes. `network` is the folder of another network than the shipped one."""
    written = measured()
    with tempfile.TemporaryDirectory() as folder:
        from eval.assistant.conversations import DemoInstallation

        installation = DemoInstallation.build(Path(folder) / "data")
        cases = {f"{split} messages": list(message_cases(split, installation, Path(folder) / split))  # type: ignore[arg-type]
                 for split in ("test", "dev")}  # fmt: skip
    read = reader_of(network)
    right: dict[str, list[bool]] = {name: [] for name in WANTED}
    total = len(written) + sum(map(len, cases.values()))
    for line, filled in written:
        name = _AUTHORS[line.file] if line.file in UNSEEN else "sentences kept apart"
        right[name].append(is_read(filled, read))
        if progress is not None:
            progress(sum(map(len, right.values())), total)
    for name, messages in cases.items():
        right[name] = [is_right(case, read(case.question, case.state)) for case in messages]
    lines = tuple(
        GateLine(name=name, wanted=WANTED[name], exact=Share(right=sum(ones), total=len(ones)))
        for name, ones in right.items()
    )
    times_ms = [_time_ms(case, read) for messages in cases.values() for case in messages]
    return GateReport(lines=lines, p95_ms=float(np.percentile(times_ms, 95)), memory_mb=_memory_mb())


def _time_ms(case: MessageCase, read: Understand) -> float:
    began = time.perf_counter()
    read(case.question, case.state)
    return 1000 * (time.perf_counter() - began)


def _memory_mb() -> float:
    run = subprocess.run([sys.executable, "-c", _MEMORY], check=True, capture_output=True, text=True)
    return float(run.stdout.splitlines()[-1])


def to_markdown(report: GateReport) -> str:
    """Format the report as Markdown: one row a set."""
    return "\n".join(
        [
            "Messages read exactly right, none of them learnt from (95 % Wilson intervals):",
            "",
            "| | wanted | read right |",
            "|---|---|---|",
            *(f"| {line.name} | {100 * line.wanted:g} % | {line.exact} |" for line in report.lines),
            "",
            f"A message is understood in {report.p95_ms:.0f} ms (95th percentile; wanted at most {MAX_P95_MS:.0f}); "
            f"the reader takes {report.memory_mb:.0f} MB of memory (wanted at most {MAX_MEMORY_MB:.0f}).",
        ]
    )
