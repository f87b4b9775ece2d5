"""How quickly the page answers a user: a real browser, the real server in a process of its own, 300 slices.

Times are taken inside the browser, from the pointer's event to the frame after the change was painted.
"""

import contextlib
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from encoder.errors import LesionSearchError
from eval.performance.machine import describe_cpu
from tools.pipelines.demo import ensure_samples, open_workspace_parts, patient_keys
from tools.settings import Settings
from ui.state.samples import Sample, SampleShelf

if TYPE_CHECKING:
    from playwright.sync_api import Page

SLICES = 300
RUNS = 30
OPENINGS = 5  # of the whole series, as files and as a zip
STEPS = 5  # interpolated slices from one slice of the phantom to the next
CLEAR_EVERY = 5  # questions of one conversation
PAUSE_MS = 500  # between two doings: nobody reads and types faster
JITTER_PX = 2  # so that no two clicks are the same
WAIT_MS = 60_000
VIEWPORT = {"width": 1280, "height": 720}
OPEN_FILES, OPEN_ZIP = "last file sent to middle slice", "zip sent to middle slice"
CLICK, FIRST_WORD, COMPLETE = "click to outlined region", "question to first word", "question to answer with gallery"
TARGETS_MS = {OPEN_FILES: 1000.0, OPEN_ZIP: 1000.0, CLICK: 150.0, FIRST_WORD: 300.0, COMPLETE: 1200.0}  # p95

# Waits in the browser: what was awaited is noted with the time of the frame that shows it.
_CLOCK = """
() => {
  const clock = window.pageSpeed = { start: 0, seen: {}, awaited: {} };
  const after = (paint) => requestAnimationFrame(() => setTimeout(paint));
  const look = () => {
    for (const [name, there] of Object.entries(clock.awaited)) if (there()) {
      delete clock.awaited[name];
      after(() => { clock.seen[name] = performance.now() - clock.start; });
    }
  };
  const everything = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document.body, everything);
  document.addEventListener("load", look, true);
  document.addEventListener("pointerup", () => { clock.start = performance.now(); }, true);
  performance.setResourceTimingBufferSize(10000);
}
"""
_AWAIT_OPENING = """
() => {
  const stage = document.querySelector(".stage"), before = stage.dataset.study;
  performance.clearResourceTimings();
  Object.assign(window.pageSpeed, { start: 0, seen: {}, awaited: {
    opening: () => stage.dataset.study !== before && Number(stage.dataset.shown) > 0,
  } });
}
"""
_LAST_FILE_SENT = """
() => Math.max(...performance.getEntriesByType("resource").filter((each) => each.name.includes("/uploads/"))
  .map((each) => each.responseEnd))
"""
_AWAIT_REGION = """
() => {
  const regions = () => document.querySelectorAll(".regions li").length, before = regions();
  Object.assign(window.pageSpeed, { seen: {}, awaited: { region: () => regions() > before } });
}
"""
_AWAIT_ANSWER = """
(region) => {
  const asked = () => [...document.querySelectorAll("#chat [data-testid=user]")]
    .find((each) => each.textContent.includes(region));
  const follows = (each, one) => one && one.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
  const said = () => [...document.querySelectorAll("#chat [data-testid=bot] > .message-content")];
  const answered = () => said().some((each) => each.textContent.trim() && follows(each, asked()));
  const shown = (each) => each && each.offsetParent !== null;
  const pictures = () => [...document.querySelectorAll(".hits img")];
  Object.assign(window.pageSpeed, { seen: {}, awaited: {
    word: answered,
    complete: () => answered() && shown(document.querySelector("#send")) &&
      document.querySelector(".gallery .title").textContent.endsWith(" " + region) &&
      pictures().length > 0 && pictures().every((each) => each.complete && each.naturalWidth),
  } });
}
"""


class PageSpeedError(LesionSearchError):
    """The browser or the server that is to be measured is not there."""


class PageTiming(BaseModel):
    """One wait of a user: percentiles over the runs, and what they shall stay under."""

    name: str
    runs: int
    p50_ms: float
    p95_ms: float
    target_ms: float

    @property
    def met(self) -> bool:
        """Tell whether the 95th percentile is under the target."""
        return self.p95_ms < self.target_ms


class PageSpeedReport(BaseModel):
    """One run on one machine. `load` is the mean number of busy processes when it began: over zero, others worked."""

    cpu: str
    load: float
    slices: int
    atlas_size: int
    timings: tuple[PageTiming, ...]


@dataclass(frozen=True)
class _Spot:
    """Where a lesion is in the long series: column, row, slice (0-based)."""

    column: float
    row: float
    slice_index: int


def measure_page_speed(runs: int = RUNS, slices: int = SLICES, settings: Settings | None = None) -> PageSpeedReport:
    """Open a series of `slices` slices a few times, then click, ask and look `runs` times. Raises PageSpeedError.

    The atlas is that of the settings; the demo's is made when there is none.
    """
    settings = settings or Settings()
    load = os.getloadavg()[0]
    _, atlas = open_workspace_parts(settings)
    sample = SampleShelf(ensure_samples(settings), patient_keys(settings)).samples[1]
    with tempfile.TemporaryDirectory() as folder:
        files = write_long_series(sample.folder, Path(folder), slices)
        packed = _pack(files, Path(folder) / "series.zip")
        spot = _lesion_in(settings.samples, sample)
        with _server(settings) as address, _page(address) as page:
            opened = [(_open(page, files), _open(page, [packed])) for _ in range(OPENINGS)]
            rounds = [_one_round(page, spot, number) for number in range(1, runs + 1)]
    times = [*zip(*opened, strict=True), *zip(*rounds, strict=True)]
    return PageSpeedReport(
        cpu=describe_cpu(),
        load=round(load, 2),
        slices=slices,
        atlas_size=len(atlas),
        timings=tuple(
            PageTiming(
                name=name,
                runs=len(column),
                p50_ms=float(np.percentile(column, 50)),
                p95_ms=float(np.percentile(column, 95)),
                target_ms=target,
            )
            for column, (name, target) in zip(times, TARGETS_MS.items(), strict=True)
        ),
    )


def write_long_series(source: Path, out: Path, slices: int) -> list[Path]:
    """Write a series of many slices of 1 mm from a phantom's few: up and down through it, interpolated in between.

    Slice `STEPS * k` is slice k of the source, for all of its slices.
    """
    import pydicom
    from pydicom.uid import UID

    originals = [pydicom.dcmread(file) for file in sorted(source.glob("*.dcm"))]
    if len(originals) < 2:
        raise PageSpeedError(f"{source} holds no series to make a longer one of: delete the sample cases.")
    volume = np.stack([each.pixel_array for each in originals]).astype(np.float32)
    last = STEPS * (len(originals) - 1)
    written = []
    for number in range(slices):
        place = (last - abs(number % (2 * last) - last)) / STEPS
        below = min(int(place), len(originals) - 2)
        mixed = volume[below] * (below + 1 - place) + volume[below + 1] * (place - below)
        slice_ = originals[0]
        slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.{number + 1}")
        slice_.InstanceNumber = number + 1
        slice_.ImagePositionPatient = [*slice_.ImagePositionPatient[:2], float(number)]
        slice_.SliceLocation = float(number)
        slice_.SliceThickness = slice_.SpacingBetweenSlices = 1
        slice_.PixelData = mixed.round().astype("<u2").tobytes()
        path = out / f"{number + 1:04d}.dcm"
        slice_.save_as(path, enforce_file_format=True)
        written.append(path)
    return written


def to_markdown(report: PageSpeedReport) -> str:
    """Format the report as a Markdown table."""
    r = report
    rows = "".join(
        f"| {t.name} | {t.runs} | {t.p50_ms:.0f} ms | {t.p95_ms:.0f} ms | under {t.target_ms:.0f} ms "
        f"| {'yes' if t.met else 'no'} |\n"
        for t in r.timings
    )
    return (
        f"{r.slices} slices, {r.atlas_size} atlas lesions, {r.cpu}, load {r.load:.1f} at the start. "
        "The planner answers alone.\n\n"
        "| | runs | p50 | p95 | target for p95 | met |\n|---|---|---|---|---|---|\n" + rows
    )


def _lesion_in(samples: Path, sample: Sample) -> _Spot:
    """Find the largest lesion on the slice a sample opens on."""
    with (samples / "truth.csv").open(newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if samples / row["dicom_folder"] == sample.folder and int(row["slice"]) == sample.slice_index + 1
        ]
    row = max(rows, key=lambda each: float(each["long_axis_mm"]))
    x0, y0, x1, y1 = (int(row[name]) for name in ("x0", "y0", "x1", "y1"))
    return _Spot((x0 + x1) / 2, (y0 + y1) / 2, STEPS * sample.slice_index)


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """Run `lesion-search serve` on a free port and yield its address."""
    environment = dict(os.environ, LESION_SEARCH_DATA=str(settings.data), LESION_SEARCH_MODEL="offline")
    command = [sys.executable, "-c", "from ui.cli.main import main; main()", "serve", "--port", "0"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http://" not in line:
                raise PageSpeedError("The server did not start: try `lesion-search serve` to see why.")
            yield line[line.index("http://") :].strip()
        finally:
            process.terminate()


@contextlib.contextmanager
def _page(address: str) -> Iterator["Page"]:
    """Open the page in Chromium, after the server has warmed up."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise PageSpeedError('Playwright is not installed: pip install "lesion-search[dev]".') from error
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise PageSpeedError("There is no Chromium on the PATH: apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type]
        page.set_default_timeout(WAIT_MS)
        page.goto(address)
        page.locator(".samples button").first.wait_for()
        page.evaluate(_CLOCK)
        yield page
        browser.close()


def _pack(files: list[Path], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def _open(page: "Page", files: list[Path]) -> float:
    """Time in ms from the last file sent to the middle slice on the screen. Waits until all slices are there."""
    page.evaluate(_AWAIT_OPENING)
    page.locator("input[type=file]").set_input_files([str(file) for file in files])
    seen_ms = _seen(page, "opening")
    sent_ms = float(page.evaluate(_LAST_FILE_SENT))
    page.locator(".loaded.complete").wait_for(state="attached")
    return seen_ms - sent_ms


def _one_round(page: "Page", spot: _Spot, number: int) -> tuple[float, float, float]:
    """Click the lesion, ask about it, and delete the region again: three times in milliseconds."""
    page.locator(".slider").fill(str(spot.slice_index))
    page.locator(f".stage[data-shown='{spot.slice_index + 1}']").wait_for()
    page.evaluate(_AWAIT_REGION)
    across, down = number % (2 * JITTER_PX + 1) - JITTER_PX, number // (2 * JITTER_PX + 1) % 3 - 1
    page.mouse.click(*_on_screen(page, spot.column + across, spot.row + down))
    click_ms = _seen(page, "region")
    region = page.locator(".regions li.selected").get_attribute("data-region")
    page.locator("#ask textarea").fill(f"What does {region} look like?")
    page.wait_for_timeout(PAUSE_MS)
    page.evaluate(_AWAIT_ANSWER, region)
    page.locator("#send").click()
    complete_ms = _seen(page, "complete")
    word_ms = _seen(page, "word")
    page.locator(f".regions li[data-region={region}] button").last.click()
    page.locator(f".regions li[data-region={region}]").wait_for(state="detached")
    if number % CLEAR_EVERY == 0:
        page.locator("#chat button[aria-label*='lear']").first.click()
        page.locator("#chat .user").first.wait_for(state="detached")
    page.wait_for_timeout(PAUSE_MS)
    return click_ms, word_ms, complete_ms


def _seen(page: "Page", name: str) -> float:
    """Time in ms from the pointer lifted to this on the screen."""
    return float(page.wait_for_function("name => window.pageSpeed.seen[name]", arg=name, polling=20).json_value())


def _on_screen(page: "Page", column: float, row: float) -> tuple[float, float]:
    stage = page.locator(".stage")
    stage.scroll_into_view_if_needed()
    frame = stage.bounding_box()
    if frame is None:
        raise PageSpeedError("The viewer is not on the screen: the page has changed and this measure with it.")
    size, origin, corner = (
        [float(value) for value in (stage.get_attribute(f"data-{name}") or "").split()]
        for name in ("size", "origin", "corner")
    )
    return (
        frame["x"] + origin[0] + (corner[0] - origin[0]) * column / size[0],
        frame["y"] + origin[1] + (corner[1] - origin[1]) * row / size[1],
    )
