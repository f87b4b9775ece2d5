"""ROI packs into the atlas and out of it again."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.pack import Images, RoiPack
from encoder.roi import has_context, to_roi_width
from tools.atlas.atlas import CHANGING, Atlas
from tools.atlas.catalog import Vectors
from tools.atlas.records import NOTE, lesion_to_metadata, lesion_to_row, row_to_lesion
from tools.domain.lesions import AtlasError, AtlasLesion
from tools.domain.progress import Progress

Embed = Callable[[NDArray[Any]], Vectors]  # ROIs (N, 64, 64), or (N, 2, 64, 64) with contexts, to (N, dim) unit vectors

_DIGEST_ORDER = (
    "lesion_id", "patient_key", "lesion_type", "sex", "age_years", "long_axis_mm", "short_axis_mm", "body_part",
    "source", "study_key", "slice", "split", "pixel_spacing_mm", "field_of_view_mm",
)  # fmt: skip
_LATER_IN_DIGEST = ("confirmed_by", "difficulty", "licence")  # digested where they are known
BATCH_SIZE = 512  # lesions embedded and written at a time: what an interruption can cost


def index_pack(
    atlas: Atlas,
    pack: RoiPack,
    embed: Embed,
    progress: Progress | None = None,
    notes: Mapping[str, str] | None = None,
    recalibrate: bool = True,
) -> int:
    """Add or update the lesions of a pack; return how many were new or changed.

    `notes` are teaching notes by lesion id, which only people read. Without `recalibrate` a stored calibration stays.

    After an interruption the same call continues where it stopped: what is stored with the same content is skipped.
    Searches are calibrated anew where lesions changed or the stored calibration is not of this version. Raises
    AtlasError.
    """
    notes = notes or {}
    if not atlas.keys_match:
        raise AtlasError(
            f"The atlas at {atlas.location} was built with another LESION_SEARCH_SALT, so the same patient would "
            "count as two. Set the salt it was built with, or index into a new atlas."
        )
    written = 0
    size = min(BATCH_SIZE, atlas.store.max_batch)
    for start in range(0, len(pack), size):
        images = pack.inputs(slice(start, start + size))
        rows = pack.lesions[start : start + size]
        lesions = [row_to_lesion(row, atlas.keys) for row in rows]
        kept = [_known(image) for image in images]
        digests = [
            _digest(lesion, image, notes.get(lesion.lesion_id, "")) for lesion, image in zip(lesions, kept, strict=True)
        ]
        stored = atlas.store.content_of([lesion.lesion_id for lesion in lesions])
        new = [i for i, lesion in enumerate(lesions) if stored.get(lesion.lesion_id) != digests[i]]
        if new:
            if not written:
                atlas.start_revision(keep_calibration=not recalibrate)
            widths_mm = np.array([rows[i].native_width_mm for i in new])
            atlas.store.upsert(
                [lesions[i].lesion_id for i in new],
                _checked(embed(to_roi_width(images[new], widths_mm)), len(new)),
                [
                    lesion_to_metadata(lesions[i]) | {"content": digests[i], NOTE: notes.get(lesions[i].lesion_id)}
                    for i in new
                ],
                [kept[i] for i in new],
            )
            written += len(new)
        if progress:
            progress(start + len(images), len(pack))
    if (written and recalibrate) or not atlas.is_calibrated():
        atlas.calibrate()
    elif written or CHANGING in atlas.store.facts():
        atlas.end_revision()
    return written


def remove_lesions(atlas: Atlas, lesion_ids: Sequence[str], recalibrate: bool = True) -> None:
    """Delete lesions with their pictures and notes; ids that are not there are passed over. Raises AtlasError."""
    atlas.start_revision(keep_calibration=not recalibrate)
    atlas.store.delete(lesion_ids)
    if recalibrate:
        atlas.calibrate()
    else:
        atlas.end_revision()


def export_pack(atlas: Atlas) -> RoiPack:
    """Read the atlas as a ROI pack, from which it can be rebuilt, for instance with another encoder.

    Patients and studies stand in it under their keys, which indexing takes as they are. Raises AtlasError where images
    are missing, or are partly HU and partly windowed.
    """
    lesions = tuple(atlas.lesions())
    images = dict(atlas.store.rois())
    if len({image.dtype for image in images.values()}) > 1:
        raise AtlasError("This atlas holds both HU and windowed images; a ROI pack holds one kind.")
    lacking = [lesion.lesion_id for lesion in lesions if lesion.lesion_id not in images]
    if lacking or not lesions:
        raise AtlasError(
            f"The atlas cannot be exported: {len(lesions) - len(lacking)} of {len(lesions)} lesions have an image."
        )
    return RoiPack.of_inputs(
        alike([images[lesion.lesion_id] for lesion in lesions]),
        tuple(lesion_to_row(lesion) for lesion in lesions),
    )


def _known(image: Images) -> Images:
    """Drop a context that shows nothing: (2, 64, 64) or (64, 64) -> what is stored of it."""
    return image[0] if image.ndim == 3 and not has_context(image[1]) else image


def alike(images: list[Images]) -> Images:
    """Stack ROIs, giving those without context one that shows nothing where others have one: (N, …, 64, 64)."""
    if any(image.ndim == 3 for image in images):
        images = [image if image.ndim == 3 else np.stack((image, np.zeros_like(image))) for image in images]
    return np.stack(images)


def _digest(lesion: AtlasLesion, image: Images, note: str) -> str:
    """Hash a lesion's record, its image, (64, 64) or (2, 64, 64), and its note, to tell whether it changed.

    The text is part of every stored atlas: were it another, indexing would embed all anew.
    """
    known = [name for name in _LATER_IN_DIGEST if getattr(lesion, name) is not None]
    facts = ", ".join(f"{name}={getattr(lesion, name)!r}" for name in (*_DIGEST_ORDER, *known))
    if note:
        facts += f", note={note!r}"
    digest = hashlib.blake2s(f"AtlasLesion({facts})".encode(), digest_size=12)
    digest.update(image.dtype.str.encode() + np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()


def _checked(vectors: Vectors, count: int) -> Vectors:
    """Normalise an encoder's answer to unit rows (count, dim). Raises AtlasError where it is of another shape."""
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=-1) if vectors.ndim == 2 else np.zeros(0)
    if lengths.shape != (count,) or not np.isfinite(lengths).all() or not lengths.all():
        raise AtlasError(f"The encoder gave {vectors.shape} for {count} images: it needs one finite vector for each.")
    return vectors / lengths[:, None]
