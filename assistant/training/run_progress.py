"""How far a training run is, told on one line; and why it cannot begin or go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from encoder.errors import LesionSearchError


class TuneError(LesionSearchError):
    """A tuning run cannot begin or go on."""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    loss: float
    rate: float  # utterances a second
    left_s: float


@contextmanager
def progress_line(before: str, after: str) -> Iterator[Callable[[Progress], None]]:
    """Show one line on standard error that says how far a run is."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(before) as status:

        def told(now: Progress) -> None:
            line = (f"{now.done} of {now.total} utterances, loss {now.loss:.3f}, {now.rate:.1f} a second, "
                    f"{now.left_s / 60:.0f} min left")  # fmt: skip
            status.update(line)
            if not console.is_terminal:  # a file keeps every line, and a status shows nothing there
                console.print(line)

        yield told
    console.print(after)
