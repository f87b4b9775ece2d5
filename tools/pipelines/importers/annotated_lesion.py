"""What every importer of annotations yields, and what it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from tools.domain.patient_keys import PatientKeys
from tools.domain.progress import Progress
from tools.domain.region import PixelBox
from tools.intake.messages import IntakeLimits
from tools.pipelines.importers.lesion_labels import LabelRule


@dataclass(frozen=True)
class LeftOutItem:
    """A file, label or lesion that was left out, or read with a loss, and why."""

    what: str
    reason: str


class ImportFailure(LesionSearchError):  # noqa: N818 - what it is called in a sentence
    """Nothing of what was given can be imported; `left_out` says of each part why, where parts were looked at."""

    def __init__(self, message: str, left_out: Sequence[LeftOutItem] = ()) -> None:
        super().__init__(message)
        self.left_out = tuple(left_out)


class LeftOut(Exception):  # noqa: N818 - a reason, not a failure
    """One file, label or lesion cannot be used, for a reason; the rest is read."""


@dataclass(frozen=True)
class Person:
    """What is known of whose lesion it is; both identifiers are keys or names of a public data set's cases."""

    patient_key: str
    study_key: str | None = None
    sex: str | None = None
    age_years: int | None = None
    body_part: str | None = None


@dataclass(frozen=True, eq=False)
class AnnotatedLesion:
    """One lesion as a file marks it, on its key slice: the one on which its area is largest.

    `image` are the HU of that slice, shape (rows, columns), `spacing_mm` is (row, column). `lesion_type` has passed
    `lesion_labels`. Axes are None where the file marks a box alone.
    """

    lesion_id: str
    person: Person
    source: str
    lesion_type: str | None
    image: NDArray[np.int16]
    spacing_mm: tuple[float, float]
    slice_index: int | None  # None: the slice stands alone
    box: PixelBox
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    split: str | None = None  # of a collection that has one


def _tell_nobody(*_: object) -> None:
    """Stands where nobody listens; other than a lambda it can be sent to another process."""


@dataclass(frozen=True)
class ImportJob:
    """What an importer works with. `skip` is told what was left out and why, `progress` how far it is.

    `workers` are processes of Ray that read cases and studies, where they are wanted.
    """

    keys: PatientKeys
    limits: IntakeLimits
    labels: LabelRule = field(default_factory=LabelRule)
    skip: Callable[[str, str], None] = _tell_nobody
    progress: Progress = _tell_nobody
    each_reader: bool = False  # every reader's outline too, where several readers marked one lesion
    workers: int | None = None
