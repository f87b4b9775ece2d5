"""Progress of training: a bar in a terminal, a line an epoch where there is none (logs, batch queues)."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class TrainingProgress:
    """Show the progress of one stage on standard error. `shown=False` is for all processes but one."""

    def __init__(self, stage: str, epochs: int, first_epoch: int = 0, shown: bool = True) -> None:
        self._stage, self._epochs, self._first = stage, epochs, first_epoch
        self._lines = shown and not sys.stderr.isatty()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), disable=not shown or self._lines)
        self._task = self._bar.add_task(stage, total=epochs, completed=first_epoch)
        self._started = time.monotonic()

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self, epochs_done: float) -> None:
        """Move the bar after a batch, in epochs and parts of one."""
        self._bar.update(self._task, completed=epochs_done)

    def epoch(self, number: int, loss: float) -> None:
        """Report epoch `number` (counted from 1) with its mean loss."""
        self._bar.update(self._task, description=f"{self._stage}, loss {loss:.3f}")
        if self._lines:
            spent = time.monotonic() - self._started
            left = spent / (number - self._first) * (self._epochs - number)
            print(
                f"{self._stage}: epoch {number} of {self._epochs}, loss {loss:.4f}, "
                f"{_clock(spent)} spent, about {_clock(left)} left",
                file=sys.stderr,
                flush=True,
            )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
