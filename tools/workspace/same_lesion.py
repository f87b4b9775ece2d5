"""The same lesion again: hits of one patient ordered by whether they show the very lesion, not one like it."""

from dataclasses import replace

import numpy as np

from encoder.embedder import Embedder
from encoder.pack import Images
from encoder.roi import native_width_mm, to_roi_width
from tools.atlas.searchable import SearchableAtlas
from tools.domain.lesions import AtlasLesion, Hit

MAX_OF_PATIENT = 200  # lesions of one patient that are compared


def by_same_lesion(embedder: Embedder, atlas: SearchableAtlas, asked: Images, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Order hits by how likely they show the lesion of the crop `asked` (2, 64, 64); their similarity stays."""
    if not hits or not embedder.same_lesion_dim:
        return hits
    (query,) = embedder.same_lesion(asked[None])
    likeness = [float(query @ embedder.same_lesion(_input(atlas, hit.lesion))[0]) for hit in hits]
    order = np.argsort(-np.array(likeness), kind="stable")
    return tuple(replace(hits[row], rank=rank) for rank, row in enumerate(order, start=1))


def _input(atlas: SearchableAtlas, lesion: AtlasLesion) -> Images:
    """Read a lesion as it was embedded: (1, 64, 64), or (1, 2, 64, 64) with its context."""
    width_mm = native_width_mm(lesion.pixel_spacing_mm, lesion.field_of_view_mm)
    return to_roi_width(atlas.encoder_input(lesion.lesion_id)[None], np.array([width_mm]))
