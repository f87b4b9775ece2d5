"""The user's own cases as the page lists them."""

from pydantic import BaseModel

from tools.domain.number_words import size
from tools.workspace.undo import ChangedCase
from ui.state.visit import Visit

MAX_CASES = 200  # more are a collection for the command line


class CaseView(BaseModel):
    """One own case in words, with its note."""

    lesion_id: str
    lesion_type: str
    words: str
    note: str
    confirmed_by: str | None
    difficulty: str | None


class OwnCasesView(BaseModel):
    """The own cases: which types can be chosen, the first of what there is, and whether a change can be undone."""

    types: tuple[str, ...]
    cases: tuple[CaseView, ...]
    total: int
    undoable: bool = False


def own_cases_view(visit: Visit) -> OwnCasesView | None:
    """List the own cases, where they may be saved."""
    atlas = visit.workspace.atlas
    if atlas.own is None or not atlas.own.writable:
        return None
    held = atlas.own.atlas()
    listed = atlas.own.cases()[:MAX_CASES]
    undoable = visit.session.undoable
    views = tuple(
        CaseView(
            lesion_id=case.lesion.lesion_id,
            lesion_type=case.lesion.lesion_type or "",
            words=", ".join(
                word
                for word in (size(case.lesion.long_axis_mm), case.lesion.confirmed_by, case.lesion.difficulty)
                if word
            ),
            note=case.note,
            confirmed_by=case.lesion.confirmed_by,
            difficulty=case.lesion.difficulty,
        )
        for case in listed
    )
    return OwnCasesView(
        types=atlas.types(),
        cases=views,
        total=0 if held is None else len(held),
        undoable=bool(undoable) and isinstance(undoable[-1], ChangedCase),
    )
