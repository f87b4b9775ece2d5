"""DeepLesion among what `import` recognises: `DL_info.csv` beside `Images_png`, or beside the 16-bit PNGs."""

from collections.abc import Iterator
from pathlib import Path

from tools.pipelines.import_deeplesion import Unreadable, list_lesions, read_slices
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, Person
from tools.pipelines.importers.dicom_folder import DicomFolder

TABLE, IMAGES = "DL_info.csv", "Images_png"
NOISY = "the authors of the data set marked it Possibly_noisy"


def is_deeplesion(path: Path) -> bool:
    """Recognise the table of DeepLesion by its name."""
    return path.name == TABLE


def lesions_of_deeplesion(path: Path, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read the lesions of the table. Raises ImportFailure where it is not DeepLesion's."""
    images = path.parent / IMAGES if (path.parent / IMAGES).is_dir() else path.parent
    lesions, skipped, noisy = list_lesions(images, path)
    for left_out in skipped:
        job.skip(f"{path.name}, line {left_out.line}", left_out.reason)
    if noisy:
        job.skip(f"{path.name}, {noisy} rows", NOISY)
    for lesion, seen in read_slices(lesions):
        against = job.labels.reason_against(lesion.row.lesion_type, is_finding=True)
        if against or isinstance(seen, Unreadable):
            job.skip(f"{path.name}, line {lesion.line}", against or str(seen))
            continue
        row = lesion.row
        yield AnnotatedLesion(
            lesion_id=row.lesion_id,
            person=Person(row.patient_id, row.study_id, row.sex, row.age_years),
            source=row.source or "",
            lesion_type=job.labels.lesion_type(row.lesion_type)[0],
            image=seen,
            spacing_mm=(lesion.spacing_mm, lesion.spacing_mm),
            slice_index=None if row.slice is None else row.slice - 1,
            box=lesion.box,
            long_axis_mm=row.long_axis_mm,
            short_axis_mm=row.short_axis_mm,
            split=row.split,
        )
