"""`import`: look at what was given, and turn every annotation that is understood into lesions of one ROI pack."""

import contextlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from encoder.names import LICENCE_RULE, NAME_RULE, is_licence, is_name
from tools.domain.patient_keys import PatientKeys
from tools.domain.progress import StageProgress
from tools.intake.messages import IntakeLimits
from tools.intake.sources import is_zip
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportFailure, ImportJob, LeftOut, LeftOutItem
from tools.pipelines.importers.boxes import is_coco, is_table_of_boxes, lesions_of_boxes
from tools.pipelines.importers.deeplesion import is_deeplesion, lesions_of_table
from tools.pipelines.importers.dicom_folder import AnnotationFile, DicomFolder, by_study
from tools.pipelines.importers.dicom_seg import lesions_of_seg
from tools.pipelines.importers.lesion_labels import LabelRule
from tools.pipelines.importers.lidc_xml import is_lidc, lesions_of_lidc
from tools.pipelines.importers.presentation import lesions_of_state
from tools.pipelines.importers.rtstruct import lesions_of_rtstruct
from tools.pipelines.importers.sr import lesions_of_sr
from tools.pipelines.importers.units import Unit, lesions_of_units, silent
from tools.pipelines.importers.volume_files import is_volume
from tools.pipelines.importers.volume_masks import lesions_of_volumes
from tools.pipelines.importers.volume_pairs import find_layout
from tools.pipelines.importers.write import ImportSummary, write_lesions

DICOM_READERS = {"SEG": lesions_of_seg, "RTSTRUCT": lesions_of_rtstruct, "SR": lesions_of_sr, "PR": lesions_of_state}
TableReader = Callable[[Path, DicomFolder, ImportJob], Iterator[AnnotatedLesion]]
TABLE_READERS: tuple[tuple[Callable[[Path], bool], TableReader], ...] = (
    (is_lidc, lesions_of_lidc),
    (is_deeplesion, lesions_of_table),
    (is_table_of_boxes, lesions_of_boxes),
    (is_coco, lesions_of_boxes),
)


@dataclass(frozen=True)
class ImportOptions:
    """What a person may say about an import: `labels` as `NAME` or `NAME=TYPE`; name and licence of the collection.

    `workers` are processes of Ray that read cases of volumes and annotated studies.
    """

    labels: tuple[str, ...] = ()
    source: str | None = None
    each_reader: bool = False
    licence: str | None = None
    workers: int | None = None


def import_annotations(
    what: Path,
    out: Path,
    keys: PatientKeys,
    limits: IntakeLimits,
    options: ImportOptions | None = None,
    progress: StageProgress = lambda stage, done, total: None,
) -> ImportSummary:
    """Write the lesions that a folder, zip or file marks as a ROI pack to `out`, which appears whole or not at all.

    Patients stand in it under their keys. Raises ImportFailure where there is nothing to import, PackError and
    StorageError where the pack cannot be written.
    """
    with _unpacked(what, limits) as root:
        return import_lesions(lambda job: all_lesions(root, job, progress), out, keys, limits, options)


def import_lesions(
    read: Callable[[ImportJob], Iterator[AnnotatedLesion]],
    out: Path,
    keys: PatientKeys,
    limits: IntakeLimits,
    options: ImportOptions | None = None,
) -> ImportSummary:
    """Write the lesions that `read` yields as `import_annotations` does."""
    options = options or ImportOptions()
    if options.source is not None and not is_name(options.source):
        raise ImportFailure(f"The name of a collection must be {NAME_RULE}.")
    if options.licence is not None and not is_licence(options.licence):
        raise ImportFailure(f"--licence must be {LICENCE_RULE}.")
    try:
        rule = LabelRule.parse(options.labels)
    except ValueError as error:
        raise ImportFailure(str(error)) from error
    left_out: list[LeftOutItem] = []
    job = ImportJob(
        keys,
        limits,
        rule,
        lambda item, reason: left_out.append(LeftOutItem(item, reason)),
        each_reader=options.each_reader,
        workers=options.workers,
    )
    with threadpool_limits(1, user_api="blas"):  # crops are small products: threads that share one wait for each other
        return write_lesions(read(job), out, options.source, left_out, options.licence)


def all_lesions(root: Path, job: ImportJob, progress: StageProgress) -> Iterator[AnnotatedLesion]:
    """Find what there is below a folder, and read each kind in turn."""
    folder = DicomFolder(job)
    volumes: list[Path] = []
    tables: list[tuple[Path, TableReader]] = []
    files = [root] if root.is_file() else _files(root)
    for done, path in enumerate(files, start=1):
        reader = next((reader for recognises, reader in TABLE_READERS if recognises(path)), None)
        if is_volume(path):
            volumes.append(path)
        elif reader is not None:
            tables.append((path, reader))
        else:
            folder.add(path)
        if done % 50 == 0 or done == len(files):
            progress("Looking at files", done, len(files))
    if not volumes and not folder.annotations and not tables:
        raise ImportFailure(
            f"{root.name} holds no annotations that are known ({len(files)} files, {len(folder.images)} of them DICOM "
            "images): give DICOM with SEG, RTSTRUCT, SR or GSPS, LIDC-IDRI with its XML, NIfTI or NRRD volumes with "
            "masks, or a CSV or COCO of boxes with its images."
        )
    base = root if root.is_dir() else root.parent
    if volumes:
        stage = replace(job, progress=lambda done, total: progress("Reading volumes", done, total))
        yield from lesions_of_volumes(find_layout(base, volumes), stage)
    folder.job = silent(job)
    studies = [Unit("a study", partial(_lesions_of_study, group, folder)) for group in by_study(folder.annotations)]
    stage = replace(job, progress=lambda done, total: progress("Reading annotated studies", done, total))
    yield from lesions_of_units(studies, stage)
    for done, (path, read) in enumerate(tables, start=1):
        try:
            yield from read(path, folder, job)
        except LeftOut as reason:
            job.skip(path.name, str(reason))
        progress("Reading tables", done, len(tables))


def _lesions_of_study(
    annotations: Sequence[AnnotationFile], folder: DicomFolder, job: ImportJob
) -> Iterator[AnnotatedLesion]:
    for annotation in annotations:
        try:
            yield from DICOM_READERS[annotation.kind](annotation, folder, job)
        except LeftOut as reason:
            job.skip(annotation.path.name, str(reason))


def _files(root: Path) -> list[Path]:
    """List the files below a folder, links followed but none twice, without what the system adds."""
    walked: set[Path] = set()
    found: list[Path] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if folder.resolve() in walked:
            continue
        walked.add(folder.resolve())
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue
            if path.is_dir():
                waiting.append(path)
            elif path.is_file():
                found.append(path)
    return sorted(found)


@contextlib.contextmanager
def _unpacked(what: Path, limits: IntakeLimits) -> Iterator[Path]:
    """Give a folder: that of an unpacked zip, deleted afterwards, or what was given. Raises ImportFailure."""
    if what.is_dir() or not is_zip(what):
        yield what
        return
    folder = Path(tempfile.mkdtemp(prefix="lesion-search-import-")) / what.stem
    try:
        with zipfile.ZipFile(what) as archive:
            _extract(archive, folder, limits)
        yield folder
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ImportFailure(f"{what.name} cannot be unpacked: {error}. Unpack it and give the folder.") from error
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)


def _extract(archive: zipfile.ZipFile, folder: Path, limits: IntakeLimits) -> None:
    members: Iterable[zipfile.ZipInfo] = [
        member for member in archive.infolist() if not stat.S_ISLNK(member.external_attr >> 16)
    ]
    total = sum(member.file_size for member in members)
    free = shutil.disk_usage(folder.parent).free
    packed = sum(member.compress_size for member in members)
    if total > max(packed * limits.max_ratio, limits.ratio_floor_bytes) or total > free // 2:
        raise ImportFailure(
            f"{Path(str(archive.filename)).name} unpacks to {total >> 20} MB, more than is done here "
            f"({free >> 20} MB are free): unpack it and give the folder."
        )
    for member in members:
        archive.extract(member, folder)  # never outside the folder: zipfile takes away what leads there
