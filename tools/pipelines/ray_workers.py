"""Embed a pack's images in worker processes of Ray (https://docs.ray.io), on this machine or on a cluster.

Batches' numbers and vectors are all that passes between the processes: each worker maps the image files itself. None of
them writes, and one that dies is started again with the batch it had, so that it costs nothing but its time.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.embedder import load_embedder
from encoder.errors import LesionSearchError
from tools.atlas.catalog import Rows, Vectors
from tools.pipelines.embed import embed_rows


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

    Yield rows and their unit vectors (n, dim) as they are done, in any order. The variable RAY_ADDRESS names a cluster,
    whose machines have this program and see the files under the same path. Raises WorkersError.
    """
    rows = list(batches)
    if not rows:
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
            numbers = [{"batch": number} for number in range(len(rows))]
            done = ray.data.from_items(numbers, override_num_blocks=len(rows)).map_batches(
                _Worker,
                fn_constructor_args=(tuple(files), widths_mm, rows, encoder, same_lesion),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(size=workers),
                num_cpus=1,
            )
            for batch in done.iter_batches(batch_size=None, batch_format="numpy"):
                yield batch["row"], batch["vector"]
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        where = "Do the cluster's machines see the pack at this path?" if cluster else "Try without --workers."
        raise WorkersError(f"The worker processes failed: {reason.rstrip('.')}. {where}") from error


class _Worker:
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
        rows = np.concatenate([self._batches[number] for number in batch["batch"]])
        return {"row": rows, "vector": embed_rows(self._embed, self._files, rows, self._widths_mm)}
