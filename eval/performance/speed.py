"""All that `eval speed` compares, in one run on one machine."""

import os
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from encoder.embedder import Embedder
from eval.performance.comparison import Comparison, to_rows
from eval.performance.encoding import encoding_speed, frangi_difference, frangi_speed, training_speed
from eval.performance.machine import describe_cpu
from eval.performance.serving import end_to_end_speed, indexing_speed, intake_speed
from tools.domain.progress import Progress
from tools.settings import Settings


class SpeedReport(BaseModel):
    """Times of one machine in one run; ratios travel better than times. `load` is that of the machine at the start."""

    model_config = ConfigDict(frozen=True)

    cpu: str
    load: float
    comparisons: tuple[Comparison, ...]
    frangi_largest_difference: float  # from scikit-image


def measure_speed(
    embedder: Embedder, settings: Settings, rounds: int = 5, progress: Progress | None = None
) -> SpeedReport:
    """Measure everything; some minutes. The demo atlas is made where there is none."""
    load = os.getloadavg()[0]
    parts: tuple[Callable[[], Sequence[Comparison]], ...] = (
        lambda: frangi_speed(rounds),
        lambda: encoding_speed(embedder, rounds),
        lambda: end_to_end_speed(settings, 20 * rounds),
        lambda: indexing_speed(settings, embedder, rounds),
        lambda: intake_speed(settings, rounds),
        lambda: training_speed(rounds),
    )
    compared: list[Comparison] = []
    for done, part in enumerate(parts, 1):
        compared += part()
        if progress is not None:
            progress(done, len(parts))
    return SpeedReport(
        cpu=describe_cpu(),
        load=round(load, 2),
        comparisons=tuple(compared),
        frangi_largest_difference=frangi_difference(),
    )


def to_markdown(report: SpeedReport) -> str:
    """Format the report as a Markdown table with the machine above it."""
    return (
        f"{report.cpu}; load {report.load:g} at the start. Medians of one run, quartiles in brackets; ours and the "
        "other in turns; filters on one thread.\n\n"
        f"{to_rows(report.comparisons)}\n\n"
        f"Frangi's response differs from scikit-image's by {report.frangi_largest_difference:.0e} at most."
    )
