"""The studies that a visitor has open, to go back to: each with a picture and what tells it from the others."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from tools.domain.study_words import series_words
from tools.domain.windows import SOFT_TISSUE_WINDOW
from tools.regions.crop import apply_window
from ui.state.visits import Visit

THUMBNAIL_PX = 192


class ShelfItem(BaseModel):
    """One open study. `study_key` is also its address; `here`: it is the one on this page."""

    study_key: str
    title: str
    detail: str
    here: bool


def shelf_of(opened: list[Visit], here: Visit) -> tuple[ShelfItem, ...]:
    """List the open studies, none where there is only the one on the screen."""
    if opened == [here]:
        return ()
    return tuple(
        ShelfItem(study_key=each.study_key, title=each.title, detail=_detail(each), here=each is here)
        for each in opened
    )


def _detail(visit: Visit) -> str:
    """Write plane, kernel, examination and what was done: `40 slices, axial, soft kernel, 2 regions`."""
    series, regions = visit.session.series, len(visit.session.all_regions())
    parts = [f"{len(series.volume_hu)} slices", *series_words(series.facts)]
    return ", ".join([*parts, *([f"{regions} region{'s' if regions > 1 else ''}"] if regions else [])])


def thumbnail(visit: Visit) -> NDArray[np.uint8]:
    """Draw the slice that a study shows: uint8 (rows, columns), at most about THUMBNAIL_PX a side."""
    session, series = visit.session, visit.session.series
    shown = session.shown[0] if session.shown else visit.start_slice
    image = series.volume_hu[series.middle_slice if shown is None else shown]
    step = max(1, max(image.shape) // THUMBNAIL_PX)
    return apply_window(image[::step, ::step], visit.start_window or series.window or SOFT_TISSUE_WINDOW)
