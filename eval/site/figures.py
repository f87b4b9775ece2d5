"""The figures of the documentation, drawn by the code that they explain, of synthetic lesions.

`python -m eval.site.figures` draws them into docs/images with the demo's teaching cases, and writes the example of
grounding into its page.
"""

import csv
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from encoder.embedder import SHIPPED_WEIGHTS, Embedder
from encoder.network.frangi import frangi
from encoder.network.gem import GeM
from encoder.network.lesion_encoder import LesionEncoder, load_model
from encoder.preprocess import standardize
from encoder.roi import CONTEXT_WIDTHS
from encoder.training.augment import augment
from encoder.training.presets import DEFAULT, PAPER
from eval.assistant.conversations import DemoInstallation
from eval.documents import insert_tables
from eval.encoder.plots import embedding_map, failure_gallery, new_figure, save_figure, show_roi
from eval.encoder.retrieval_figures import flattened, type_failures
from eval.site.grounding_example import grounding_table
from tools.domain.region import PixelBox
from tools.domain.windows import SOFT_TISSUE_WINDOW
from tools.intake.intake import read_study
from tools.pipelines.demo import ensure_samples, open_workspace_parts, patient_keys
from tools.pipelines.phantoms.generate import make_phantoms
from tools.pipelines.phantoms.teaching_cases import series_folder
from tools.regions.crop import apply_window, crop_box_with_context, field_of_view_mm, to_thumbnail
from tools.settings import Settings, get_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCS = Path(__file__).resolve().parents[2] / "docs"
IMAGES, METHOD_PAGE = DOCS / "images", DOCS / "explanation" / "method.md"
VIEWS = 5
SATURATED_GAMMA = 2e-8  # as the published code had it
MAX_EXPONENT = 12
OTHER_PATIENTS = 12  # whose lesions the demo's atlas does not know
OTHER_SEED = 2000


@dataclass(frozen=True, eq=False)
class Example:
    """One synthetic lesion: its slice, its box, and what the encoder takes of it."""

    slice_hu: NDArray[np.int16]  # (rows, columns)
    box: PixelBox
    spacing_mm: tuple[float, float]

    @property
    def inputs(self) -> NDArray[np.int16]:
        """The ROI and its context, (2, 64, 64) HU."""
        inputs: NDArray[np.int16] = crop_box_with_context(self.slice_hu, self.box, self.spacing_mm)
        return inputs

    @property
    def roi(self) -> NDArray[np.int16]:
        """The ROI alone, (64, 64) HU."""
        roi: NDArray[np.int16] = self.inputs[0]
        return roi


@dataclass(frozen=True)
class Material:
    """What the figures are drawn of."""

    liver: Example
    lung: Example
    embedder: Embedder
    network: LesionEncoder  # of the same weights
    pack: Path  # of the demo's teaching cases


def draw_figures(folder: Path = IMAGES, settings: Settings | None = None, others: int = OTHER_PATIENTS) -> list[Path]:
    """Draw every figure as WebP; `settings` say where the teaching cases lie, which are made on first use.

    `others` patients are asked about in the map's and the failures' figures. Raises FigureError.
    """
    settings = settings or get_settings()
    samples = ensure_samples(settings)
    embedder, _ = open_workspace_parts(settings)
    keys = patient_keys(settings)

    def example(lesion_type: str, density: str, long_axis_mm: float) -> Example:
        with (samples / "truth.csv").open(newline="", encoding="utf-8") as file:
            rows = [r for r in csv.DictReader(file) if (r["lesion_type"], r["density"]) == (lesion_type, density)]
        row = min(rows, key=lambda each: abs(float(each["long_axis_mm"]) - long_axis_mm))
        series = read_study(series_folder(samples, row), keys).series[0]
        box = PixelBox(*(int(row[name]) for name in ("x0", "y0", "x1", "y1")))
        return Example(series.volume_hu[int(row["slice"]) - 1], box, series.spacing_mm[1:])

    network = load_model(settings.encoder or SHIPPED_WEIGHTS)
    liver, lung = example("liver", "cystic", 20), example("lung", "solid", 14)
    material = Material(liver, lung, embedder, network, samples / "pack")
    drawn = [draw(material, folder / f"method-{name}.webp") for name, draw in METHOD.items()]
    return [*drawn, *draw_retrieval(material, folder, others)]


def draw_crop(material: Material, path: Path) -> Path:
    """Draw where ROI and context lie on the slice, and both as the encoder gets them."""
    from matplotlib.patches import Rectangle

    lesion = material.liver
    figure = new_figure(7.5, 2.9)
    whole, roi, context = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    _grey(whole, apply_window(lesion.slice_hu, SOFT_TISSUE_WINDOW), "the slice")
    width_mm = field_of_view_mm(lesion.box, lesion.spacing_mm)
    centre = (lesion.box.x0 + lesion.box.x1) / 2, (lesion.box.y0 + lesion.box.y1) / 2
    for wide, colour in ((1, "#E69F00"), (CONTEXT_WIDTHS, "#56B4E9")):
        width, height = (wide * width_mm / mm for mm in reversed(lesion.spacing_mm))
        corner = centre[0] - width / 2, centre[1] - height / 2
        whole.add_patch(Rectangle(corner, width, height, fill=False, color=colour, linewidth=1.5))
    _grey(roi, to_thumbnail(lesion.inputs[0]), f"ROI: {width_mm:.0f} mm, 64 × 64 pixels")
    _grey(context, to_thumbnail(lesion.inputs[1]), f"context: {CONTEXT_WIDTHS * width_mm:.0f} mm, 64 × 64 pixels")
    for panel, colour in ((roi, "#E69F00"), (context, "#56B4E9")):
        for spine in panel.spines.values():
            spine.set(color=colour, linewidth=2)
    return save_figure(figure, path)


def draw_channels(material: Material, path: Path) -> Path:
    """Draw what the first layer sees of an ROI: every channel, enlarged in the middle as the encoder's lens does."""
    network = material.network
    figure = new_figure(7, 3.9)
    rows = figure.subplots(2, 1 + len(network.config.channels))
    for row, example, name in zip(rows, (material.liver, material.lung), ("liver", "lung"), strict=True):
        show_roi(row[0], example.roi, f"{name}: the ROI")
        channels = network.channels(torch.from_numpy(standardize(example.roi)))[0]
        for panel, channel, words in zip(row[1:], channels, network.config.channels, strict=True):
            _grey(panel, channel.numpy(), words.replace("_", " "), (-1, 1))
    return save_figure(figure, path)


def draw_views(material: Material, path: Path) -> Path:
    """Draw random views of two lesions, as both stages of the default preset make them."""
    figure = new_figure(7.5, 4.9)
    rows = figure.subplots(4, VIEWS + 1)
    calibrated = torch.ones(VIEWS, dtype=torch.bool)
    stages = [(stage, example) for stage in DEFAULT.stages for example in (material.liver, material.lung)]
    for row, (stage, example) in zip(rows, stages, strict=True):
        images = torch.from_numpy(standardize(np.repeat(example.inputs[None], VIEWS, axis=0)))
        views = augment(images, stage.augmentation, torch.Generator().manual_seed(0), calibrated)
        show_roi(row[0], example.roi, "the ROI")
        for number, (panel, view) in enumerate(zip(row[1:], views, strict=True), 1):
            _grey(panel, view[0].numpy(), f"{stage.name} {number}")
    return save_figure(figure, path)


def draw_frangi(material: Material, path: Path) -> Path:
    """Draw Frangi's measure of two ROIs at each scale, all together, and with a γ that saturates it."""
    sigmas, gamma = PAPER.frangi_sigmas, PAPER.frangi_gamma
    shown = [*(((sigma,), gamma, f"σ {sigma:g} px") for sigma in sigmas), (sigmas, gamma, f"all, γ {gamma:g}")]
    shown.append((sigmas, SATURATED_GAMMA, f"all, γ {SATURATED_GAMMA:g}"))
    figure = new_figure(7.5, 2.9)
    for row, example in zip(figure.subplots(2, len(shown) + 1), (material.lung, material.liver), strict=True):
        show_roi(row[0], example.roi, "the ROI")
        image = torch.from_numpy(standardize(example.roi))
        for panel, (scales, strength, words) in zip(row[1:], shown, strict=True):
            measure = frangi(image, scales, PAPER.frangi_alpha, PAPER.frangi_beta, strength, black_ridges=False)
            _grey(panel, measure[0, 0].numpy(), words)
    return save_figure(figure, path)


@torch.inference_mode()
def draw_gem(material: Material, path: Path) -> Path:
    """Draw one feature map of the shipped network, and what pooling makes of it from the mean to the maximum."""
    network = material.network
    last = network.roi.stages(network.channels(torch.from_numpy(standardize(material.lung.roi))))[-1]
    maps = network.roi.neck(last)[0].float()
    chosen = maps[(maps.amin((1, 2)) > 0).float().mul(maps.amax((1, 2)) - maps.amin((1, 2))).argmax()]
    figure = new_figure(7.5, 2.5)
    roi, places, curve = figure.subplots(1, 3, width_ratios=(1, 1, 1.8))
    show_roi(roi, material.lung.roi, "the ROI")
    _grey(places, chosen.numpy(), "one of its feature maps", (0, float(chosen.max())))
    for (row, column), value in np.ndenumerate(chosen.numpy()):
        bright = value > chosen.max() / 2
        places.text(column, row, f"{value:.2f}", ha="center", va="center", color="k" if bright else "w")
    exponents = torch.linspace(1, MAX_EXPONENT, 100)
    pool = GeM()
    pooled = [float(_with_exponent(pool, each)(chosen[None, None])) for each in exponents]
    curve.plot(exponents, pooled, color="#0072B2")
    curve.axhline(float(chosen.max()), color="0.6", linestyle=":", label="maximum")
    curve.axhline(float(chosen.mean()), color="0.6", linestyle="--", label="mean")
    assert isinstance(network.roi.pool, GeM)
    learnt = float(network.roi.pool.exponent)
    curve.axvline(learnt, color="#D55E00", label=f"learnt: p = {learnt:.2f}")
    curve.set(xlabel="exponent p", ylabel="pooled value")
    curve.legend(fontsize="x-small")
    return save_figure(figure, path)


def _with_exponent(pool: GeM, exponent: torch.Tensor) -> GeM:
    pool.exponent.copy_(exponent)
    return pool


def draw_retrieval(material: Material, folder: Path, others: int) -> list[Path]:
    """Draw the map of the demo's atlas, and the lesions of other patients whose nearest agree least in type."""
    from eval.bench import pack_inputs

    atlas = pack_inputs(material.pack)
    types = np.array([row["lesion_type"] for row in atlas[1]])
    with tempfile.TemporaryDirectory() as made:
        make_phantoms(Path(made), others, OTHER_SEED)
        queries = pack_inputs(Path(made) / "pack")
    points = flattened(material.embedder(atlas[0]))
    failures = type_failures(atlas, queries, material.embedder, count=4)
    return [
        embedding_map(points, {"lesions of the demo’s atlas": types}, folder / "method-map.webp"),
        failure_gallery(failures, folder / "limits-failures.webp"),
    ]


METHOD: dict[str, Callable[[Material, Path], Path]] = {
    "crop": draw_crop,
    "channels": draw_channels,
    "views": draw_views,
    "frangi": draw_frangi,
    "gem": draw_gem,
}


def _grey(
    panel: "Axes", image: NDArray[np.generic], caption: str, between: tuple[float, float] | None = (0, 1)
) -> None:
    """Show an image in grey with a line below it; `uint8` from black to white, `None` by its own range."""
    if image.dtype == np.uint8:
        between = (0, 255)
    low, high = between or (None, None)
    panel.imshow(image, cmap="gray", vmin=low, vmax=high)
    panel.set(xticks=[], yticks=[])
    panel.set_xlabel(caption, fontsize="small")


if __name__ == "__main__":
    for written in draw_figures():
        print(f"drawn: {written.name}")
    table = grounding_table(DemoInstallation(get_settings()))
    insert_tables(METHOD_PAGE, {"grounding": table}, kind="generated")
