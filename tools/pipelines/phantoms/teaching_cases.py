"""The teaching cases of the demo: which they are, and their ROI pack, which is shipped so that a first start is quick.

`python -m tools.pipelines.phantoms.teaching_cases` writes the shipped files after a change of the generator.
"""

import contextlib
import csv
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from encoder.pack import read_pack
from tools.domain.progress import Progress
from tools.pipelines.phantoms.generate import make_phantoms, write_patient

SHIPPED = Path(__file__).with_name("teaching_pack")  # of 60 patients and seed 0: images.npz, lesions.csv, truth.csv
WANTED_TYPES = ("lung", "liver", "kidney", "pelvis", "mediastinum", "bone")  # one case for each, in this order
BEST_LONG_AXIS_MM = 24.0  # easy to find, and small enough to leave surroundings
PLACES = {"chest": "Chest", "liver": "Upper abdomen", "abdomen": "Abdomen", "pelvis": "Pelvis"}
PEOPLE = {"F": "woman", "M": "man"}


def teaching_cases(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Choose a few telling lesions of different patients from a folder of phantoms (`truth.csv`, `pack/`).

    Each comes with a title that does not give it away, and its row of `truth.csv`. Raises OSError, KeyError.
    """
    with open(folder / "pack" / "lesions.csv", newline="", encoding="utf-8") as file:
        places = {row["lesion_id"]: row["body_part"] for row in csv.DictReader(file)}
    with open(folder / "truth.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    taken: set[str] = set()
    titles: set[str] = set()
    for wanted in (*WANTED_TYPES, *WANTED_TYPES):  # twice, so that a small folder still fills the shelf
        if len(taken) == len(WANTED_TYPES):
            return
        free = [row for row in rows if row["lesion_type"] == wanted and row["patient_id"] not in taken]
        if not free:
            continue
        row = min(free, key=lambda row: abs(float(row["long_axis_mm"]) - BEST_LONG_AXIS_MM))
        place = places[row["lesion_id"]]
        person = f"{row['age_years']}-year-old {PEOPLE.get(row['sex'], 'person')}"
        title = f"{PLACES.get(place, place.capitalize())} CT, {person}"
        if title in titles:
            continue
        titles.add(title)
        taken.add(row["patient_id"])
        yield title, row


def unpack_teaching_cases(out: Path, progress: Progress | None = None) -> None:
    """Write the shipped pack and the truth under `out`, and compute the DICOM series of the chosen cases' patients."""
    (out / "pack").mkdir(parents=True)
    for name in ("images.npz", "lesions.csv"):  # without their modes: where the program lies may be read-only
        shutil.copyfile(SHIPPED / name, out / "pack" / name)
    shutil.copyfile(SHIPPED / "truth.csv", out / "truth.csv")
    patients = sorted({int(row["patient_id"].split("-")[1]) for _, row in teaching_cases(out)})
    for done, number in enumerate(patients, start=1):
        for _ in write_patient(out, number - 1):
            pass
        if progress is not None:
            progress(done, len(patients))


def series_folder(cases: Path, row: Mapping[str, str]) -> Path:
    """Find the DICOM series that a row of `truth.csv` names below `cases`; it is computed where it is not there yet."""
    folder = cases / row["dicom_folder"]
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cases, prefix=".patient-") as part:
            for _ in write_patient(Path(part), int(row["patient_id"].split("-")[1]) - 1):
                pass
            with contextlib.suppress(OSError):  # another process was faster
                Path(part, "dicom", row["patient_id"]).rename(cases / "dicom" / row["patient_id"])
    return folder


def ship(folder: Path = SHIPPED) -> None:
    """Compute all phantoms anew, and write what is shipped of them."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        make_phantoms(made)
        pack = read_pack(made / "pack")
        assert pack.context is not None
        folder.mkdir(exist_ok=True)
        np.savez_compressed(folder / "images.npz", images=pack.images, context=pack.context)
        for table in (made / "pack" / "lesions.csv", made / "truth.csv"):
            shutil.copyfile(table, folder / table.name)


if __name__ == "__main__":
    ship()
