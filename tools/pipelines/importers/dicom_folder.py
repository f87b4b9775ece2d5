"""A folder of DICOM: which files are images, which are annotations, and the series that an annotation is of.

Identifiers are used to find images and go no further: what leaves here are `Series` of intake and keys.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tools.domain.study import Series
from tools.intake.dicom import header
from tools.intake.intake import IntakeError, read_studies
from tools.intake.messages import Reason
from tools.pipelines.importers.annotated_lesion import ImportJob, LeftOut, Person
from tools.pipelines.index import not_of_a_body

ANNOTATIONS = {
    Reason.SEGMENTATION: "SEG",
    Reason.STRUCTURES: "RTSTRUCT",
    Reason.REPORT: "SR",
    Reason.PRESENTATION: "PR",
}
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SCANNED = ["SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "Modality"]
IDENTIFYING = ("PatientName", "PatientID", "OtherPatientIDs", "AccessionNumber", "PatientBirthName")


@dataclass(frozen=True)
class ImageFile:
    """One file of images, by what refers to it."""

    path: Path
    sop_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    study_uid: str = field(repr=False)
    frame_of_reference_uid: str = field(repr=False)


@dataclass(frozen=True)
class AnnotationFile:
    """One file of annotations: SEG, RTSTRUCT, SR or presentation state (PR)."""

    path: Path
    kind: str
    study_uid: str = field(repr=False)


@dataclass(frozen=True, eq=False)
class ReferredSeries:
    """A series that something refers to, whose it is, and where each image went: slice by SOP UID and frame, from 1."""

    series: Series
    person: Person
    slice_of: dict[tuple[str, int], int] = field(repr=False)

    def slice_index(self, sop_uid: str, frame: int = 1) -> int | None:
        """Find the slice of an image; None where it is of another series."""
        return self.slice_of.get((sop_uid, frame))


@dataclass
class DicomFolder:
    """What was found, and the series read last: annotations of one series follow each other."""

    job: ImportJob
    images: dict[str, ImageFile] = field(default_factory=dict)  # by SOP Instance UID
    annotations: list[AnnotationFile] = field(default_factory=list)
    _read: dict[frozenset[str], list[ReferredSeries]] = field(default_factory=dict)

    def add(self, path: Path) -> bool:
        """Look at the head of a file; False where it is not DICOM."""
        try:
            meta = read_file_meta_info(path)
            if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
                self.job.skip(path.name, "it is deflated; store it uncompressed")
                return True
            head = dcmread(path, stop_before_pixels=True, specific_tags=SCANNED)
        except Exception:  # pydicom raises many kinds for what is not DICOM, or damaged
            return False
        texts = [header.text(head, keyword) for keyword in SCANNED]
        sop_class, sop_uid, series_uid, study_uid, frame_uid, _ = texts
        kind = ANNOTATIONS.get(header.non_image(head) or Reason.EMPTY)
        if kind == "RTSTRUCT" and sop_class != RT_STRUCTURE_SET:
            return True  # a plan or a treatment record
        if kind:
            self.annotations.append(AnnotationFile(path, kind, study_uid))
        elif header.non_image(head) is None:
            self.images[sop_uid] = ImageFile(path, sop_uid, series_uid, study_uid, frame_uid)
        return True

    def open(self, annotation: AnnotationFile) -> Dataset:
        """Read an annotation whole. Raises LeftOut where it is damaged or too large."""
        if annotation.path.stat().st_size > self.job.limits.max_file_bytes:
            raise LeftOut(f"it is larger than {self.job.limits.max_file_bytes >> 20} MB")
        try:
            return dcmread(annotation.path)
        except RecursionError as error:
            raise LeftOut("its sequences are nested too deeply") from error
        except Exception as error:
            raise LeftOut("it is damaged") from error

    def referred(
        self, sop_uids: Iterable[str], series_uids: Iterable[str], study_uid: str, frame_uids: Iterable[str]
    ) -> list[ReferredSeries]:
        """Find the CT series that references name: by image, else by series, else by frame of reference and study.

        The series with most of the named images comes first. Raises LeftOut where none is here.
        """
        named = set(sop_uids)
        here = [self.images[uid] for uid in named if uid in self.images]
        by_image = Counter(image.series_uid for image in here)
        wanted = {uid for uid, _ in by_image.most_common(1)}
        if not wanted:
            known = {image.series_uid for image in self.images.values()}
            wanted = set(series_uids) & known
        if not wanted:
            frames = set(frame_uids) - {""}
            wanted = {
                image.series_uid
                for image in self.images.values()
                if image.frame_of_reference_uid in frames and image.study_uid == study_uid
            }
        if not wanted:
            raise LeftOut("the images it refers to are not here")
        found = self._series(frozenset(wanted))
        if not found:
            raise LeftOut("the images it refers to are not CT in Hounsfield units")
        return sorted(found, key=lambda one: -sum(uid in named for uid, _ in one.slice_of))

    def _series(self, wanted: frozenset[str]) -> list[ReferredSeries]:
        """Read series in the sandbox of intake, each with its slices by SOP UID. What is no CT is left out and told."""
        if wanted in self._read:
            return self._read[wanted]
        images = sorted((i for i in self.images.values() if i.series_uid in wanted), key=lambda image: image.path)
        try:
            studies = read_studies([image.path for image in images], self.job.keys, self.job.limits)
        except IntakeError as error:
            raise LeftOut(f"its images cannot be read: {error}".rstrip(".")) from error
        read = []
        for study in studies:
            patient = study.patient_key or study.study_key.replace("s-", "p-", 1)
            for series in study.series:
                if not_of_a_body(series):
                    continue
                facts = series.facts
                person = Person(patient, study.study_key, facts.sex, facts.age_years, facts.body_part)
                multi = {file for file, count in Counter(series.files).items() if count > 1}
                slices = {
                    (images[file - 1].sop_uid, (series.image_number(i) or 1) if file in multi else 1): i
                    for i, file in enumerate(series.files)
                }
                read.append(ReferredSeries(series, person, slices))
        self._read = {wanted: read}
        return read


def identifying_words(dataset: Dataset) -> set[str]:
    """List the words and numbers, of three letters or more, that name the patient of a file: no label may hold one."""
    words: set[str] = set()
    for keyword in IDENTIFYING:
        found = header.value(dataset, keyword)
        for part in str(found if found is not None else "").replace("^", " ").replace("=", " ").split():
            words.update(word for word in part.replace("-", " ").replace("_", " ").split() if len(word) > 2)
    return words


def by_study(annotations: Iterable[AnnotationFile]) -> list[list[AnnotationFile]]:
    """Put the annotations of each study together, segmentations first."""
    studies: dict[str, list[AnnotationFile]] = defaultdict(list)
    for annotation in annotations:
        studies[annotation.study_uid].append(annotation)
    order = list(ANNOTATIONS.values())
    return [sorted(group, key=lambda one: (order.index(one.kind), one.path)) for _, group in sorted(studies.items())]
