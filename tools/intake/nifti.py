"""NIfTI volumes: turned to axial slices whatever order they are stored in, and read as an upload's frames.

The format (https://nifti.nimh.nih.gov/nifti-1) names neither patient nor modality nor unit, so that values count as
Hounsfield units only where air and tissue lie as on CT. Loads nibabel when the first such file comes.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.intake.messages import FrameRecord, Note, Reason
from tools.intake.plausibility import AIR_BELOW_HU, SOFT_TISSUE_FROM_HU, reason_against_values
from tools.intake.sources import GZIP_BITS, GZIP_MAGIC, Budget, LeftOutError, inflate

_MAX_LABELS = 150  # a mask has no more values, and an image of 8 bits hardly fewer
UNITS_MM = {"meter": 1000.0, "micron": 0.001}
VOXEL_MM = 0.04, 50.0
RIGHT_ANGLE = 1e-3  # cosine between rows and columns that is still one


@dataclass(frozen=True, eq=False)
class AxialVoxels:
    """Voxels (slices, rows, columns): axial slices from the feet up, rows to the back, columns to the left.

    `affine` (4, 4) takes (slice, row, column, 1) to millimetres (LPS). `stated` is False where the file does not say
    how it lies: then it is taken as most scanners store it.
    """

    voxels: NDArray[Any]
    affine: NDArray[np.float64]
    stated: bool = True


def read_axial(image: Any, check: Callable[[tuple[int, ...]], None]) -> AxialVoxels:
    """Read the voxels of a nibabel image; `check` is called with their shape before.

    Raises ValueError where the axes do not span a space, and what nibabel raises for damaged files.
    """
    shape = image.shape
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    check(shape)
    slope, intercept = image.dataobj.slope, image.dataobj.inter
    voxels = np.asarray(image.dataobj.get_unscaled()).reshape(shape, order="F")
    if (slope, intercept) != (1, 0):
        voxels = voxels.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    header = image.header
    stated = not hasattr(header, "get_sform") or bool(header["sform_code"] or header["qform_code"])
    unit_mm = UNITS_MM.get(header.get_xyzt_units()[0], 1.0) if hasattr(header, "get_xyzt_units") else 1.0
    if not VOXEL_MM[0] <= unit_mm * float(np.linalg.norm(image.affine[:3, :3], axis=0).max()) <= VOXEL_MM[1]:
        unit_mm = 1.0  # numbers of millimetres that are called something else
    return to_axial(voxels, np.diag([-unit_mm, -unit_mm, unit_mm, 1.0]) @ image.affine, stated)


def to_axial(voxels: NDArray[Any], affine: NDArray[np.float64], stated: bool) -> AxialVoxels:
    """Turn voxels (i, j, k) with an LPS affine: first the axis most along z, upwards, then y backwards, x leftwards.

    Raises ValueError where the axes do not span a space.
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(directions).all() or abs(np.linalg.det(directions)) < 0.1:
        raise ValueError("its axes do not span a space")
    order: list[int] = []
    for row in (2, 1, 0):  # z, y, x: each takes the axis that is most along it
        order.append(max((a for a in range(3) if a not in order), key=lambda axis: abs(directions[row, axis])))
    turned, placed = voxels.transpose(order), affine[:, [*order, 3]].copy()
    for axis, row in enumerate((2, 1, 0)):
        if placed[row, axis] < 0:
            turned = np.flip(turned, axis)
            placed[:3, 3] += placed[:3, axis] * (turned.shape[axis] - 1)
            placed[:3, axis] *= -1
    return AxialVoxels(turned, placed, stated)


def to_int16(voxels: NDArray[Any]) -> NDArray[np.int16]:
    """Round to whole Hounsfield units; what is not a number becomes air."""
    if voxels.dtype == np.int16:
        return voxels
    finite = np.nan_to_num(np.rint(voxels), nan=-1024, posinf=3071, neginf=-1024)
    whole: NDArray[np.int16] = finite.clip(-32768, 32767).astype(np.int16)
    return whole


def decode_nifti(
    data: bytes, file: int, budget: Budget, wanted: Collection[int] | None = None
) -> Iterator[tuple[FrameRecord, NDArray[np.generic]]]:
    """Decode the slices of a NIfTI file, or the `wanted` ones, as `decode_file` does DICOM. Raises LeftOutError."""
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    if data.startswith(GZIP_MAGIC):
        data = inflate(data, budget, GZIP_BITS)
    try:
        volume = _read(data, budget, wanted)
    except (LeftOutError, MemoryError):
        raise
    except Exception as error:  # nibabel raises many kinds on damaged files
        raise LeftOutError(Reason.DAMAGED) from error
    pixels, notes = _in_hu(volume.voxels)
    if not volume.stated:
        notes.append(Note.SIDES_UNKNOWN)
    step, down, along = (volume.affine[:3, axis] for axis in range(3))
    row_mm, column_mm = float(np.linalg.norm(down)), float(np.linalg.norm(along))
    if abs(float(down @ along)) > RIGHT_ANGLE * row_mm * column_mm:
        raise LeftOutError(Reason.DAMAGED)
    for frame, image in enumerate(pixels):
        if wanted is not None and frame not in wanted:
            continue
        position = volume.affine[:3, 3] + frame * step
        kind: Literal["int16", "float32"] = "int16" if image.dtype == np.int16 else "float32"
        yield (
            FrameRecord(
                file=file,
                frame=frame,
                rows=image.shape[0],
                columns=image.shape[1],
                dtype=kind,
                digest=hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest(),
                patient_id="",
                study_uid="",
                series_uid=digest,
                sop_uid=f"{digest}.{frame}",
                modality="CT",
                position_mm=_vector(position),
                row_direction=_vector(along / column_mm),
                column_direction=_vector(down / row_mm),
                row_spacing_mm=row_mm,
                column_spacing_mm=column_mm,
                notes=tuple(notes),
                multi_frame=True,
            ),
            image,
        )


def _read(data: bytes, budget: Budget, wanted: Collection[int] | None) -> AxialVoxels:
    import nibabel

    def check(shape: tuple[int, ...]) -> None:
        if len(shape) != 3 or min(shape) < 1:
            raise LeftOutError(Reason.AXES)
        voxels = int(np.prod([float(n) for n in shape]))
        budget.spend_voxels(voxels if wanted is None else voxels // max(shape) * len(wanted))

    kind = nibabel.Nifti1Image if data[344:348] == b"n+1\0" else nibabel.Nifti2Image
    volume = read_axial(kind.from_bytes(data), check)
    budget.spend_frames(len(volume.voxels))
    return volume


def _in_hu(voxels: NDArray[Any]) -> tuple[NDArray[np.generic], list[Note]]:
    """Take voxels for HU (int16) where air and tissue prove it, else for numbers without unit (float32).

    Raises LeftOutError for a mask.
    """
    if voxels.dtype.kind not in "iuf":
        raise LeftOutError(Reason.AXES)
    if voxels.dtype.kind != "f" or not np.isnan(voxels).any():
        values = np.unique(voxels[:: max(1, len(voxels) // 32)])
        is_whole = voxels.dtype.kind != "f" or bool((values == np.rint(values)).all())
        if is_whole and len(values) <= _MAX_LABELS and values[0] == 0 and float((voxels == 0).mean()) > 0.5:
            raise LeftOutError(Reason.SEGMENTATION)
    if voxels.dtype.itemsize > 1:
        hu = to_int16(voxels)
        if hu.min() < AIR_BELOW_HU and hu.max() > SOFT_TISSUE_FROM_HU and reason_against_values(hu) is None:
            return hu, [Note.UNIT_INFERRED]
        return np.nan_to_num(voxels.astype(np.float32)), [Note.NO_RESCALE]
    return voxels.astype(np.float32), [Note.GREY_LEVELS]


def _vector(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
