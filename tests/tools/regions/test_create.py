"""Regions: what is clicked or boxed is outlined and measured in mm; suggestions are places that stand out."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tools.domain.region import Measurement, PixelBox, RegionError
from tools.domain.study import SafeFacts, Series
from tools.regions.create import find_regions, region_from_box, region_from_click


def make_series(
    volume: np.ndarray, spacing: tuple[float, float, float] = (5.0, 0.8, 0.8), known: bool = True
) -> Series:
    volume = volume if volume.ndim == 3 else volume[None]
    slices, rows, columns = volume.shape
    facts = SafeFacts(
        modality="CT",
        slices=slices,
        rows=rows,
        columns=columns,
        row_spacing_mm=spacing[1] if known else None,
        column_spacing_mm=spacing[2] if known else None,
    )
    positions = np.arange(slices) * spacing[0]
    return Series("s-1", volume.astype(np.int16), spacing, positions, None, None, facts)


def body(
    rows: int = 400, columns: int = 400, spacing: tuple[float, float] = (0.8, 0.8), seed: int = 0, noise: float = 15
) -> np.ndarray:
    """An oval of soft tissue in air, with the noise of a CT."""
    y, x = np.mgrid[:rows, :columns]
    oval = ((x - columns / 2) / (0.45 * columns)) ** 2 + ((y - rows / 2) / (0.4 * rows)) ** 2 < 1
    return np.where(oval, 60.0, -1000.0) + np.random.default_rng(seed).normal(0, noise, (rows, columns))


def add_ellipse(
    image: np.ndarray,
    x: float,
    y: float,
    axes_mm: tuple[float, float],
    angle: float,
    hu: float,
    spacing: tuple[float, float],
) -> np.ndarray:
    """Adds `hu` inside an ellipse with full `axes_mm` around image coordinates (x, y)."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    dx, dy = (columns - x) * spacing[1], (rows - y) * spacing[0]
    u, v = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    return image + np.where((u / (axes_mm[0] / 2)) ** 2 + (v / (axes_mm[1] / 2)) ** 2 <= 1, hu, 0)


SMALL, LARGE = (8, 15), (15, 40)  # long axis in mm


def _measured(
    long_mm: float,
    short_mm: float,
    angle: float,
    hu: float,
    spacing: tuple[float, float],
    off: tuple[float, float],
    tissue: float = 60,
    noise: float = 15,
) -> Measurement:
    """What a click on an ellipse measures, `off` parts of its short axis beside its middle.

    A pixel on the border holds its share of both sides, as in a CT.
    """
    image = body(spacing=spacing, noise=noise) + (tissue - 60)
    parts = (-0.375, -0.125, 0.125, 0.375)
    for dx, dy in itertools.product(parts, parts):
        image = add_ellipse(image, 190 + dx, 210 + dy, (long_mm, short_mm), angle, hu / len(parts) ** 2, spacing)
    x, y = 190 + off[0] * short_mm / spacing[1], 210 + off[1] * short_mm / spacing[0]
    return region_from_click(make_series(image, (5, *spacing)), 0, x, y).measurement


@given(
    long_mm=st.one_of(st.floats(*SMALL), st.floats(*LARGE)),
    ratio=st.floats(0.5, 1),
    angle=st.floats(0, np.pi),
    hu=st.sampled_from([-120, -80, 90, 200]),
    spacing=st.tuples(st.floats(0.5, 1.2), st.floats(0.5, 1.2)),
    off=st.tuples(st.floats(-0.15, 0.15), st.floats(-0.15, 0.15)),
)
@settings(max_examples=examples(40))
def test_a_click_measures_an_ellipse_of_any_size_angle_and_spacing(
    long_mm: float, ratio: float, angle: float, hu: float, spacing: tuple[float, float], off: tuple[float, float]
) -> None:
    m = _measured(long_mm, long_mm * ratio, angle, hu, spacing, off)
    assert m.long_axis_mm == pytest.approx(long_mm, rel=0.25)
    assert m.short_axis_mm == pytest.approx(long_mm * ratio, rel=0.25)
    assert m.mean_hu == pytest.approx(60 + hu, abs=0.35 * abs(hu) + 5)
    assert m.min_hu <= m.mean_hu <= m.max_hu


@pytest.mark.parametrize("spacing", [(0.5, 0.5), (1.0, 1.0), (1.5, 1.5), (0.6, 1.2)])
@pytest.mark.parametrize("long_mm", [8, 10, 12, 15])
@pytest.mark.parametrize(
    ("tissue", "hu", "noise"), [(-100, 50, 8), (-100, 140, 15), (60, 40, 5), (60, 60, 10), (60, -80, 15)]
)
def test_small_lesions_are_no_larger_than_they_are(
    tissue: float, hu: float, noise: float, long_mm: float, spacing: tuple[float, float]
) -> None:
    errors = []
    for number, ratio in enumerate((1, 0.8, 0.6, 0.5)):
        m = _measured(long_mm, long_mm * ratio, 0.7 * number, hu, spacing, (0.1, -0.1), tissue, noise)
        assert m.long_axis_mm is not None
        assert m.short_axis_mm is not None
        errors += [m.long_axis_mm / long_mm - 1, m.short_axis_mm / (long_mm * ratio) - 1]
    assert max(np.abs(errors)) < 0.25
    assert abs(np.median(errors)) < 0.1


def test_an_outline_reaches_a_little_farther_into_lung_than_into_other_tissue() -> None:
    lung, other = (_measured(12, 12, 0, 880, (0.8, 0.8), (0, 0), tissue, noise=20) for tissue in (-850, -300))
    assert lung.long_axis_mm is not None
    assert other.long_axis_mm is not None
    assert 0.1 < lung.long_axis_mm - other.long_axis_mm < 1


def test_a_nodule_on_a_vessel_does_not_leak_along_it() -> None:
    image = np.full((300, 300), -850.0)
    image[146:150, :] = 40  # a vessel of 3 mm right through it
    image = np.where(add_ellipse(np.zeros_like(image), 150, 148, (14, 14), 0, 1, (0.7, 0.7)) > 0, 40, image)
    image += np.random.default_rng(1).normal(0, 20, image.shape)
    m = region_from_click(make_series(image, (5, 0.7, 0.7)), 0, 151, 147).measurement
    assert m.long_axis_mm == pytest.approx(14, abs=4)
    assert m.short_axis_mm == pytest.approx(14, abs=2)


def test_the_axes_are_perpendicular_inside_and_drawn_where_they_are() -> None:
    image = add_ellipse(body(), 180, 220, (30, 18), 0.5, 120, (0.8, 0.8))
    region = region_from_click(make_series(image), 0, 180, 220)
    (ax, ay, bx, by), (cx, cy, dx, dy) = region.measurement.long_axis_px, region.measurement.short_axis_px
    long, short = np.array([bx - ax, by - ay]), np.array([dx - cx, dy - cy])
    assert abs(long @ short) < 1e-6 * np.linalg.norm(long) * np.linalg.norm(short)
    assert np.linalg.norm(long) * 0.8 == pytest.approx(region.measurement.long_axis_mm)
    assert abs((np.arctan2(long[1], long[0]) % np.pi) - 0.5) < 0.15
    outline = np.array(region.outline_px)
    assert outline.mean(axis=0) == pytest.approx([180, 220], abs=1)
    assert region.box.x0 <= outline[:, 0].min()
    assert outline[:, 0].max() <= region.box.x1


def test_without_spacing_nothing_is_said_in_mm() -> None:
    image = add_ellipse(body(), 180, 220, (30, 18), 0.5, 120, (1, 1))
    m = region_from_click(make_series(image, (1, 1, 1), known=False), 0, 180, 220).measurement
    assert (m.long_axis_mm, m.short_axis_mm, m.area_mm2) == (None, None, None)
    assert m.mean_hu == pytest.approx(180, abs=20)
    assert np.hypot(m.long_axis_px[2] - m.long_axis_px[0], m.long_axis_px[3] - m.long_axis_px[1]) > 25


def test_a_click_into_even_tissue_gives_a_disc_of_10_mm() -> None:
    region = region_from_click(make_series(body()), 0, 200, 200)
    assert region.measurement.long_axis_mm == pytest.approx(10, abs=0.1)
    assert (region.origin, region.outline) == ("click", "disc")


def test_a_box_is_kept_and_the_lesion_in_it_measured() -> None:
    image = add_ellipse(body(), 180, 220, (24, 16), 0, -90, (0.8, 0.8))
    box = PixelBox(160, 205, 201, 236)
    region = region_from_box(make_series(image), 0, box, "R7")
    assert (region.box, region.region_id, region.origin, region.outline) == (box, "R7", "box", "measured")
    assert region.measurement.long_axis_mm == pytest.approx(24, abs=3)
    assert region.measurement.short_axis_mm == pytest.approx(16, abs=3)
    outline = np.array(region.outline_px)
    assert (outline >= (159.9, 204.9)).all()
    assert (outline <= (201.1, 236.1)).all()


def test_a_box_around_nothing_is_measured_as_its_ellipse_and_says_so() -> None:
    region = region_from_box(make_series(body()), 0, PixelBox(150, 180, 200, 210))
    m = region.measurement
    assert region.outline == "box"
    assert m.long_axis_mm == pytest.approx(50 * 0.8, rel=0.01)
    assert m.short_axis_mm == pytest.approx(30 * 0.8, rel=0.02)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("off", [(0, 0), (3, -2)])
def test_a_loose_box_measures_the_ball_in_it(seed: int, off: tuple[int, int]) -> None:
    image = np.random.default_rng(seed).normal(50, 10, (128, 128))
    image = add_ellipse(image, 64 + off[0], 64 + off[1], (20, 20), 0, 100, (0.8, 0.8))
    region = region_from_box(make_series(image), 0, PixelBox(20, 20, 108, 108))
    assert region.outline in ("measured", "unsure")
    assert region.measurement.long_axis_mm == pytest.approx(20, abs=2)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.0), (0.8, 0.8), (0.4, 0.4)])
def test_without_noise_the_ball_is_measured_and_not_the_body_around_it(spacing: tuple[float, float]) -> None:
    rows, columns = np.mgrid[:128, :128]
    image = np.where(np.hypot((rows - 64) * spacing[0], (columns - 64) * spacing[1]) < 60 * min(spacing), 50, -1000)
    image = np.where(np.hypot((rows - 64) * spacing[0], (columns - 64) * spacing[1]) < 10, 150, image)
    series = make_series(image.astype(np.float64), spacing=(2.0, *spacing))
    for region in (region_from_click(series, 0, 64, 64), region_from_box(series, 0, PixelBox(30, 30, 98, 98))):
        assert region.outline in ("measured", "unsure")
        assert region.measurement.long_axis_mm == pytest.approx(20, abs=1.5)
        assert region.measurement.mean_hu == pytest.approx(150, abs=3)


@pytest.mark.parametrize("box", [(180, 20, 240, 70), (10, 170, 50, 230), (330, 60, 380, 120)])
def test_a_box_over_air_and_skin_does_not_claim_a_lesion(box: tuple[int, int, int, int]) -> None:
    region = region_from_box(make_series(body()), 0, PixelBox(*box))
    assert region.outline == "box"
    assert region.measurement.long_axis_mm == pytest.approx(0.8 * max(box[2] - box[0], box[3] - box[1]), rel=0.02)


def test_a_clear_lesion_is_measured_and_what_is_suggested_says_what_it_is() -> None:
    image = add_ellipse(body(), 180, 220, (24, 16), 0, 120, (0.8, 0.8))
    assert region_from_click(make_series(image), 0, 181, 219).outline == "measured"
    assert {region.outline for region in find_regions(make_series(image))} <= {"measured", "unsure", "disc"}


@pytest.mark.parametrize(("x", "y"), [(0, 0), (399.9, 399.9), (400, 400), (0, 250), (200, 0.1)])
def test_clicks_at_the_very_edge_stay_inside(x: float, y: float) -> None:
    region = region_from_click(make_series(body()), 0, x, y)
    outline = np.array(region.outline_px)
    assert (outline >= 0).all()
    assert (outline <= 400).all()
    assert 0 <= region.box.x0 < region.box.x1 <= 400


@given(
    st.integers(2, 60),
    st.integers(2, 60),
    st.data(),
)
@settings(max_examples=examples(40))
def test_any_image_any_box_any_click_gives_finite_measures(rows: int, columns: int, data: st.DataObject) -> None:
    volume = np.random.default_rng(data.draw(st.integers(0, 9))).integers(-1000, 2000, (1, rows, columns))
    if data.draw(st.booleans()):
        volume[:] = data.draw(st.sampled_from([-1024, 0, 3071]))
    series = make_series(volume)
    x0, y0 = data.draw(st.integers(0, columns - 2)), data.draw(st.integers(0, rows - 2))
    x1, y1 = data.draw(st.integers(x0 + 2, columns)), data.draw(st.integers(y0 + 2, rows))
    x, y = data.draw(st.floats(0, columns)), data.draw(st.floats(0, rows))
    regions = [region_from_box(series, 0, PixelBox(x0, y0, x1, y1)), region_from_click(series, 0, x, y)]
    for region in [*regions, *find_regions(series)]:
        values = [value for value in vars(region.measurement).values() if isinstance(value, float)]
        assert np.isfinite(values).all()
        assert region.measurement.long_axis_mm is not None
        assert region.measurement.short_axis_mm is not None
        assert region.measurement.short_axis_mm <= region.measurement.long_axis_mm + 1e-6


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda s: region_from_click(s, 0, 401, 5), "column 401, row 5 is outside .* columns go from 0 to 399"),
        (lambda s: region_from_click(s, 0, -1, 5), "outside the image"),
        (lambda s: region_from_click(s, 0, float("nan"), 5), "outside the image"),
        (lambda s: region_from_click(s, 3, 5, 5), "no slice 4; this series has slices 1 to 1"),
        (lambda s: region_from_click(s, -1, 5, 5), "no slice 0"),
        (lambda s: region_from_box(s, 0, PixelBox(9, 9, 9, 40)), "9,9,9,40 has no area"),
        (lambda s: region_from_box(s, 0, PixelBox(40, 9, 20, 40)), "has no area"),
        (lambda s: region_from_box(s, 0, PixelBox(390, 9, 420, 40)), "outside the image; x goes from 0 to 400"),
        (lambda s: find_regions(s, 7), "no slice 8"),
    ],
)
def test_what_cannot_be_measured_is_said(action, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RegionError, match=message):
        action(make_series(body()))


def lung_slice(seed: int) -> np.ndarray:
    """A chest with two lungs, vessels and a spine."""
    image = body(seed=seed)
    image = np.where(add_ellipse(np.zeros_like(image), 120, 200, (90, 150), 0, 1, (0.8, 0.8)) > 0, -850, image)
    image = np.where(add_ellipse(np.zeros_like(image), 280, 200, (90, 150), 0, 1, (0.8, 0.8)) > 0, -850, image)
    image[150:153, 80:170] = 20
    image[230:234, 240:330] = 20
    return image + np.random.default_rng(seed).normal(0, 20, image.shape)


def test_a_nodule_is_the_first_suggestion_and_a_vessel_is_not() -> None:
    image = add_ellipse(lung_slice(0), 110, 190, (14, 12), 0, 880, (0.8, 0.8))
    found = find_regions(make_series(image))
    assert [region.region_id for region in found] == [f"R{i}" for i in range(1, len(found) + 1)]
    assert all(region.origin == "suggested" for region in found)
    scores = [region.score for region in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    first = found[0].box
    assert (first.x0 + first.x1) / 2 == pytest.approx(110, abs=3)
    assert (first.y0 + first.y1) / 2 == pytest.approx(190, abs=3)


def test_a_lesion_on_several_slices_is_suggested_once() -> None:
    volume = np.stack([lung_slice(i) for i in range(6)])
    for i in (2, 3):
        volume[i] = add_ellipse(volume[i], 110, 190, (14, 12), 0, 880, (0.8, 0.8))
    found = find_regions(make_series(volume))
    there = [r for r in found if abs((r.box.x0 + r.box.x1) / 2 - 110) < 6 and abs((r.box.y0 + r.box.y1) / 2 - 190) < 6]
    assert len(there) == 1
    assert there[0].slice_index in (2, 3)
    assert found[0] == there[0]


def test_suggestions_repeat_and_obey_the_limit() -> None:
    image = add_ellipse(lung_slice(0), 110, 190, (14, 12), 0, 880, (0.8, 0.8))
    series = make_series(image)
    assert find_regions(series, 0, 2) == find_regions(series, 0)[:2]
    assert find_regions(make_series(np.full((64, 64), -1000))) == []


def test_on_teaching_cases_clicks_and_suggestions_agree_with_the_truth(tmp_path: Path) -> None:
    import csv

    from tools.domain.patient_keys import PatientKeys
    from tools.intake.intake import read_study
    from tools.pipelines.phantoms.generate import make_phantoms

    make_phantoms(tmp_path, patients=2, seed=2)
    with (tmp_path / "truth.csv").open() as file:
        truth = list(csv.DictReader(file))
    series = {
        folder: read_study(tmp_path / folder, PatientKeys(b"x")).series[0]
        for folder in sorted({row["dicom_folder"] for row in truth})
    }
    right = suggested = 0
    for row in truth:
        one, index = series[row["dicom_folder"]], int(row["slice"]) - 1
        x0, y0, x1, y1 = (int(row[name]) for name in ("x0", "y0", "x1", "y1"))
        measured = region_from_click(one, index, (x0 + x1) / 2, (y0 + y1) / 2).measurement.long_axis_mm
        right += abs(measured - float(row["long_axis_mm"])) < max(3, 0.25 * float(row["long_axis_mm"]))
        centers = [((r.box.x0 + r.box.x1) / 2, (r.box.y0 + r.box.y1) / 2) for r in find_regions(one, index)]
        suggested += any(x0 <= x <= x1 and y0 <= y <= y1 for x, y in centers)
    assert right >= 0.6 * len(truth)
    assert suggested >= 0.25 * len(truth)


@pytest.mark.shared
def test_readers_and_clicks_agree_on_the_size_of_real_nodules(shared_data: Path) -> None:
    import csv

    with (shared_data / "lidc" / "lesions.csv").open() as file:
        rows = list(csv.DictReader(file))
    images = np.load(shared_data / "lidc" / "images.npz")["images"]
    sure = [i for i, r in enumerate(rows) if float(r["match_cost"] or 9) < 0.6 and int(r["n_readers"]) >= 3][::60]
    ratios = []
    for i in sure:
        spacing = float(rows[i]["pixel_spacing_mm"])
        series = make_series(images[i].astype(np.int16) * 4, (1, spacing, spacing))
        area = region_from_click(series, 0, 32, 32).measurement.area_mm2
        ratios.append(np.sqrt(area / (float(rows[i]["area_px"]) * spacing**2)))
    assert 0.8 < np.median(ratios) < 1.2
    assert np.mean(np.abs(np.log(ratios)) < np.log(1.5)) > 0.7
