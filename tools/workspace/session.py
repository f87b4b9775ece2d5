"""One user's workspace: their study, regions, searches and files, reachable by nobody else."""

import secrets
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from encoder.embedder import Embedder
from encoder.errors import LesionSearchError
from tools.atlas.searchable import SearchableAtlas
from tools.domain.annotation import Annotation
from tools.domain.facts import SearchFacts
from tools.domain.quiz import Quiz, QuizPlan
from tools.domain.region import PixelBox, Region, RegionError, same_lesion, same_outline
from tools.domain.study import Series, Study
from tools.domain.view import Looked, OpenStudy, ViewChange
from tools.regions.create import region_from_box, region_from_click
from tools.regions.drawn import annotation_from_points, fitted_outline, region_from_outline
from tools.regions.volume import RegionVolume
from tools.workspace.undo import ChangedCase, KeptRegion

MAX_NAME_LENGTH = 40
MAX_REGIONS = 40  # more than a user keeps apart; bounds a session's memory


class SessionError(LesionSearchError):
    """The session has no study, or not the thing that was asked for."""


@dataclass
class Session:
    """Everything one user has open. Safe to use from several threads; `close` deletes what it wrote.

    `folder` belongs to this session alone and is made by it.
    """

    folder: Path
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    study: Study | None = None
    revision: int = 0  # grows with every change, so that a screen knows when to redraw
    shown: tuple[int, int] | None = None  # the slice (0-based index) that was asked for last, and the revision then
    view: tuple[ViewChange, int] | None = None  # what was asked of the view last, and the revision then
    looked: Looked | None = None  # what the screen says it looks at; None: it has not said
    undoable: list[tuple[KeptRegion, ...] | ChangedCase] = field(
        default_factory=list
    )  # deleted or outlined anew, newest last
    searched_last: bool = False  # a search came after the newest of them
    quiz: Quiz | None = None  # whose cases this session shows
    open_studies: tuple[OpenStudy, ...] = ()  # of the same person, which can be put beside this one
    ordered_quiz: QuizPlan | None = None  # in words; the page opens it beside this session
    _series_key: str | None = None
    _regions: dict[str, Region] = field(default_factory=dict)
    _selected: dict[str, str] = field(default_factory=dict)  # by series: its region chosen last
    _searches: dict[str, SearchFacts] = field(default_factory=dict)
    volumes: dict[str, tuple[Region, RegionVolume]] = field(default_factory=dict)  # each with what it was grown from
    _annotations: dict[str, Annotation] = field(default_factory=dict)
    _next_annotation: int = 1
    _next_number: int = 1
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # -- study -----------------------------------------------------------------------------------------------
    def open(self, study: Study) -> None:
        """Show a study from its best series; regions and searches of the last one are dropped."""
        with self._lock:
            self._stop_loading()
            self.study = study
            self._series_key = study.series[0].series_key
            self._regions.clear()
            self._searches.clear()
            self._selected.clear()
            self._annotations.clear()
            self.volumes.clear()
            self.undoable.clear()
            self.shown = self.view = self.looked = None
            self._next_number = self._next_annotation = 1
            self.revision += 1

    def _stop_loading(self) -> None:
        if self.study is not None:
            self.study.stop_loading()

    @property
    def series(self) -> Series:
        """The series on the screen. Raises SessionError when nothing is open."""
        with self._lock:
            if self.study is None:
                raise SessionError("No study is open yet: upload a DICOM file or choose a sample case first.")
            return next(s for s in self.study.series if s.series_key == self._series_key)

    def choose_series(self, series_key: str) -> None:
        """Bring another series of the study to the screen; regions and selection stay with their own series."""
        with self._lock:
            if self.study is None or all(s.series_key != series_key for s in self.study.series):
                raise SessionError("This study has no such series: choose one of the listed series.")
            self._series_key = series_key
            self.view = self.looked = None
            self.revision += 1
            self.shown = None if self.selected is None else (self.selected.slice_index, self.revision)

    def choose_series_number(self, number: int) -> Series:
        """Bring series `number` (1 is the first listed) to the screen, and return it. Raises SessionError."""
        with self._lock:
            self.choose_series(self.series_of_number(number).series_key)
            return self.series

    def series_of_number(self, number: int) -> Series:
        """Find series `number` (1 is the first listed). Raises SessionError."""
        with self._lock:
            count = len(self.study.series) if self.study is not None else 0
            if self.study is None or not 1 <= number <= count:
                held = "holds 1 series" if count == 1 else f"holds series 1 to {count}"
                raise SessionError(
                    f"There is no series {number}: this upload {held}."
                    if count
                    else "No study is open yet: upload a DICOM file or choose a sample case first."
                )
            return self.study.series[number - 1]

    def slice_of_image(self, image_number: int) -> int:
        """Find the slice (0-based index) of the series on the screen by the file's own image number.

        Raises SessionError where the file states none, not this one, or the same for several slices.
        """
        numbers = self.series.image_numbers
        known = sorted({n for n in numbers if n is not None})
        found = [index for index, number in enumerate(numbers) if number == image_number]
        if len(found) == 1:
            return found[0]
        if found:
            raise SessionError(f"The file gives the number {image_number} to {len(found)} images, so it names none.")
        if not known:
            raise SessionError("The file does not number its images: ask by the slice number that the viewer shows.")
        raise SessionError(
            f"There is no image {image_number} in this series: the file numbers its images {known[0]} to {known[-1]}."
        )

    def show_slice(self, slice_index: int) -> None:
        """Bring a slice (0-based index) of the series to the screen."""
        with self._lock:
            self.revision += 1
            self.shown = slice_index, self.revision
            if self.looked is None or self.looked.slice_index != slice_index:
                self.looked = Looked(slice_index)

    def change_view(self, change: ViewChange) -> None:
        """Have the screen look at the series otherwise."""
        with self._lock:
            self.revision += 1
            self.view = change, self.revision

    # -- regions ---------------------------------------------------------------------------------------------
    def regions(self) -> tuple[Region, ...]:
        """List regions of the series on the screen, oldest first."""
        with self._lock:
            return tuple(self._regions[i] for i in sorted(self._regions, key=_number) if self._is_here(i))

    def region(self, region_id: str) -> Region:
        """Find one region by id, whatever its case. Raises RegionError naming the ones there are."""
        with self._lock:
            found = self._regions.get(region_id.strip().upper())
            if found is None or not self._is_here(found.region_id):
                known = ", ".join(r.region_id for r in self.regions()) or "none yet"
                raise RegionError(
                    f"There is no region {region_id.strip()[:12]} on this series (regions: {known}): "
                    "click a lesion, draw a box, or ask for suggestions."
                )
            return found

    @property
    def selected(self) -> Region | None:
        """The region "this" refers to: the one chosen last, if any."""
        with self._lock:
            return self._regions.get(self._selected.get(self._series_key or "", ""))

    def select(self, region_id: str) -> Region:
        """Make a region the one that "this" refers to, and bring its slice to the screen."""
        with self._lock:
            region = self.region(region_id)
            self._selected[region.series_key] = region.region_id
            self.show_slice(region.slice_index)
            return region

    def deselect(self) -> None:
        """Choose no region of the series on the screen."""
        with self._lock:
            self._selected.pop(self._series_key or "", None)
            self.revision += 1

    def wherever(self, region_id: str) -> Region | None:
        """Find a region of any series of the study, None where there is none."""
        with self._lock:
            return self._regions.get(region_id)

    def all_regions(self) -> dict[str, Region]:
        """Copy the regions of all series, by id."""
        with self._lock:
            return dict(self._regions)

    def add_click(self, slice_index: int, x: float, y: float) -> Region:
        """Outline the lesion at column x, row y. The new region is selected."""
        return self._add(region_from_click(self.series, slice_index, x, y))

    def add_box(self, slice_index: int, box: PixelBox) -> Region:
        """Measure the lesion inside a box. The new region is selected."""
        return self._add(region_from_box(self.series, slice_index, box))

    def add_outline(self, slice_index: int, outline: Sequence[tuple[float, float]]) -> Region:
        """Measure inside an outline drawn by hand. The new region is selected."""
        return self._add(region_from_outline(self.series, slice_index, np.array(outline, float)))

    def add_suggestions(self, found: Sequence[Region]) -> tuple[Region, ...]:
        """Keep suggested regions, in their order; where a region is already there, that one is returned instead.

        The first, which is the best, is selected.
        """
        with self._lock:
            kept = tuple(self._add(region, select=False) for region in found)
            if kept:
                self.select(kept[0].region_id)
            return kept

    def accept(self, region_id: str) -> Region:
        """Accept a suggestion as the user's own: it becomes a region like any other."""
        with self._lock:
            region = replace(self.region(region_id), origin="click", score=None)
            self._regions[region.region_id] = region
            return self.select(region_id)

    def rename(self, region_id: str, name: str) -> Region:
        """Give a region a name of the user's own, cut where it is too long; an empty one takes it away."""
        with self._lock:
            region = replace(self.region(region_id), name=" ".join(name.split())[:MAX_NAME_LENGTH])
            self._regions[region.region_id] = region
            self.revision += 1
            return region

    def resize(self, region_id: str, box: PixelBox) -> Region:
        """Measure again inside a moved or resized box, an outline drawn by hand with it; the id stays, its old search
        is dropped."""
        old = self.region(region_id)
        if old.origin == "drawn":
            new = region_from_outline(self.series, old.slice_index, fitted_outline(old, box), old.region_id)
        else:
            new = region_from_box(self.series, old.slice_index, box, old.region_id)
        with self._lock:
            self._regions[old.region_id] = replace(new, name=old.name)
            self._searches.pop(old.region_id, None)
            return self.select(old.region_id)

    def remove(self, region_id: str) -> None:
        """Forget a region and its search."""
        with self._lock:
            region = self.region(region_id)
            was_selected = self.selected == region
            del self._regions[region.region_id]
            self._searches.pop(region.region_id, None)
            self.revision += 1
            if not was_selected:
                return
            left = self.regions()
            if left:
                self.select(left[-1].region_id)
            else:
                self.deselect()

    def put_back(self, region: Region, search: SearchFacts | None) -> Region:
        """Bring back a region as it was, with its search; what has its id by now is replaced. It is selected."""
        with self._lock:
            if region.region_id not in self._regions:
                self._check_room()
            self._regions[region.region_id] = region
            self.choose_series(region.series_key)
            self.restore_search(region.region_id, search)
            return self.select(region.region_id)

    def _add(self, region: Region, select: bool = True) -> Region:
        with self._lock:
            twin = next((r for r in self.regions() if same_lesion(r, region)), None)
            if twin is not None and region.origin == "suggested":
                return twin
            if twin is None:
                self._check_room()
            region_id = twin.region_id if twin is not None else f"R{self._next_number}"
            self._next_number += twin is None
            region = replace(region, region_id=region_id, name=twin.name if twin is not None else "")
            if twin is None or not same_outline(twin, region):
                self._searches.pop(region_id, None)
            self._regions[region_id] = region
            self.revision += 1
            return self.select(region_id) if select else region

    def _check_room(self) -> None:
        if len(self._regions) >= MAX_REGIONS:
            raise RegionError(f"A session keeps at most {MAX_REGIONS} regions: delete some you no longer need.")

    def _is_here(self, region_id: str) -> bool:
        return self._regions[region_id].series_key == self._series_key

    # -- lengths and angles ----------------------------------------------------------------------------------
    def annotations(self) -> tuple[Annotation, ...]:
        """List lengths and angles of the series on the screen, oldest first."""
        with self._lock:
            return tuple(a for a in self._annotations.values() if a.series_key == self._series_key)

    def annotation(self, annotation_id: str) -> Annotation:
        """Find a length or an angle by its id. Raises RegionError."""
        with self._lock:
            found = self._annotations.get(annotation_id)
            if found is None or found.series_key != self._series_key:
                raise RegionError(f"There is no measurement {annotation_id} on this series: draw it with the ruler.")
            return found

    def annotate(self, slice_index: int, points: tuple[tuple[float, float], ...]) -> Annotation:
        """Keep a length (two points) or an angle (three) that was drawn on a slice. Raises RegionError."""
        with self._lock:
            if len(self._annotations) >= MAX_REGIONS:
                raise RegionError(f"A session keeps at most {MAX_REGIONS} measurements: delete some.")
            made = annotation_from_points(self.series, slice_index, points, f"M{self._next_annotation}")
            self._annotations[made.annotation_id] = made
            self._next_annotation += 1
            self.revision += 1
            return made

    def name_annotation(self, annotation_id: str, name: str) -> None:
        """Give a length or an angle a name of the user's own. Raises RegionError."""
        with self._lock:
            self._annotations[annotation_id] = replace(self.annotation(annotation_id), name=name)
            self.revision += 1

    def remove_annotation(self, annotation_id: str) -> None:
        """Forget a length or an angle. Raises RegionError."""
        with self._lock:
            del self._annotations[self.annotation(annotation_id).annotation_id]
            self.revision += 1

    # -- searches and files ----------------------------------------------------------------------------------
    def remember_search(self, region: Region, result: SearchFacts) -> None:
        """Keep the last search of a region, for the gallery and the report, and bring that region to the screen.

        Where the region was changed or deleted meanwhile, nothing is kept: the search is of what was there before.
        """
        with self._lock:
            now = self._regions.get(region.region_id)
            if now is None or not same_outline(now, region):
                return
            self._searches[region.region_id] = result
            self.searched_last = True
            if self._is_here(region.region_id):
                self.select(region.region_id)

    def search_of(self, region_id: str) -> SearchFacts | None:
        """Read the last search of a region, if there was one."""
        with self._lock:
            return self._searches.get(region_id)

    def restore_search(self, region_id: str, result: SearchFacts | None) -> None:
        """Put a region's search back to what an earlier answer found; None: there was none."""
        with self._lock:
            if result is None:
                self._searches.pop(region_id, None)
            elif region_id in self._regions:
                self._searches[region_id] = result
            self.revision += 1

    def forget_searches(self) -> None:
        """Drop what was searched; study and regions stay."""
        with self._lock:
            self._searches.clear()

    def files_folder(self) -> Path:
        """Make the session's own folder, readable by this user only."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder

    def close(self) -> None:
        """Forget everything and delete the session's files."""
        with self._lock:
            self._stop_loading()
            self.study = None
            self._series_key = None
            self._regions.clear()
            self._selected.clear()
            self._searches.clear()
            self.volumes.clear()
            self.undoable.clear()
            self._annotations.clear()
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Workspace:
    """What a tool works on: one user's session, and the atlas and encoder that all share."""

    session: Session
    atlas: SearchableAtlas
    embedder: Embedder


def _number(region_id: str) -> int:
    return int(region_id[1:])
