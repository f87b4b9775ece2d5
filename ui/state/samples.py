"""The teaching cases one click away: a few telling phantoms, named without giving the diagnosis away."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from tools.domain.patient_keys import PatientKeys
from tools.domain.study import Study
from tools.domain.windows import LUNG_WINDOW, SOFT_TISSUE_WINDOW, Window
from tools.intake.intake import read_study
from tools.pipelines.phantoms.teaching_cases import teaching_cases
from tools.regions.crop import apply_window


class SampleError(LesionSearchError):
    """The sample cases are missing, or there is no such case."""


@dataclass(frozen=True)
class Sample:
    """One case: where its DICOM files are, and the slice (0-based) and window in which its lesion is seen first."""

    sample_id: str
    title: str
    folder: Path
    slice_index: int
    window: Window


class SampleShelf:
    """The cases of a phantom folder (`truth.csv`, `dicom/`, `pack/`). Studies are read once and kept: they are small,
    never change, and belong to no patient."""

    def __init__(self, folder: Path, keys: PatientKeys) -> None:
        self._folder = folder
        self._keys = keys
        self._studies: dict[str, Study] = {}
        self._lock = threading.Lock()

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """The chosen cases, of different patients. Raises SampleError."""
        try:
            return tuple(_choose(self._folder))
        except (OSError, KeyError, ValueError) as error:
            raise SampleError(
                f"The sample cases in {self._folder} cannot be read: delete that folder and start again."
            ) from error

    def get(self, sample_id: str) -> Sample:
        """Find a case by its id. Raises SampleError for an unknown one."""
        for sample in self.samples:
            if sample.sample_id == sample_id:
                return sample
        raise SampleError("There is no such sample case: choose one of those shown.")

    def study(self, sample: Sample) -> Study:
        """Read a case as a study, once."""
        with self._lock:
            if sample.sample_id not in self._studies:
                self._studies[sample.sample_id] = read_study(sample.folder, self._keys)
            return self._studies[sample.sample_id]

    def warm_up(self) -> None:
        """Read all cases, so that the first click opens at once."""
        for sample in self.samples:
            with contextlib.suppress(LesionSearchError):  # said when it is opened
                self.study(sample)

    def picture(self, sample: Sample) -> NDArray[np.uint8]:
        """Draw the slice the case opens on: uint8 (rows, columns), every second one of each."""
        image = self.study(sample).series[0].volume_hu[sample.slice_index]
        return apply_window(image[::2, ::2], sample.window)


def _choose(folder: Path) -> Iterator[Sample]:
    for number, (title, row) in enumerate(teaching_cases(folder), start=1):
        window = LUNG_WINDOW if row["lesion_type"] == "lung" else SOFT_TISSUE_WINDOW
        yield Sample(f"case{number}", title, folder / row["dicom_folder"], int(row["slice"]) - 1, window)
