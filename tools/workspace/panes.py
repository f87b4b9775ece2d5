"""What stands beside the picture: other planes of the volume, another series, the other open study."""

from collections.abc import Sequence

from tools.domain.planes import PlaneName, cut_of
from tools.domain.study_words import series_words
from tools.workspace.session import Session, SessionError


def panes_beside(
    session: Session, planes: Sequence[PlaneName] | None, beside: str | None
) -> tuple[tuple[str, ...] | None, list[str]]:
    """Name what is to stand beside the picture, None where it stays, and say so. Raises SessionError."""
    if planes is None and beside is None:
        return None, []
    cut = [plane for plane in dict.fromkeys(planes or ()) if not cut_of(session.series, plane).is_own]
    panes = [f"plane:{plane}" for plane in cut]
    told = []
    if cut:
        views = f"{' and '.join(cut)} view{'s stand' if len(cut) > 1 else ' stands'}"
        told.append(f"The {views} beside the picture, with a cross-hair at the same place.")
    if beside is not None:
        pane, words = _other_study(session) if beside == "study" else _other_series(session, int(beside))
        panes.append(pane)
        told.append(f"{words} stands beside the picture, and its slices follow.")
    return tuple(panes), told or ["The picture stands alone, in its own plane."]


def _other_series(session: Session, number: int) -> tuple[str, str]:
    series = session.series_of_number(number)
    if series is session.series:
        raise SessionError(f"Series {number} is the picture itself: name another series of the upload.")
    slices = len(series.volume_hu)
    words = ", ".join((f"{slices} slice{'s' if slices > 1 else ''}", *series_words(series.facts)))
    return f"series:{number - 1}", f"Series {number} ({words})"


def _other_study(session: Session) -> tuple[str, str]:
    if not session.open_studies:
        raise SessionError(
            "No other study is open that could stand beside: open one, or name a series of the upload by its number."
        )
    if len(session.open_studies) > 1:
        listed = "; ".join(each.words for each in session.open_studies)
        raise SessionError(f"Several other studies are open ({listed}): choose one in the list above the picture.")
    (other,) = session.open_studies
    return f"study:{other.study_key}", f"The other study, {other.words},"
