"""The studies that a visitor has open, to go back to: each with a picture and what tells it from the others."""

from pydantic import BaseModel

from tools.domain.study_words import series_words
from ui.state.visit import Visit


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
