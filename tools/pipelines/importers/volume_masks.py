"""Lesions of NIfTI and NRRD volumes with masks: each connected component of each label that is a lesion."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.intake.plausibility import reason_against_values
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut, Person
from tools.pipelines.importers.mask_lesions import components, is_speck
from tools.pipelines.importers.placed_volume import PlacedVolume, refuse_outside, resampled
from tools.pipelines.importers.units import Unit, lesions_of_units
from tools.pipelines.importers.volume_files import VolumeFile, read_volume
from tools.pipelines.importers.volume_pairs import Case, Layout

SOURCE = "volume and mask"
THREADS = 2  # cases read side by side; each may need a gigabyte
MAX_LABELS = 1000  # more values are an image, not a mask
SAME_PLACE_VOXELS = 0.5


def lesions_of_volumes(layout: Layout, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read case after case; the case of a collection counts as one patient."""
    for path in layout.unpaired:
        job.skip(path.name, "no image belongs to this mask by its name")
    units = [Unit(case.image.name, partial(_lesions_of_case, case, layout)) for case in layout.cases]
    yield from lesions_of_units(units, job, THREADS)


def _lesions_of_case(case: Case, layout: Layout, job: ImportJob) -> Iterator[AnnotatedLesion]:
    person = Person(job.keys.patient(f"{layout.collection}/{case.name}"))
    image = read_volume(case.image, job.limits.max_voxels)
    volume = image.placed()
    if reason_against_values(volume.hu) is not None:
        raise LeftOut("its values are not Hounsfield units")
    if not image.stated:
        job.skip(case.image.name, "it is read, but does not say how it lies: taken as most scanners store it")
    for number, (path, label) in enumerate(case.masks, start=1):
        try:
            mask = read_volume(path, job.limits.max_voxels)
            marks = marks_on(mask, image)
            yield from _lesions_of_mask(marks, volume, person, f"{number}", label, layout.names | mask.names, path, job)
        except LeftOut as reason:
            job.skip(f"{case.name}: {path.name}", str(reason))


def _lesions_of_mask(
    marks: NDArray[np.integer],
    volume: PlacedVolume,
    person: Person,
    mask_number: str,
    label: str | None,
    names: dict[int, str],
    path: Path,
    job: ImportJob,
) -> Iterator[AnnotatedLesion]:
    windows = {value: window for value, window in enumerate(ndimage.find_objects(marks), start=1) if window}
    if not windows:
        raise LeftOut("nothing is marked in it")
    if len(windows) > 1 and label is None and not names and not job.labels.chosen:
        raise LeftOut(
            f"it has {len(windows)} labels without names ({', '.join(map(str, list(windows)[:8]))}); say which are "
            f"lesions, and of which type, as --label {max(windows)}=TYPE, or --label '*' for all"
        )
    slices: dict[int, NDArray[np.int16]] = {}  # copies, so that the volume can go before its lesions do
    for value, window in windows.items():
        name = label if label is not None else names.get(value)
        if name is None and (names or job.labels.chosen):
            name = str(value)
        what = f"{path.name}, label {name or value}"
        against = job.labels.reason_against(name)
        if against:
            job.skip(what, against)
            continue
        lesion_type, remark = job.labels.lesion_type(name)
        if remark:
            job.skip(what, remark)
        for number, mark in enumerate(components(marks[window] == value, window, volume.spacing_mm), start=1):
            if is_speck(mark):
                job.skip(f"{what}, part {number}", f"it is a speck of {mark.voxels} voxel{'s' * (mark.voxels != 1)}")
                continue
            if mark.slice_index not in slices:
                slices[mark.slice_index] = volume.hu[mark.slice_index].copy()
            yield AnnotatedLesion(
                lesion_id=f"{person.patient_key}-{mask_number}-{value}-{number:03d}",
                person=person,
                source=SOURCE,
                lesion_type=lesion_type,
                image=slices[mark.slice_index],
                spacing_mm=volume.spacing_mm,
                slice_index=mark.slice_index,
                box=mark.box,
                long_axis_mm=mark.long_axis_mm,
                short_axis_mm=mark.short_axis_mm,
            )


def marks_on(mask: VolumeFile, image: VolumeFile) -> NDArray[np.integer]:
    """Lay a mask onto the grid of its image by place, whatever order, direction or part of it each is stored in.

    Raises LeftOut, with the numbers, where both have one size and lie apart, or where marks lie outside the image.
    """
    marks = _whole(mask.voxels)
    matrix = np.linalg.solve(mask.affine, image.affine)  # index of the mask = matrix · index of the image
    shape = image.voxels.shape
    if mask.stated != image.stated and marks.shape == shape:
        matrix = np.eye(4)  # one of the two says nothing, and they fit voxel by voxel
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape])).reshape(3, -1)
    moved = matrix[:3, :3] @ corners + matrix[:3, 3:] - corners
    if marks.shape == shape and np.abs(moved).max() > SAME_PLACE_VOXELS:
        apart = float(np.linalg.norm(mask.affine[:3, :3] @ moved, axis=0).max())
        raise LeftOut(
            f"mask and image both have {' × '.join(map(str, shape))} voxels (slices, rows, columns), and lie up to "
            f"{apart:.1f} mm apart"
        )
    if np.abs(moved).max() <= SAME_PLACE_VOXELS and marks.shape == shape:
        return marks
    found = np.argwhere(marks)
    back = np.linalg.inv(matrix)
    refuse_outside(found @ back[:3, :3].T + back[:3, 3], shape)
    return resampled(marks, matrix[:3, :3], matrix[:3, 3], shape)


def _whole(voxels: NDArray[Any]) -> NDArray[np.integer]:
    """The values of a mask as small whole numbers. Raises LeftOut for what is no mask."""
    if voxels.dtype == np.uint8:
        return voxels
    low, high = voxels.min(), voxels.max()
    if not low >= 0 or not high <= MAX_LABELS:
        raise LeftOut(f"its values go from {low} to {high}: that is no mask")
    whole: NDArray[np.integer] = voxels.astype(np.uint8 if high <= 255 else np.uint16)
    if not np.issubdtype(voxels.dtype, np.integer) and not (whole == voxels).all():
        raise LeftOut("its values are not whole numbers: that is no mask")
    return whole
