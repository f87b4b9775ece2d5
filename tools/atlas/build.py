"""ROI packs into the atlas and out of it again."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from encoder.pack import Images, RoiPack
from encoder.roi import has_context, to_roi_width
from tools.atlas.atlas import CHANGING, Atlas
from tools.atlas.catalog import Rows, Vectors
from tools.atlas.records import NOTE, lesion_to_metadata, lesion_to_row, row_to_lesion
from tools.domain.lesions import AtlasError, AtlasLesion
from tools.domain.progress import Progress

Embed = Callable[[NDArray[Any]], Vectors]  # ROIs (N, 64, 64), or (N, 2, 64, 64) with contexts, to (N, dim) unit vectors
EmbedBatches = Callable[[Iterator[Rows]], Iterator[tuple[Rows, Vectors]]]  # of rows of a pack, in any order

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
    embed_batches: EmbedBatches | None = None,
) -> int:
    """Add or update the lesions of a pack; return how many were new or changed.

    `notes` are teaching notes by lesion id, which only people read. Without `recalibrate` a stored calibration stays.
    `embed_batches` embeds in the place of `embed`, elsewhere.

    After an interruption the same call continues where it stopped: what is stored with the same content is skipped.
    Searches are calibrated anew where lesions changed or the stored calibration is not of this version. Several
    processes may fill one server at a time. Raises AtlasError.
    """
    if not atlas.keys_match:
        raise AtlasError(
            f"The atlas at {atlas.location} was built with another LESION_SEARCH_SALT, so the same patient would "
            "count as two. Set the salt it was built with, or index into a new atlas."
        )
    notes = notes or {}
    size = min(BATCH_SIZE, atlas.store.max_batch)
    done = written = 0

    def changed() -> Iterator[tuple[Rows, list[_Entry]]]:
        nonlocal done
        for start in range(0, len(pack), size):
            rows = np.arange(start, min(start + size, len(pack)))
            entries = _entries(atlas, pack, rows, notes)
            stored = atlas.store.content_of([entry.lesion.lesion_id for entry in entries])
            new = [place for place, entry in enumerate(entries) if stored.get(entry.lesion.lesion_id) != entry.content]
            done += len(rows) - len(new)
            if new:
                yield rows[new], [entries[place] for place in new]
            elif progress:
                progress(done, len(pack))

    if embed_batches:  # which may ask for all rows at once: their images are not kept until then
        elsewhere = embed_batches(rows for rows, _ in changed())
        found = ((_entries(atlas, pack, rows, notes), vectors) for rows, vectors in elsewhere)
    else:
        found = ((entries, _embedded(embed, pack, rows)) for rows, entries in changed())
    for entries, vectors in found:
        if not written or CHANGING not in atlas.store.facts():  # another process may have ended its own changes
            atlas.start_revision(keep_calibration=not recalibrate)
        ids = [entry.lesion.lesion_id for entry in entries]
        records = [
            lesion_to_metadata(entry.lesion) | {"content": entry.content, NOTE: notes.get(entry.lesion.lesion_id)}
            for entry in entries
        ]
        atlas.store.upsert(ids, _checked(vectors, len(entries)), records, [entry.image for entry in entries])
        written += len(entries)
        done += len(entries)
        if progress:
            progress(done, len(pack))
    if (written and recalibrate) or not atlas.is_calibrated():
        atlas.calibrate()
    elif written or CHANGING in atlas.store.facts():
        atlas.end_revision()
    return written


class _Entry(NamedTuple):
    """What is stored of a lesion; `content` is the digest that tells whether it changed."""

    lesion: AtlasLesion
    image: Images
    content: str


def _entries(atlas: Atlas, pack: RoiPack, rows: Rows, notes: Mapping[str, str]) -> list[_Entry]:
    """Put together what is stored of some rows of a pack."""
    entries = []
    for row, image in zip(rows, pack.inputs(rows), strict=True):
        lesion, kept = row_to_lesion(pack.lesions[row], atlas.keys), _known(image)
        entries.append(_Entry(lesion, kept, _digest(lesion, kept, notes.get(lesion.lesion_id, ""))))
    return entries


def _embedded(embed: Embed, pack: RoiPack, rows: Rows) -> Vectors:
    widths_mm = np.array([pack.lesions[row].native_width_mm for row in rows])
    return embed(to_roi_width(pack.inputs(rows), widths_mm))


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
