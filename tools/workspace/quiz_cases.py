"""Which lesions a quiz asks about, and how one is shown without telling its type.

The cases are those of the atlases that are searched: phantoms as the whole series they were painted in, all others as
the picture they were indexed with.
"""

import csv
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from encoder.pack import Images, read_pack
from encoder.roi import CONTEXT_WIDTHS, ROI_SIZE, ROI_WIDTH_MM, has_context
from tools.atlas.group import AtlasGroup
from tools.atlas.searchable import SearchableAtlas
from tools.domain.lesions import AtlasLesion
from tools.domain.lessons import Lesson, LessonError
from tools.domain.patient_keys import PatientKeys
from tools.domain.quiz import Difficulty, Quiz, QuizCase, QuizError, QuizPlan
from tools.domain.region import PixelBox
from tools.domain.study import SafeFacts, Series, Study
from tools.domain.windows import Window
from tools.intake.intake import read_study
from tools.regions.crop import best_window, crop_box, to_thumbnail
from tools.workspace.search import DEMO_SOURCE

MAX_POOL = 1000  # lesions whose margins are computed, drawn by the seed: enough to choose 50 from
LOOKALIKES = 3  # types beside the one that a quiz is about
UNKNOWN_SIZE_MM = 15.0  # of the box around a lesion whose size is not recorded
GREY = Window(255, 127.5)  # of a picture that was windowed before it was indexed
KEPT_STUDIES = 24
PICTURE_MM = 22.0  # long axis of a phantom that shows its kind best: large, with surroundings left


@dataclass(frozen=True)
class ShownCase:
    """How a case is opened: a study that names nothing, the slice (0-based), the window and the box of its lesion.

    `told` is the same study as its file describes it, for when the type is known.
    """

    study: Study
    told: Study
    slice_index: int
    window: Window
    box: PixelBox


@dataclass
class QuizCases:
    """The pictures of quiz cases; `samples` is the folder of phantom cases, and `series_of` finds the DICOM series of a
    row of its `truth.csv`. Safe to use from several threads."""

    atlas: SearchableAtlas
    samples: Path
    keys: PatientKeys
    series_of: Callable[[Mapping[str, str]], Path]
    _studies: dict[str, Study] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, case: QuizCase) -> ShownCase:
        """Prepare a case for the screen. Raises AtlasError, IntakeError."""
        lesion = case.lesion
        row = self._phantoms.get(lesion.lesion_id) if lesion.source == DEMO_SOURCE else None
        if row is None:
            return _picture(lesion, self.atlas.encoder_input(lesion.lesion_id))
        study = self._phantom_study(row)
        slice_index, box = int(row["slice"]) - 1, PixelBox(*(int(row[name]) for name in ("x0", "y0", "x1", "y1")))
        series = study.series[0]
        window = best_window(crop_box(series.volume_hu[slice_index], box, series.spacing_mm[1:]))
        return ShownCase(nameless(study), study, slice_index, window, box)

    def lesson_picture(self, lesson: Lesson) -> NDArray[np.uint8]:
        """Draw the phantom that shows best what a lesson is about: uint8 (64, 64). Raises LessonError without any."""
        lesion_type, density, margin = lesson.picture
        fitting = [
            (density not in ("", row["density"]), margin not in ("", row["margin"]),
             abs(float(row["long_axis_mm"]) - PICTURE_MM), number)
            for number, row in enumerate(self._phantoms.values())
            if row["lesion_type"] == lesion_type
        ]  # fmt: skip
        if not fitting:
            raise LessonError(f"There is no phantom that shows {lesson.lesion_type}.")
        return to_thumbnail(self._images[min(fitting)[-1]])

    @cached_property
    def _phantoms(self) -> dict[str, dict[str, str]]:
        """The rows of `truth.csv` by lesion; none where the phantoms are not there."""
        path = self.samples / "truth.csv"
        if not path.is_file():
            return {}
        with path.open(newline="", encoding="utf-8") as file:
            return {row["lesion_id"]: row for row in csv.DictReader(file)}

    @cached_property
    def _images(self) -> Images:
        """The ROIs of the phantoms (N, 64, 64), in the order of `truth.csv`."""
        return read_pack(self.samples / "pack").images

    def _phantom_study(self, row: Mapping[str, str]) -> Study:
        name = row["dicom_folder"]
        with self._lock:
            if name not in self._studies:
                while len(self._studies) >= KEPT_STUDIES:
                    del self._studies[next(iter(self._studies))]
                self._studies[name] = read_study(self.series_of(row), self.keys)
            return self._studies[name]


def make_quiz(atlas: SearchableAtlas, plan: QuizPlan) -> Quiz:
    """Choose the cases of a plan: types in turn, patients as different as can be, in an order that the seed alone says.

    About one type, half of the cases are of it and half of those it is taken for most easily. Raises QuizError where
    there is nothing to ask.
    """
    known = _pool(atlas, plan)
    types = sorted({case.lesion_type for case in known})
    turns = asked = _spelled(plan.types, types)
    if len(asked) == 1:
        alike = Counter(case.lookalike for case in known if case.lesion_type == asked[0])
        turns = [name for other, _ in alike.most_common(LOOKALIKES) for name in (asked[0], other)]
    turns = turns or types
    options = tuple(sorted(set(turns)))
    if len(options) < 2:
        raise QuizError("A quiz needs lesions of at least two types: choose more types, or another source of cases.")
    chosen = _in_turn(turns, [case for case in known if plan.difficulty in (None, case.difficulty)], plan.n)
    if not chosen:
        raise QuizError(f"No case here is {plan.difficulty}: choose another difficulty, or leave it open.")
    chosen.sort(key=lambda case: _digest(plan.quiz, "shown", case.lesion.lesion_id))
    return Quiz(plan, tuple(chosen), options)


def sources(atlas: SearchableAtlas) -> tuple[str, ...]:
    """Name the atlases that cases can come from, where there are several."""
    names = [member.name for member in atlas.members()] if isinstance(atlas, AtlasGroup) else []
    return tuple(names) if len(names) > 1 else ()


def nameless(study: Study) -> Study:
    """Give a study whose facts name no part of the body: for some types that would be the answer."""
    return replace(study, series=tuple(
        replace(series, facts=series.facts.model_copy(update={"body_part": None, "quiz_case": True}))
        for series in study.series
    ))  # fmt: skip


def _pool(atlas: SearchableAtlas, plan: QuizPlan) -> list[QuizCase]:
    """List the cases that may be asked about, in the order of the seed, with margins and difficulty.

    Difficulty is the teacher's, where one is recorded; else the third of the pool that its margin lies in.
    """
    view = atlas.view()
    catalog = view.catalog
    if plan.source and plan.source not in sources(atlas):
        raise QuizError(f"There is no atlas {plan.source!r} here: choose from {', '.join(sources(atlas)) or 'all'}.")
    usable = catalog.type >= 0
    if plan.source and view.atlas_of is not None:
        usable &= view.atlas_of == view.atlases.index(plan.source)
    rows = np.flatnonzero(usable).tolist()
    rows.sort(key=lambda row: _digest(plan.quiz, "drawn", bytes(catalog.ids[row]).decode()))
    if len(np.unique(catalog.type[rows])) < 2:
        raise QuizError("There are no lesions of two known types here to ask about: save cases, or open another atlas.")
    drawn, against, vectors = np.array(rows[:MAX_POOL]), np.sort(rows), atlas.vectors()
    likeness = vectors[drawn] @ vectors[against].T
    other_patient = catalog.patient[drawn][:, None] != catalog.patient[against][None]
    same_type = catalog.type[drawn][:, None] == catalog.type[against][None]
    own = np.where(same_type & other_patient, likeness, -1).max(axis=1)
    foreign = np.where(~same_type, likeness, -2)
    margins = own - foreign.max(axis=1)
    easy, hard = np.quantile(margins, (2 / 3, 1 / 3))
    lookalikes = catalog.type[against[foreign.argmax(axis=1)]]

    def difficulty(lesion: AtlasLesion, margin: float) -> Difficulty:
        if lesion.difficulty in ("easy", "medium", "hard"):
            return lesion.difficulty  # type: ignore[return-value]
        return "easy" if margin >= easy else "hard" if margin < hard else "medium"

    return [
        QuizCase(lesion, difficulty(lesion, float(margin)), float(margin), catalog.types[code])
        for lesion, margin, code in zip((catalog.lesion(row) for row in drawn), margins, lookalikes, strict=True)
    ]


def _spelled(wanted: tuple[str, ...], known: list[str]) -> list[str]:
    """Give types the atlas's spelling. Raises QuizError for one that it has not."""
    spelling = {name.casefold(): name for name in known}
    missing = [name for name in wanted if name.casefold() not in spelling]
    if missing:
        raise QuizError(f"There are no cases of {missing[0][:40]!r} here: choose from {', '.join(known)}.")
    return list(dict.fromkeys(spelling[name.casefold()] for name in wanted))


def _in_turn(turns: list[str], cases: list[QuizCase], n: int) -> list[QuizCase]:
    """Take up to `n` cases, a type after the other, each time the first one of the patient who was shown least."""
    queues = {name: [case for case in cases if case.lesion_type == name] for name in turns}
    shown: Counter[str] = Counter()
    chosen: list[QuizCase] = []
    while any(queues.values()) and len(chosen) < n:
        for name in turns:
            if queues[name] and len(chosen) < n:
                chosen.append(min(queues[name], key=lambda case: shown[case.lesion.patient_key]))
                queues[name].remove(chosen[-1])
                shown[chosen[-1].lesion.patient_key] += 1
    return chosen


def _digest(seed: str, purpose: str, lesion_id: str) -> bytes:
    """Mix a seed and a lesion into a number that no other case changes, as a shuffled list's would be."""
    return hashlib.sha256(f"{seed}\0{purpose}\0{lesion_id}".encode()).digest()


def _picture(lesion: AtlasLesion, image: NDArray[np.generic]) -> ShownCase:
    """Make a study of what a lesion was indexed with: the ROI, within its context where there is one."""
    roi = image[0] if image.ndim == 3 else image
    in_hu = roi.dtype == np.int16
    shown = roi.astype(np.int16)
    if image.ndim == 3 and has_context(image[1]):
        wide = ndimage.zoom(image[1].astype(np.float32), CONTEXT_WIDTHS, order=1, mode="nearest", grid_mode=True)
        wide[ROI_SIZE : 2 * ROI_SIZE, ROI_SIZE : 2 * ROI_SIZE] = roi
        shown = np.rint(wide).astype(np.int16)
    is_scaled = lesion.field_of_view_mm is not None or lesion.pixel_spacing_mm is not None
    spacing_mm = (lesion.field_of_view_mm or ROI_WIDTH_MM) / ROI_SIZE  # as it was resampled when it was indexed
    side = len(shown)
    half = min((lesion.long_axis_mm or UNKNOWN_SIZE_MM) / spacing_mm / 2 + 1, side / 2 - 1)
    box = PixelBox(*(round(side / 2 + sign * half) for sign in (-1, -1, 1, 1)))
    facts = SafeFacts(
        modality="CT",
        sex=lesion.sex if lesion.sex in ("F", "M", "O") else None,  # type: ignore[arg-type]
        age_years=None if lesion.age_years is None else min(lesion.age_years, 90),
        slices=1,
        rows=side,
        columns=side,
        row_spacing_mm=spacing_mm if is_scaled else None,
        column_spacing_mm=spacing_mm if is_scaled else None,
        units="HU" if in_hu else "arbitrary",
        synthetic=lesion.source == DEMO_SOURCE,
    )
    spacing = (1.0, spacing_mm, spacing_mm) if is_scaled else (1.0, 1.0, 1.0)
    window = best_window(roi.astype(np.int16)) if in_hu else GREY
    name = hashlib.sha256(lesion.lesion_id.encode()).hexdigest()[:12]
    series = Series(f"s-{name}", shown[None], spacing, np.zeros(1), None, window, facts)
    told = Study(lesion.study_key or f"s-{name}", lesion.patient_key, (series,))
    return ShownCase(nameless(told), told, 0, window, box)
