"""Embed a pack's images, or read annotations, in processes of Ray (https://docs.ray.io), here or on a cluster.

Of a pack numbers and vectors are all that passes between the processes, of an import the lesions with their slices and
the installation's key of patients: each worker reads the files itself. None of them writes, and one that dies is
started again with the part it had, so that it costs nothing but its time.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from encoder.embedder import load_embedder
from encoder.errors import LesionSearchError
from tools.atlas.catalog import Rows, Vectors
from tools.pipelines.embed import embed_rows
from tools.pipelines.importers.annotated_lesion import ImportJob
from tools.pipelines.importers.units import ReadUnit, Unit, read_unit


class WorkersError(LesionSearchError):
    """Worker processes cannot be started, or cannot do their work."""


def embed_on_workers(
    files: Sequence[Path],
    widths_mm: NDArray[np.float64],
    batches: Iterable[Rows],
    encoder: str | None,
    workers: int,
    same_lesion: bool = False,
) -> Iterator[tuple[Rows, Vectors]]:
    """Embed batches of rows (n,) of `.npy` files, as `embed_rows` does, in that many processes of one core each.

    Yield rows and their unit vectors (n, dim) as they are done, in any order. Raises WorkersError.
    """
    rows = list(batches)
    for batch in _done_by(_Embedder, (tuple(files), widths_mm, rows, encoder, same_lesion), len(rows), workers):
        yield batch["row"], batch["vector"]


def read_on_workers(units: Sequence[Unit], job: ImportJob, workers: int) -> Iterator[ReadUnit]:
    """Read units of an import, as `read_unit` does, in that many processes; yield in order. Raises WorkersError."""
    early: dict[int, ReadUnit] = {}
    following = 0
    for batch in _done_by(_Reader, (tuple(units), job), len(units), workers):
        early |= zip(batch["unit"].tolist(), batch["read"], strict=True)
        while following in early:
            yield early.pop(following)
            following += 1


def _done_by(worker: type, arguments: tuple[Any, ...], parts: int, workers: int) -> Iterator[dict[str, NDArray[Any]]]:
    """Have parts (by number) of some work done by processes that are made with `arguments`, in any order.

    The variable RAY_ADDRESS names a cluster, whose machines have this program and see the files under the same path.
    """
    if not parts:
        return  # starting takes seconds
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise WorkersError('Workers need Ray: pip install "lesion-search[ray]", or leave out --workers.') from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    cluster = "RAY_ADDRESS" in os.environ
    size: dict[str, Any] = {} if cluster else {"num_cpus": workers, "include_dashboard": False}
    try:
        with ray.init(log_to_driver=False, logging_level=logging.ERROR, **size):
            ray.data.DataContext.get_current().enable_progress_bars = False
            numbers = [{"part": number} for number in range(parts)]
            done = ray.data.from_items(numbers, override_num_blocks=parts).map_batches(
                worker,
                fn_constructor_args=arguments,
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(size=workers),
                num_cpus=1,
            )
            yield from done.iter_batches(batch_size=None, batch_format="numpy")
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        where = "Do the cluster's machines see the files at this path?" if cluster else "Try without --workers."
        raise WorkersError(f"The worker processes failed: {reason.rstrip('.')}. {where}") from error


class _Embedder:
    """What runs in each process: it loads the encoder once."""

    def __init__(
        self,
        files: Sequence[Path],
        widths_mm: NDArray[np.float64],
        batches: Sequence[Rows],
        encoder: str | None,
        same_lesion: bool,
    ) -> None:
        embedder = load_embedder(encoder)
        self._embed = embedder.same_lesion if same_lesion else embedder
        self._files, self._widths_mm, self._batches = files, widths_mm, batches

    def __call__(self, batch: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        rows = np.concatenate([self._batches[number] for number in batch["part"]])
        return {"row": rows, "vector": embed_rows(self._embed, self._files, rows, self._widths_mm)}


class _Reader:
    """What reads units in each process."""

    def __init__(self, units: Sequence[Unit], job: ImportJob) -> None:
        self._units, self._job = units, job

    def __call__(self, batch: dict[str, NDArray[Any]]) -> dict[str, Any]:
        read = np.empty(len(batch["part"]), object)
        with threadpool_limits(1, user_api="blas"):
            for place, number in enumerate(batch["part"]):
                read[place] = read_unit(self._units[number], self._job)
        return {"unit": batch["part"], "read": read}
