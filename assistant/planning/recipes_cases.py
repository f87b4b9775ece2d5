"""The recipes of cases: the user's own saved, listed, changed and deleted, and those of the quiz."""

from collections.abc import Generator

from assistant.core.requests import Request
from assistant.planning.context import (
    Call,
    PlanningContext,
    Recipe,
    RequestRefusedError,
    require_study,
    resolve_regions,
    stated,
    stated_of_each,
)
from assistant.wording import fixed_sentences
from tools.domain.facts import CasesFacts, Facts


def save(request: Request, context: PlanningContext) -> Recipe:
    """Save regions as own cases of the type that is named."""
    require_study(context)
    if not context.regions:
        raise RequestRefusedError(fixed_sentences.NO_REGION)
    if request.case.lesion_type is None:
        raise RequestRefusedError(fixed_sentences.SAVE_AS_WHAT)
    regions, said = (yield from resolve_regions(request, context)), _said(request)
    told = yield from stated_of_each("save_case", ({"region_id": region_id, **said} for region_id in regions))
    return " ".join([told, *_of_a_note(request), fixed_sentences.SAVED_IS_FOUND])


def list_own(request: Request, context: PlanningContext) -> Recipe:
    """List the own cases, of the types that are named."""
    arguments: dict[str, object] = {"lesion_types": list(request.types)} if request.types else {}
    if request.case.confirmed_by:
        arguments["confirmed_by"] = request.case.confirmed_by
    return (yield from stated("list_cases", arguments))


def edit(request: Request, context: PlanningContext) -> Recipe:
    """Change the record of the own cases that are meant."""
    changes = _said(request)
    if not changes:
        raise RequestRefusedError(" ".join(_of_a_note(request)) or fixed_sentences.CHANGE_TO_WHAT)
    chosen = yield from _chosen(request)
    told = yield from stated_of_each("edit_case", ({"lesion_id": lesion_id, **changes} for lesion_id in chosen))
    return " ".join([told, *_of_a_note(request)])


def delete(request: Request, context: PlanningContext) -> Recipe:
    """Delete the own cases that are meant."""
    chosen = yield from _chosen(request)
    return (yield from stated_of_each("delete_case", ({"lesion_id": lesion_id} for lesion_id in chosen)))


def _of_a_note(request: Request) -> tuple[str, ...]:
    return (fixed_sentences.NOTE_IS_TYPED,) if request.case.noted else ()


def _said(request: Request) -> dict[str, object]:
    """List what is said of a case as the arguments of a tool."""
    case = request.case
    said = {"lesion_type": case.lesion_type, "confirmed_by": case.confirmed_by, "difficulty": case.difficulty}
    return {name: value for name, value in said.items() if value is not None}


def _chosen(request: Request) -> Generator[Call, Facts, list[str]]:
    """Find the own cases that something is done to: by id, or by their place in the list of all."""
    named = [ref.lesion_id for ref in request.hits if ref.kind == "id"]
    if named:
        return named
    ranks = (-1 if ref.kind == "last" else ref.n for ref in request.hits if ref.kind in ("rank", "last"))
    nth = request.nth or next(ranks, None)
    if nth is None:
        raise RequestRefusedError(fixed_sentences.WHICH_CASE)
    facts = yield Call("list_cases", {})
    assert isinstance(facts, CasesFacts)
    place = nth - 1 if nth > 0 else len(facts.cases) - 1
    if not 0 <= place < len(facts.cases):
        raise RequestRefusedError(facts.statement)
    return [facts.cases[place].lesion_id]


def start(request: Request, context: PlanningContext) -> Recipe:
    """Start a quiz on the types that are named, with as many cases."""
    if request.unknown_type:
        raise RequestRefusedError(fixed_sentences.no_such_type(context.state.atlas_types))
    arguments: dict[str, object] = {"lesion_types": list(request.types)} if request.types else {}
    if request.wanted.k:
        arguments["cases"] = request.wanted.k
    return (yield from stated("start_quiz", arguments))


def hint(request: Request, context: PlanningContext) -> Recipe:
    """Give a hint on the case on the screen."""
    return (yield from stated("give_hint", {}))


def truth(request: Request, context: PlanningContext) -> Recipe:
    """Tell the true type of a teaching case."""
    return (yield from stated("reveal_truth", {}))
