"""Teaching cases without patients: a deterministic generator of synthetic CT with known lesions.

Every voxel is computed from a mathematical model of the body (`phantom_anatomy`) with invented lesions
(`phantom_lesions`) and reconstruction noise. The same seed gives the same bytes.
"""

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from encoder.pack import LesionRow, RoiPack, write_pack
from tools.domain.progress import Progress
from tools.domain.region import PixelBox
from tools.pipelines.phantoms.abdomen import draw_abdomen, draw_abdominal_vessels
from tools.pipelines.phantoms.body import RIBS_FROM_MM, Body, Patient, Phase
from tools.pipelines.phantoms.canvas import Canvas, Floats, Grid
from tools.pipelines.phantoms.dicom_writer import PhantomStudy, write_series
from tools.pipelines.phantoms.lesion_models import Finder, Site
from tools.pipelines.phantoms.lesion_painting import paint_lesion
from tools.pipelines.phantoms.pelvis import TOP_MM, draw_pelvis
from tools.pipelines.phantoms.scanner import SIZE, noise_tiles, scan
from tools.pipelines.phantoms.segmentation_writer import write_segmentation
from tools.pipelines.phantoms.skeleton import draw_skeleton
from tools.pipelines.phantoms.thorax import draw_thorax
from tools.regions.crop import crop_box_with_context, field_of_view_mm

SLICES = 6
THICKNESS_MM = 5.0


@dataclass(frozen=True)
class Level:
    """A part of the body that a study shows, and the lesions looked for there, most wanted first."""

    body_part: str  # DICOM Body Part Examined
    z_mm: tuple[float, float]  # where the middle of the stack may lie
    types: tuple[str, ...]


LEVELS = (
    Level("CHEST", (395, 540), ("lung", "mediastinum", "lung", "soft tissue", "lung", "mediastinum", "bone")),
    Level("LIVER", (275, 330), ("liver", "abdomen", "liver", "soft tissue", "liver", "abdomen", "bone")),
    Level("ABDOMEN", (205, 262), ("kidney", "abdomen", "kidney", "soft tissue", "kidney", "abdomen", "bone")),
    Level("PELVIS", (22, 104), ("pelvis", "bone", "pelvis", "soft tissue", "pelvis", "pelvis", "soft tissue")),
)
LESIONS_PER_STUDY = 6
LARGEST_RADIUS_MM = 32.0


@dataclass(frozen=True)
class TruthRow:
    """One row of `truth.csv`. `slice` counts from 1 in order of position; the box is half-open, in pixels."""

    lesion_id: str
    patient_id: str
    dicom_folder: str
    slice: int
    x0: int
    y0: int
    x1: int
    y1: int
    lesion_type: str
    sex: str
    age_years: int
    long_axis_mm: float
    short_axis_mm: float
    density: str
    margin: str


@dataclass(frozen=True)
class PhantomSummary:
    """What was written."""

    out: Path
    patients: int
    studies: int
    slices: int
    lesions: int
    by_type: dict[str, int]


@dataclass(frozen=True)
class PaintedStack:
    """One painted body region of a patient, before lesions and noise."""

    level: Level
    canvas: Canvas
    sites: tuple[Site, ...]
    z_mm: tuple[float, ...]


def make_phantoms(
    out: Path, patients: int = 60, seed: int = 0, progress: Progress | None = None, segmentations: bool = False
) -> PhantomSummary:
    """Write teaching cases under `out` and says how many.

    `out/dicom/<patient>/<study>/<nnn>.dcm`, a ROI pack in `out/pack` and `out/truth.csv`; with `segmentations` also
    `out/segmentations/<patient>/<study>.dcm`. `progress` is called with (patients done, patients in all).
    """
    out = Path(out)
    inputs: list[NDArray[np.int16]] = []
    rows: list[LesionRow] = []
    truths: list[TruthRow] = []
    studies = slices = 0
    for index in range(patients):
        for study, volume, found in write_patient(out, index, seed, segmentations):
            studies, slices = studies + 1, slices + len(volume)
            for truth in found:
                box = PixelBox(truth.x0, truth.y0, truth.x1, truth.y1)
                spacing_mm = (study.spacing_mm, study.spacing_mm)
                inputs.append(crop_box_with_context(volume[truth.slice - 1], box, spacing_mm))
                rows.append(_pack_row(truth, study))
                truths.append(truth)
        if progress is not None:
            progress(index + 1, patients)
    write_pack(RoiPack.of_inputs(np.stack(inputs), tuple(rows)), out / "pack")
    _write_truth(out / "truth.csv", truths)
    types = [truth.lesion_type for truth in truths]
    return PhantomSummary(
        out, patients, studies, slices, len(truths), {name: types.count(name) for name in sorted(set(types))}
    )


def write_patient(
    out: Path, index: int, seed: int = 0, segmentations: bool = False
) -> Iterator[tuple[PhantomStudy, NDArray[np.int16], list[TruthRow]]]:
    """Write the DICOM series of one patient (from 0) under `out`; each study with its volume and its lesions.

    A patient is the same, whoever else is made.
    """
    for study, volume, lesions, found in _studies(index, seed, _noise(seed)):
        write_series(out, study, volume)
        if segmentations:
            path = out / study.folder.replace("dicom", "segmentations", 1)
            types = [truth.lesion_type for truth in found]
            write_segmentation(path.with_suffix(".dcm"), out / study.folder, study, lesions, types)
        yield study, volume, found


@lru_cache(maxsize=1)
def _noise(seed: int) -> Floats:
    return noise_tiles(np.random.default_rng([seed, 0]))


def _studies(
    index: int, seed: int, noise: Floats
) -> list[tuple[PhantomStudy, NDArray[np.int16], NDArray[np.uint8], list[TruthRow]]]:
    """All studies of one patient: two regions seen once, or one region seen twice."""
    rng = np.random.default_rng([seed, 1, index])
    patient = _patient(index, rng)
    first = index % len(LEVELS)
    second = (first + 1 + (index // len(LEVELS)) % (len(LEVELS) - 1)) % len(LEVELS)
    again = index % 5 in (1, 3)
    stacks = [_paint(patient, LEVELS[k], rng) for k in ((first,) if again else (first, second))]
    results = []
    for number in (1, 2):
        stack = stacks[0] if again else stacks[number - 1]
        later = again and number == 2
        study = PhantomStudy(
            patient, f"dicom/{patient.patient_id}/S{number}", stack.level.body_part,
            patient.age_years + (int(rng.random() < 0.4) if later else 0),
            f"{2001 + index % 20}{1 + (index * 5) % 9 + (3 if later else 0):02d}15",
            number, stack.canvas.grid.spacing_mm, stack.z_mm, THICKNESS_MM, seed,
        )  # fmt: skip
        growth = rng.uniform(0.65, 1.4) if later else 1.0
        results.append((study, *_finish(study, stack, growth, rng, noise, index)))
    return results


def _patient(index: int, rng: np.random.Generator) -> Patient:
    sex = "F" if rng.random() < 0.5 else "M"
    frame = rng.normal(1.0 if sex == "M" else 0.94, 0.035)
    phases: tuple[Phase, ...] = ("plain", "arterial", "portal")
    return Patient(
        patient_id=f"PHANTOM-{index + 1:04d}",
        sex="F" if sex == "F" else "M",
        age_years=int(np.clip(rng.normal(60, 15), 19, 92)),
        scale=(float(frame * rng.normal(1, 0.03)), float(frame * rng.normal(1, 0.05))),
        fat_mm=float(np.clip(rng.gamma(5, 3.2) + (2 if sex == "F" else 0), 6, 34)),
        phase=phases[int(rng.choice(3, p=[0.15, 0.15, 0.7]))],
        oral_contrast=bool(rng.random() < 0.45),
        gallbladder=bool(rng.random() < 0.8),
        anatomy_seed=int(rng.integers(2**31)),
    )


def _paint(patient: Patient, level: Level, rng: np.random.Generator) -> PaintedStack:
    """Paint the anatomy of one region and the places of its lesions."""
    middle = round(rng.uniform(*level.z_mm))
    z = np.asarray(middle + (np.arange(SLICES) - (SLICES - 1) / 2) * THICKNESS_MM, np.float64)
    spacing_mm = round(2 * patient.half_width_mm(float(z[0]), float(z[-1])) * 1.09 / SIZE, 4)
    grid = Grid.of(np.random.default_rng(patient.anatomy_seed), SIZE, spacing_mm, z, patient.scale)
    canvas = Canvas(grid)
    draw_anatomy(canvas, patient, rng)
    finder = Finder(canvas.tissue, spacing_mm, THICKNESS_MM, rng)
    sites: list[Site] = []
    wishes = list(level.types)
    if rng.random() < 0.4:  # bone and soft tissue take turns: the last wish is met only when another fails
        wishes[3], wishes[6] = wishes[6], wishes[3]
    for _ in range(3):
        for lesion_type in wishes:
            site = None
            if len(sites) < LESIONS_PER_STUDY:
                site = finder.place(lesion_type, patient.phase)
            if site is not None:
                sites.append(site)
    return PaintedStack(level, canvas, tuple(sites), tuple(float(v) for v in z))


def _finish(
    study: PhantomStudy, stack: PaintedStack, growth: float, rng: np.random.Generator, noise: Floats, index: int
) -> tuple[NDArray[np.int16], NDArray[np.uint8], list[TruthRow]]:
    """Lesions, texture, reconstruction kernel and noise; the volume in HU, whose voxel which lesion is, the truth."""
    hu = stack.canvas.hu.copy()
    tissue = stack.canvas.tissue
    lesions = np.zeros(hu.shape, np.uint8)
    truths: list[TruthRow] = []
    for number, site in enumerate(stack.sites, start=1):
        own = float(np.clip(growth * rng.normal(1, 0.08), 0.6, 1.5)) if growth != 1.0 else 1.0
        own = min(own, LARGEST_RADIUS_MM / max(site.radii_mm))
        painted = paint_lesion(hu, tissue, site, study.spacing_mm, THICKNESS_MM, own)
        if painted is None:
            continue
        window, mask = painted
        lesions[window][mask] = len(truths) + 1
        k = int(np.argmax(mask.sum(axis=(1, 2))))
        rows, columns = np.nonzero(mask[k])
        long_axis, short_axis = measure_axes(mask[k], study.spacing_mm)
        truths.append(
            TruthRow(
                f"P{index + 1:04d}-S{study.number}-L{number:02d}", study.patient.patient_id, study.folder,
                window[0].start + k + 1,
                int(window[2].start + columns.min()), int(window[1].start + rows.min()),
                int(window[2].start + columns.max() + 1), int(window[1].start + rows.max() + 1),
                site.lesion_type, study.patient.sex, study.age_years, round(long_axis, 1), round(short_axis, 1),
                site.kind.density, site.margin,
            )
        )  # fmt: skip
    return scan(hu, tissue, rng, noise), lesions, truths


def measure_axes(mask: NDArray[np.bool_], spacing_mm: float) -> tuple[float, float]:
    """Measure the long and short axis of a mask (rows, columns) in mm, as RECIST 1.1 does.

    The longest diameter in the plane, and the longest chord at right angles to it; both from pixel edge to edge.
    """
    points = np.argwhere(mask).astype(np.float64)
    hull = points
    if len(points) > 8:
        with contextlib.suppress(QhullError):  # a line of pixels has no hull
            hull = points[ConvexHull(points).vertices]
    gaps = np.linalg.norm(hull[:, None] - hull[None], axis=2)
    i, j = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
    long_axis = gaps[i, j]
    if long_axis == 0:
        return spacing_mm, spacing_mm
    direction = (hull[j] - hull[i]) / long_axis
    along = np.rint((points - hull[i]) @ direction).astype(int)
    across = (points - hull[i]) @ np.array([-direction[1], direction[0]])
    short_axis = max(np.ptp(across[along == step]) for step in np.unique(along))
    return (float(long_axis) + 1) * spacing_mm, (min(float(short_axis), float(long_axis)) + 1) * spacing_mm


def _pack_row(truth: TruthRow, study: PhantomStudy) -> LesionRow:
    return LesionRow(
        lesion_id=truth.lesion_id,
        patient_id=truth.patient_id,
        lesion_type=truth.lesion_type,
        sex=truth.sex,
        age_years=truth.age_years,
        long_axis_mm=truth.long_axis_mm,
        short_axis_mm=truth.short_axis_mm,
        body_part=study.body_part.lower(),
        source="phantom",
        study_id=study.study_uid,
        pixel_spacing_mm=study.spacing_mm,
        field_of_view_mm=field_of_view_mm(
            PixelBox(truth.x0, truth.y0, truth.x1, truth.y1), (study.spacing_mm, study.spacing_mm)
        ),
        slice=truth.slice,
    )


def _write_truth(path: Path, truths: list[TruthRow]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(TruthRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(truth) for truth in truths)


def draw_anatomy(canvas: Canvas, patient: Patient, rng: np.random.Generator) -> None:
    """Paint a healthy patient in Hounsfield units. Later organs cover earlier ones."""
    body = Body(canvas, patient, rng)
    body.draw_surface()
    above_diaphragm = draw_thorax(body) if body.near(RIBS_FROM_MM, 640) else None
    if body.near(TOP_MM - 2, 400):
        draw_abdomen(body, above_diaphragm)
    if body.near(-60, TOP_MM + 20):
        draw_pelvis(body)
    draw_abdominal_vessels(body)
    draw_skeleton(body)
