"""Real CT of many organs as one ROI pack with context: places, organ points and lesions, to train and choose on.

All of it comes from other people's collections (`MODEL_CARD.md` names them). Eight-bit slices are put on the scale of
Hounsfield units by their window, and stay cut off where it ends: training draws windows anew, so that no source is
known by its window. Whole slices give random places besides, whose position in the body is a label that costs nothing
(after Yan et al. 2022, arXiv:2012.02383).
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from encoder.pack import LesionRow, RoiPack, native_widths_mm, with_context
from encoder.roi import CONTEXT_WIDTHS, ROI_WIDTH_MM, to_roi_width
from eval.encoder.lidc import LabelError
from tools.domain.region import PixelBox
from tools.domain.splits import Split, split_of
from tools.pipelines.painted_lesions import paint_lesion
from tools.regions.crop import crop_box

ORGAN_POINTS = Path(__file__).with_name("organ_points.csv")
BODY_REGIONS = Path(__file__).parents[2] / "tools" / "pipelines" / "body_region_labels.csv"
SOFT_TISSUE = (-175.0, 275.0)
FROM_WATER = (0.0, 255.0)
LUNG = (-1500.0, 500.0)
FULL = (-1024.0, 3071.0)
USUAL_SPACING_MM = 0.8  # of 512×512 slices that came without one
PLACES_PER_SLICE = 8
SHIFT_SHARE = 0.6  # of its radius that a crop may lie beside a point
PLACE_BINS = 5  # along each side of the body
TEST_SHARE = 0.0
VALIDATION_SHARE = 0.25
RADII_MM = (3.0, 20.0)  # of lesions painted into healthy organs


@dataclass(frozen=True)
class OrganRow:
    """One ROI as a row of the pack. `place_row` and `place_column` say where in the body it lies; None is unknown."""

    lesion_id: str
    patient_id: str
    nodule_id: str
    source: str
    split: Split
    lesion_type: str | None = None
    long_axis_mm: float | None = None
    body_part: str | None = None
    place_row: str | None = None
    place_column: str | None = None


@dataclass(frozen=True, eq=False)
class _Sample:
    row: OrganRow
    images: NDArray[np.int16]  # (2, 64, 64): ROI and context, HU; the context is constant where none is known


def write_organs_pack(data: Path, out: Path, seed: int = 0) -> int:
    """Write the collections below the folder `data` as one ROI pack; returns the number of ROIs. Raises LabelError."""
    samples = [sample for part in (_packs(data), _slices(data, np.random.default_rng(seed))) for sample in part]
    images = np.stack([sample.images for sample in samples])
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "images.npy", images[:, 0])
    np.save(out / "context.npy", images[:, 1])
    with (out / "lesions.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=[field.name for field in fields(OrganRow)])
        writer.writeheader()
        writer.writerows(asdict(sample.row) for sample in samples)
    return len(samples)


def windowed_packs(data: Path) -> Iterator[RoiPack]:
    """Read the collections with a type as packs of the pixels they come in, HU or a window, for an atlas of real CT."""
    for name in _PACKS:
        folder = data / "multi_organ" / name
        rows, arrays = _table(folder / "lesions.csv"), _arrays(folder)
        typed = [number for number, row in enumerate(rows) if row["lesion_type"]]
        context = arrays.get("context")
        lesions = tuple(
            LesionRow(
                f"{name}-{number}",
                rows[number]["patient_id"],
                lesion_type=rows[number]["lesion_type"],
                source=name,
                pixel_spacing_mm=_number(rows[number].get("pixel_spacing_mm")),
            )
            for number in typed
        )
        yield RoiPack(arrays["images"][typed], lesions, None if context is None else context[typed])
    for name, lesion_type in ORGAN_SLICES.items():
        found = [(whole, point) for whole in _organ_slices(data, name, lesion_type) for point in whole.points]
        lesions = tuple(
            LesionRow(f"{name}-{whole.row}", whole.patient_id, lesion_type=point.lesion_type, source=name)
            for whole, point in found
        )
        crops = np.stack([_crop(whole.image, point.x, point.y, whole.spacing_mm) for whole, point in found])
        yield RoiPack.of_inputs(crops.astype(np.uint8), lesions)  # HU from 0 to 255: what the files hold


# Folders of whole slices with points in one organ, and the type of a lesion there.
ORGAN_SLICES = {"liver_ct_slices": "liver", "pancreas_ct_slices": "abdomen"}

# Folders of crops, and the window that their pixels come in; None where they are HU.
_PACKS: dict[str, tuple[float, float] | None] = {
    "deeplesion_keyslices": SOFT_TISSUE,  # each row names its own
    "bone_lesions": None,
    "soft_tissue_sarcoma": None,
    "limb_bone_muscle": None,
    "chest_organs": None,
    "chest_organs_2": None,
    "abdomen_organs": None,
    "lung_cancer": None,
    "spleen": FROM_WATER,
    "aorta": (-500.0, 800.0),
    "deeplesion_pelvis_volume": SOFT_TISSUE,
}


def whole_range_sources() -> set[str]:
    """Name the collections whose pixels are HU that no window has cut off."""
    return {name for name, window in _PACKS.items() if window is None}


def _packs(data: Path) -> Iterator[_Sample]:
    for name, window in _PACKS.items():
        folder = data / "multi_organ" / name
        rows = _table(folder / "lesions.csv")
        arrays = _arrays(folder)
        contexts = arrays.get("context", np.zeros_like(arrays["images"]))
        inputs = to_roi_width(with_context(arrays["images"], contexts), native_widths_mm(rows))
        for number, (row, images) in enumerate(zip(rows, inputs, strict=True)):
            patient = row["patient_id"]
            organ = row.get("label_detail", "").split(" ")[0]
            lesion = row["lesion_id"] if "lesion" in row.get("health", "lesion") else ""
            yield _Sample(
                OrganRow(
                    lesion_id=f"{name}-{number}",
                    patient_id=patient,
                    nodule_id=f"{patient}/{organ}/{lesion}",
                    source=name,
                    split=_split(patient),
                    lesion_type=row["lesion_type"] or None,
                    long_axis_mm=_number(row.get("long_axis_mm")),
                ),
                _to_hu(images, _window_of(row, window)),
            )


@dataclass(frozen=True)
class _Point:
    """A place on a slice; anything within the radius of it is the organ too. No organ: a random place."""

    x: float
    y: float
    radius_px: float = 0.0
    organ: str = ""
    lesion_type: str = ""


@dataclass(frozen=True, eq=False)
class _Slice:
    """A whole slice in HU, `row` of `source`, with the points that its publisher gave."""

    source: str
    row: int
    patient_id: str
    image: NDArray[np.int16]
    spacing_mm: float
    region_key: tuple[str, int]  # under which its part of the body is listed
    points: tuple[_Point, ...] = ()


def _slices(data: Path, rng: np.random.Generator) -> Iterator[_Sample]:
    """Crop named points of whole slices, and random places in the body of each."""
    by_eye: dict[tuple[str, int], list[_Point]] = {}
    for row in _table(ORGAN_POINTS):
        point = _Point(float(row["x"]), float(row["y"]), float(row["radius_px"]), row["organ"], row["lesion_type"])
        by_eye.setdefault((row["source"], int(row["row"])), []).append(point)
    body_parts = {(row["source"], int(row["row"] or 0)): row["region"] for row in _table(BODY_REGIONS)}
    for whole in _whole_slices(data):
        body = _body_box(whole.image)
        if body is None:
            continue
        x0, y0, x1, y1 = body
        organs = [*whole.points, *by_eye.get((whole.source, whole.row), [])]
        places = [_Point(rng.uniform(x0, x1), rng.uniform(y0, y1)) for _ in range(PLACES_PER_SLICE)]
        healthy = [(point, False) for point in (*organs, *places)]
        painted = [(point, True) for point in organs if point.lesion_type]
        for number, (point, is_painted) in enumerate([*healthy, *painted]):
            angle, away = rng.uniform(0, 2 * np.pi), point.radius_px * SHIFT_SHARE * rng.random() ** 0.5
            x, y = point.x + away * np.cos(angle), point.y + away * np.sin(angle)
            image, length_mm = _painted(whole, x, y, rng) if is_painted else (whole.image, None)
            yield _Sample(
                OrganRow(
                    lesion_id=f"{whole.source}-{whole.row}-{number}".replace("/", "-"),
                    patient_id=whole.patient_id,
                    nodule_id=f"{whole.patient_id}/{point.organ or whole.row}" + f"/{number}" * is_painted,
                    source=whole.source,
                    split=_split(whole.patient_id),
                    lesion_type=point.lesion_type or None,
                    long_axis_mm=length_mm,
                    body_part=body_parts.get(whole.region_key),
                    place_row=_bin((y - y0) / (y1 - y0)),
                    place_column=_bin((x - x0) / (x1 - x0)),
                ),
                _crop(image, x, y, whole.spacing_mm),
            )


def _painted(whole: _Slice, x: float, y: float, rng: np.random.Generator) -> tuple[NDArray[np.int16], float]:
    """Paint a lesion into a copy of a slice; returns it with the lesion's long axis in mm."""
    reach = int(2 * RADII_MM[1] / whole.spacing_mm)
    rows, columns = whole.image.shape
    x, y = min(max(x, 0.0), columns - 1.0), min(max(y, 0.0), rows - 1.0)
    top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
    part = slice(top, int(y) + reach), slice(left, int(x) + reach)
    radius_px = float(np.exp(rng.uniform(*np.log(RADII_MM)))) / whole.spacing_mm
    image = whole.image.copy()
    lesion = paint_lesion(image[part].astype(np.float64), whole.spacing_mm, "", (x - left, y - top), radius_px, rng)
    image[part] = lesion.image
    return image, round(lesion.length_mm[0], 1)


def _organ_slices(data: Path, name: str, lesion_type: str) -> Iterator[_Slice]:
    """Read the slices of a collection that comes with points in one organ."""
    folder = data / "multi_organ" / name
    arrays = np.load(folder / "slices.npz")
    of_slice: dict[tuple[int, int], list[_Point]] = {}
    for row in _table(folder / "organ_points.csv"):
        x0, y0, x1, y1 = (float(value) for value in row["box_px"].split())
        key = int(re.findall(r"\d+", row["patient_id"])[-1]), int(row["slice"])
        point = _Point((x0 + x1) / 2, (y0 + y1) / 2, min(x1 - x0, y1 - y0) / 4, name.split("_")[0], lesion_type)
        of_slice.setdefault(key, []).append(point)
    source = f"multi_organ/{name}"
    for number, (image, patient, where) in enumerate(
        zip(arrays["slices"], arrays["patient"], arrays["slice"], strict=True)
    ):
        yield _Slice(
            source,
            number,
            f"{name}-{patient}",
            _to_hu(image, FROM_WATER),
            USUAL_SPACING_MM * 512 / image.shape[0],
            (source, number),
            tuple(of_slice.get((int(patient), int(where)), ())),
        )


def _whole_slices(data: Path) -> Iterator[_Slice]:
    for name, lesion_type in ORGAN_SLICES.items():
        yield from _organ_slices(data, name, lesion_type)
    for name in ("deeplesion_keyslices", "spleen", "chest_organs", "chest_organs_2", "abdomen_organs"):
        folder = data / "multi_organ" / name
        rows = {int(row["slice_row"]): row for row in _table(folder / "lesions.csv")}
        source = f"multi_organ/{name}"
        for number, image in enumerate(_arrays(folder, "slices.npz")["slices"]):
            if number in rows:
                row = rows[number]
                spacing_mm = float(row["pixel_spacing_mm"] or USUAL_SPACING_MM)
                hu = _to_hu(image, _window_of(row, _PACKS[name]))
                yield _Slice(source, number, row["patient_id"], hu, spacing_mm, (source, number))
    for number, path in enumerate(sorted((data / "ct_slices").glob("*.png"))):
        hu = _to_hu(np.asarray(Image.open(path).convert("L")), SOFT_TISSUE)
        region_key = (f"ct_slices/{path.name}", 0)
        yield _Slice("ct_slices", number, f"DL{path.name[:6]}", hu, USUAL_SPACING_MM, region_key)


def _crop(image: NDArray[np.int16], x: float, y: float, spacing_mm: float) -> NDArray[np.int16]:
    """Crop ROI and context around a point; outside the slice there is air. Shape: (2, 64, 64)."""
    edge = int(2 * ROI_WIDTH_MM / spacing_mm)
    padded = np.pad(image, edge, constant_values=int(image.min()))
    box = PixelBox(round(x) + edge - 1, round(y) + edge - 1, round(x) + edge + 1, round(y) + edge + 1)
    spacing = (spacing_mm, spacing_mm)
    return np.stack([crop_box(padded, box, spacing, width_mm=times * ROI_WIDTH_MM) for times in (1, CONTEXT_WIDTHS)])


def _body_box(image: NDArray[np.int16]) -> tuple[int, int, int, int] | None:
    """Find the bounding box (x0, y0, x1, y1) of the body: the largest piece that is not as dark as the background."""
    coarse = image[::4, ::4]
    mask = ndimage.binary_closing(coarse > coarse.min() + 30, iterations=2)
    pieces, count = ndimage.label(ndimage.binary_opening(mask, iterations=3))
    if not count:
        return None
    largest = 1 + int(np.argmax(ndimage.sum_labels(mask, pieces, range(1, count + 1))))
    rows, columns = ndimage.find_objects(pieces)[largest - 1]
    if (rows.stop - rows.start) * (columns.stop - columns.start) < 0.03 * coarse.size:
        return None
    return 4 * columns.start, 4 * rows.start, 4 * columns.stop, 4 * rows.stop


def _bin(fraction: float) -> str:
    return str(int(np.clip(fraction * PLACE_BINS, 0, PLACE_BINS - 1)))


def _to_hu(pixels: NDArray[np.generic], window: tuple[float, float] | None) -> NDArray[np.int16]:
    if window is None:
        return pixels.astype(np.int16)
    low, high = window
    hu: NDArray[np.int16] = np.rint(low + pixels.astype(np.float32) * ((high - low) / 255)).astype(np.int16)
    return hu


def _window_of(row: dict[str, str], usual: tuple[float, float] | None) -> tuple[float, float] | None:
    """Read the window that a row names, as "-175, 275" or "unknown (likely -1500,500)"."""
    text = row.get("window", "").replace("unknown (likely", "").replace(")", "")
    parts = text.split(",")
    return (float(parts[0]), float(parts[1])) if len(parts) == 2 else usual


def _number(cell: str | None) -> float | None:
    return float(cell) if cell else None


def _split(patient: str) -> Split:
    return split_of(patient, TEST_SHARE, VALIDATION_SHARE)


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise LabelError(f"{path} cannot be read ({error}); give the folder that holds `multi_organ`") from error


def _arrays(folder: Path, name: str = "pack.npz") -> dict[str, NDArray[np.integer[Any]]]:
    if (folder / name).exists():
        with np.load(folder / name) as arrays:
            return dict(arrays)
    found = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    if "images" not in found:
        raise LabelError(f"{folder} has neither {name} nor images.npy; fetch it again")
    return found
