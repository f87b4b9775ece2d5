"""How much memory embedding takes, for a small pack and for one ten times as long: each in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from encoder.errors import LesionSearchError
from encoder.roi import ROI_SIZE

COUNTS = (10_000, 100_000)
_BLOCK = 1000  # ROIs written at a time
# VmHWM is of this process alone; the peak that getrusage tells begins at that of the process which started it
_CHILD = """
import sys
from pathlib import Path
from tools.pipelines.embed import embed_pack
pack, out, encoder = sys.argv[1:]
embed_pack(Path(pack), Path(out), encoder or None)
status = Path("/proc/self/status").read_text().split()
print(status[status.index("VmHWM:") + 1])
"""


class MeasurementError(LesionSearchError):
    """The peak of a process cannot be read here, or the embedding failed."""


class MemoryUse(BaseModel):
    rois: int
    pack_mb: float
    peak_mb: float  # resident memory of the whole process, libraries and mapped pages of the pack included


class MemoryReport(BaseModel):
    uses: list[MemoryUse]  # in the order asked


def measure_memory(counts: Sequence[int] = COUNTS, encoder: str | None = None, seed: int = 0) -> MemoryReport:
    """Embed a pack of random int16 ROIs with contexts of each length, as `lesion-search embed` does. Linux only."""
    if not Path("/proc/self/status").is_file():
        raise MeasurementError("The peak memory of a process is read from /proc, which only Linux has: measure there.")
    with tempfile.TemporaryDirectory(prefix="lesion-search-") as folder:
        return MemoryReport(uses=[_embedded(count, encoder, seed, Path(folder)) for count in counts])


def _embedded(count: int, encoder: str | None, seed: int, folder: Path) -> MemoryUse:
    pack = folder / str(count)
    pack.mkdir()
    arrays = [pack / "images.npy", pack / "context.npy"]
    block = np.random.default_rng(seed).integers(-1000, 1000, (_BLOCK, ROI_SIZE, ROI_SIZE)).astype(np.int16)
    for file in arrays:
        pixels = np.lib.format.open_memmap(file, "w+", np.int16, (count, ROI_SIZE, ROI_SIZE))
        for start in range(0, count, _BLOCK):
            pixels[start : start + _BLOCK] = block[: count - start]
        del pixels
    command = [sys.executable, "-c", _CHILD, str(pack), str(folder / "vectors.npy"), encoder or ""]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise MeasurementError(f"Embedding {count} ROIs failed: {done.stderr.strip().splitlines()[-1:]}")
    return MemoryUse(
        rois=count, pack_mb=sum(file.stat().st_size for file in arrays) / 2**20, peak_mb=int(done.stdout) / 2**10
    )


def to_markdown(report: MemoryReport) -> str:
    """Format pack and peak of each length in MB, and what the peak grew by."""
    first, last = report.uses[0], report.uses[-1]
    lines = ["| ROIs embedded | pack | peak memory of the process |", "|---|---|---|"]
    lines += [f"| {use.rois:,} | {use.pack_mb:,.0f} MB | {use.peak_mb:,.0f} MB |" for use in report.uses]
    lines += [f"| difference | {last.pack_mb - first.pack_mb:+,.0f} MB | {last.peak_mb - first.peak_mb:+,.0f} MB |"]
    return "\n".join(lines) + "\n"
