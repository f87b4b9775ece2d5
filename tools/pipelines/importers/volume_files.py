"""NIfTI and NRRD volumes, turned to the order of axial slices whatever order and direction they are stored in."""

import gzip
import zlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tools.intake.nifti import RIGHT_ANGLE, AxialVoxels, read_axial, to_axial, to_int16
from tools.pipelines.importers.annotated_lesion import LeftOut
from tools.pipelines.importers.placed_volume import PlacedVolume

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr")
_DAMAGED = (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, OverflowError, zlib.error)
_TO_LPS = {  # what an axis of an NRRD space is to be multiplied with
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}


@dataclass(frozen=True, eq=False)
class VolumeFile(AxialVoxels):
    """A volume as a file has it; `names` are labels that the file itself names by value."""

    names: dict[int, str] = field(default_factory=dict)

    def placed(self) -> PlacedVolume:
        """Take it for an image in HU. Raises LeftOut for 8 bits, and where rows and columns are not at right angles."""
        step, down, along = (self.affine[:3, axis] for axis in range(3))
        lengths = float(np.linalg.norm(down)), float(np.linalg.norm(along))
        if abs(float(down @ along)) > RIGHT_ANGLE * lengths[0] * lengths[1]:
            raise LeftOut("its rows and columns are not at right angles")
        if self.voxels.dtype.itemsize == 1:
            raise LeftOut("its values have 8 bits: grey levels, and not Hounsfield units")
        hu = to_int16(self.voxels)
        origins = self.affine[:3, 3] + np.arange(len(hu))[:, None] * step
        return PlacedVolume(hu, origins, along / lengths[1], down / lengths[0], lengths)


def is_volume(path: Path) -> bool:
    """Recognise a volume by the end of its name."""
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    """The name of a volume without its ending, as `.nii.gz` or `.seg.nrrd`."""
    name = path.name
    for suffix in (*SUFFIXES, ".seg"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


def read_volume(path: Path, max_voxels: int) -> VolumeFile:
    """Read a volume of three axes. Raises LeftOut where it is damaged, larger than `max_voxels`, or does not fit."""
    try:
        return (
            _read_nrrd(path, max_voxels) if path.suffix.lower() in (".nrrd", ".nhdr") else _read_nifti(path, max_voxels)
        )
    except gzip.BadGzipFile as error:
        raise LeftOut("it is damaged") from error
    except MemoryError as error:
        raise LeftOut("it does not fit into memory") from error
    except _DAMAGED as error:
        raise LeftOut("it is damaged, or of a kind that is not read") from error


def _read_nifti(path: Path, max_voxels: int) -> VolumeFile:
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        image: Any = nibabel.load(path, mmap=False)
    except (ImageFileError, HeaderDataError) as error:
        raise LeftOut("it is not NIfTI, or damaged") from error
    volume = read_axial(image, partial(_check_shape, max_voxels=max_voxels))
    return VolumeFile(volume.voxels, volume.affine, volume.stated)


def _read_nrrd(path: Path, max_voxels: int) -> VolumeFile:
    import nrrd

    try:
        header = nrrd.read_header(str(path))
        _check_shape(tuple(int(n) for n in header["sizes"]), max_voxels)
        voxels, header = nrrd.read(str(path), index_order="F")
    except nrrd.NRRDError as error:
        raise LeftOut("it is not NRRD, or damaged") from error
    signs = _TO_LPS.get(str(header.get("space", "")).lower())
    directions, origin = header.get("space directions"), header.get("space origin")
    if signs is None or directions is None or origin is None:
        raise LeftOut("it does not say how it lies in the patient (space, space directions, space origin)")
    affine = np.eye(4)
    affine[:3, :3] = (np.array(directions, np.float64) * signs).T
    affine[:3, 3] = np.array(origin, np.float64) * signs
    names = {
        int(header[f"{key[:-5]}_LabelValue"]): str(header[key])
        for key in header
        if key.startswith("Segment") and key.endswith("_Name") and f"{key[:-5]}_LabelValue" in header
    }
    volume = to_axial(voxels, affine, True)
    return VolumeFile(volume.voxels, volume.affine, volume.stated, names)


def _check_shape(shape: tuple[int, ...], max_voxels: int) -> None:
    if len(shape) != 3 or min(shape) < 1:
        raise LeftOut(f"it has the shape {' × '.join(map(str, shape))}, and three axes are needed")
    voxels = int(np.prod([float(n) for n in shape]))
    if voxels > max_voxels:
        raise LeftOut(
            f"it has {voxels / 1e6:.0f} million voxels, and {max_voxels / 1e6:.0f} are read at most "
            "(LESION_SEARCH_MAX_UPLOAD_MEGAVOXELS)"
        )
