"""A body with one ellipsoid and a marker beside it, in any grid: what annotations of tests are made of."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

BODY_HU, LESION_HU, MARKER_HU = -60, 90, 900
MARKER_MM = np.array([26.0, 14.0, 0.0])  # from the lesion: to the patient's left and back


@dataclass(frozen=True)
class Ellipsoid:
    """A lesion: centre in mm (LPS), half axes in mm, turned by `angle` within the axial plane."""

    centre: tuple[float, float, float] = (3.0, -4.0, 2.0)
    half: tuple[float, float, float] = (14.0, 9.0, 10.0)
    angle: float = 0.5

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether points (..., 3) are inside."""
        x, y, z = np.moveaxis(points - np.array(self.centre), -1, 0)
        u = x * math.cos(self.angle) + y * math.sin(self.angle)
        v = y * math.cos(self.angle) - x * math.sin(self.angle)
        a, b, c = self.half
        return (u / a) ** 2 + (v / b) ** 2 + (z / c) ** 2 <= 1

    def long_axis_mm(self, z: float) -> float:
        """The longest diameter at a height z."""
        return 2 * max(self.half[:2]) * math.sqrt(max(0.0, 1 - ((z - self.centre[2]) / self.half[2]) ** 2))

    def outline(self, z: float, points: int = 400) -> np.ndarray:
        """Its outline at a height z, (points, 3) in mm."""
        shrink = math.sqrt(max(0.0, 1 - ((z - self.centre[2]) / self.half[2]) ** 2))
        turn = np.linspace(0, 2 * math.pi, points, endpoint=False)
        u, v = self.half[0] * shrink * np.cos(turn), self.half[1] * shrink * np.sin(turn)
        x = self.centre[0] + u * math.cos(self.angle) - v * math.sin(self.angle)
        y = self.centre[1] + u * math.sin(self.angle) + v * math.cos(self.angle)
        return np.stack([x, y, np.full(points, z)], axis=1)


def centres(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """The places of all voxels (..., 3); `affine` takes indices in the order of `shape` to mm."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    return index @ affine[:3, :3].T + affine[:3, 3]


def paint(points: np.ndarray, lesion: Ellipsoid) -> np.ndarray:
    """The HU of a body at points (..., 3): air, fat, the lesion, and a marker."""
    rng = np.random.default_rng(0)
    hu = np.where(np.hypot(points[..., 0], points[..., 1]) < 42, BODY_HU, -1000).astype(np.int16)
    hu += rng.integers(-8, 9, hu.shape).astype(np.int16)
    hu[lesion.contains(points)] = LESION_HU
    hu[np.linalg.norm(points - (np.array(lesion.centre) + MARKER_MM), axis=-1) < 4] = MARKER_HU
    return hu


def check_roi(roi: np.ndarray, field_of_view_mm: float) -> None:
    """The lesion is in the middle within half a pixel of the slice, and the marker to its left and back."""
    pixel = field_of_view_mm / len(roi)
    rows, columns = np.nonzero(np.abs(roi - LESION_HU) < 50)
    near = np.hypot(rows - 31.5, columns - 31.5) * pixel < 16
    assert abs(rows[near].mean() - 31.5) * pixel < 1.0
    assert abs(columns[near].mean() - 31.5) * pixel < 1.0
    if field_of_view_mm > 2 * (MARKER_MM[0] + 4):
        rows, columns = np.nonzero(roi > 500)
        assert abs((columns.mean() - 31.5) * pixel - MARKER_MM[0]) < 2.5
        assert abs((rows.mean() - 31.5) * pixel - MARKER_MM[1]) < 2.5


@dataclass
class CtSeries:
    """A CT series on disk: its data sets in the order of slices from the feet up."""

    folder: Path
    lesion: Ellipsoid = field(default_factory=Ellipsoid)
    spacing: tuple[float, float] = (0.8, 0.8)  # row, column
    gap: float = 2.5
    slices: int = 13
    size: int = 128
    tilt_mm: float = 0.0  # how far each slice is shifted to the front against the one below
    signs: tuple[int, int] = (1, 1)  # of the directions of columns and rows
    patient_id: str = "MARKED-4711"
    patient_name: str = "Mustermann^Erika"
    order: tuple[int, ...] = ()  # in which slices are numbered and named
    images: list[Dataset] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.study_uid, self.series_uid, self.frame_uid = generate_uid(), generate_uid(), generate_uid()
        order = self.order or tuple(range(self.slices))
        for k in range(self.slices):
            affine = self.affine(k)
            index = np.stack(np.meshgrid(np.arange(self.size), np.arange(self.size), indexing="ij"), axis=-1)
            points = index @ affine[:3, 1::-1].T + affine[:3, 3]
            self.images.append(self._write(k, paint(points, self.lesion), affine, order[k]))

    def affine(self, k: int) -> np.ndarray:
        """(column, row, -, 1) of slice k to mm."""
        affine = np.eye(4)
        affine[:3, 0] = (self.signs[0] * self.spacing[1], 0, 0)
        affine[:3, 1] = (0, self.signs[1] * self.spacing[0], 0)
        half = (self.size - 1) / 2
        shift = -self.tilt_mm * (k - (self.slices - 1) / 2)
        affine[:3, 3] = -affine[:3, 0] * half - affine[:3, 1] * half + np.array([0, shift, self.height(k)])
        return affine

    def height(self, k: int) -> float:
        return (k - (self.slices - 1) / 2) * self.gap

    def mask(self) -> np.ndarray:
        """The lesion, (slices, rows, columns)."""
        index = np.stack(np.meshgrid(np.arange(self.size), np.arange(self.size), indexing="ij"), axis=-1)
        planes = [index @ self.affine(k)[:3, 1::-1].T + self.affine(k)[:3, 3] for k in range(self.slices)]
        return np.stack([self.lesion.contains(points) for points in planes])

    def _write(self, k: int, hu: np.ndarray, affine: np.ndarray, number: int) -> Dataset:
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = CTImageStorage
        d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = self.study_uid, self.series_uid, self.frame_uid
        d.PatientName, d.PatientID, d.PatientSex, d.PatientAge = self.patient_name, self.patient_id, "F", "061Y"
        d.PatientBirthDate, d.StudyID, d.AccessionNumber, d.ReferringPhysicianName = "19640203", "X1", "ACC99", "Doe^J"
        d.StudyDate, d.StudyTime, d.Modality, d.BodyPartExamined = "20250301", "101010", "CT", "ABDOMEN"
        d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        d.SeriesNumber, d.InstanceNumber = 1, number + 1
        d.ImageOrientationPatient = [self.signs[0], 0, 0, 0, self.signs[1], 0]
        d.ImagePositionPatient = [round(float(v), 5) for v in affine[:3, 3]]
        d.PixelSpacing, d.SliceThickness = list(self.spacing), self.gap
        d.Rows = d.Columns = self.size
        d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.RescaleSlope, d.RescaleIntercept, d.RescaleType = 1, 0, "HU"
        d.add_new("PixelData", "OW", hu.astype("<i2").tobytes())
        d.save_as(self.folder / f"{number:03}.dcm", enforce_file_format=True)
        return d
