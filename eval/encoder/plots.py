"""PNG figures of what is measured. matplotlib is an extra; nothing else needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from tools.regions.crop import to_thumbnail

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito: told apart by all eyes
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A800", "#555555")
_AGREES, _DIFFERS = "#009E73", "#D55E00"


class FigureError(LesionSearchError):
    """A figure cannot be drawn or written."""


@dataclass(frozen=True, eq=False)
class Failure:
    """A query and its nearest lesions, with what is written under each and whether it agrees."""

    query: NDArray[np.generic]  # (64, 64)
    caption: str
    hits: NDArray[np.generic]  # (K, 64, 64)
    hit_captions: tuple[str, ...]
    agrees: tuple[bool, ...]


def new_figure(width_in: float, height_in: float) -> "Figure":
    """Begin a figure. Raises FigureError where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise FigureError(
            "figures are drawn with matplotlib, which is not installed: `pip install lesion-search[figures]`"
        ) from error
    return Figure(figsize=(width_in, height_in), layout="constrained", dpi=150)


def save_figure(figure: "Figure", path: Path) -> Path:
    """Write a figure in the format that the name of the file says. Raises FigureError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as error:
        raise FigureError(f"the figure cannot be written to {path}: {error.strerror or error}") from error
    return path


def precision_recall(
    curves: Mapping[str, Mapping[str, NDArray[np.float64]]], chance: Mapping[str, float], path: Path
) -> Path:
    """Draw one panel a label, one line a method: label -> method -> precision at recalls evenly from 0 to 1."""
    figure = new_figure(3.2 * len(curves), 3.4)
    panels = np.atleast_1d(figure.subplots(1, len(curves), sharey=True))
    for panel, (label, lines) in zip(panels, curves.items(), strict=True):
        for (method, precision), colour in zip(lines.items(), COLOURS, strict=False):
            panel.plot(np.linspace(0, 1, len(precision)), precision, color=colour, label=method)
        panel.axhline(chance[label], color="0.6", linestyle=":", label="chance")
        panel.set(title=label, xlabel="recall", xlim=(0, 1), ylim=(0, 1))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("precision, mean over classes")
    panels[-1].legend(fontsize="small")
    return save_figure(figure, path)


def embedding_map(points: NDArray[np.float64], labels: Mapping[str, NDArray[np.str_]], path: Path) -> Path:
    """Draw the same points (N, 2) once for each label, coloured by its classes."""
    figure = new_figure(3.2 * len(labels), 3.8)
    for panel, (label, values) in zip(np.atleast_1d(figure.subplots(1, len(labels))), labels.items(), strict=True):
        for name, colour in zip(np.unique(values), COLOURS, strict=False):
            chosen = values == name
            panel.scatter(
                *points[chosen].T, s=9, color=colour, alpha=0.8, linewidths=0, label=f"{name} ({chosen.sum()})"
            )
        panel.set(title=label, xticks=[], yticks=[])
        panel.legend(fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, 0), frameon=False)
    return save_figure(figure, path)


def failure_gallery(failures: Sequence[Failure], path: Path) -> Path:
    """Draw one row a query: the query, then its nearest, framed green where the label agrees, red where not."""
    columns = 1 + max(len(failure.hits) for failure in failures)
    figure = new_figure(1.5 * columns, 1.9 * len(failures))
    grid = figure.subplots(len(failures), columns, squeeze=False)
    for row, failure in zip(grid, failures, strict=True):
        for panel in row:
            panel.set_axis_off()
        show_roi(row[0], failure.query, failure.caption, None)
        for panel, hit, caption, agrees in zip(
            row[1:], failure.hits, failure.hit_captions, failure.agrees, strict=False
        ):
            show_roi(panel, hit, caption, _AGREES if agrees else _DIFFERS)
    return save_figure(figure, path)


def show_roi(panel: "Axes", image: NDArray[np.generic], caption: str, frame: str | None = None) -> None:
    """Show an ROI (64, 64), HU in the window that shows most of them, with a line below it."""
    panel.set_axis_on()
    grey = image if image.dtype.kind == "f" else to_thumbnail(image)  # type: ignore[arg-type]
    panel.imshow(grey, cmap="gray", vmin=0, vmax=255 if grey.dtype == np.uint8 else 1)
    panel.set(xticks=[], yticks=[])
    panel.set_xlabel(caption, fontsize="small")
    for spine in panel.spines.values():
        spine.set(visible=frame is not None, color=frame, linewidth=3)


def heat_maps(
    values: Mapping[str, NDArray[np.float64]],
    rows: Sequence[float],
    columns: Sequence[float],
    marked: tuple[str, int, int],
    title: str,
    path: Path,
) -> Path:
    """Draw a panel for each name (rows: β, columns: γ), one colour scale; the published setting has a frame."""
    figure = new_figure(2.6 * len(values) + 0.8, 3.4)
    panels = np.atleast_1d(figure.subplots(1, len(values), sharey=True))
    everything = np.stack(list(values.values()))
    low, high = float(everything.min()), float(everything.max())
    for panel, (name, table) in zip(panels, values.items(), strict=True):
        drawn = panel.imshow(table, vmin=low, vmax=high, cmap="viridis", aspect="auto")
        panel.set(title=f"scales {name} px", xlabel="γ")
        panel.set_xticks(range(len(columns)), [f"{value:g}" for value in columns], fontsize="x-small")
        panel.set_yticks(range(len(rows)), [f"{value:g}" for value in rows], fontsize="x-small")
        for (y, x), value in np.ndenumerate(table):
            dark = value < (low + high) / 2
            panel.text(x, y, f"{value:.3f}", ha="center", va="center", fontsize="x-small", color="w" if dark else "k")
        if name == marked[0]:
            from matplotlib.patches import Rectangle

            panel.add_patch(
                Rectangle((marked[2] - 0.5, marked[1] - 0.5), 1, 1, fill=False, color="#D55E00", linewidth=2)
            )
    panels[0].set_ylabel("β")
    figure.colorbar(drawn, ax=panels, label=title)
    return save_figure(figure, path)
