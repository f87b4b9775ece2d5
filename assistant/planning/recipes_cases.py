"""The recipes of the user's own cases: saved, listed, changed, deleted."""

from collections.abc import Generator

from assistant.core.requests import Request
from assistant.planning.context import Call, PlanningContext, Recipe, RequestRefusedError
from assistant.planning.resolve_regions import require_study, resolve_regions
from assistant.wording import fixed_sentences
from tools.domain.facts import CasesFacts, Facts, Stated


def save(request: Request, context: PlanningContext) -> Recipe:
    """Save regions as own cases of the type that is named."""
    require_study(context)
    if not context.regions:
        raise RequestRefusedError(fixed_sentences.NO_REGION)
    if request.case.lesion_type is None:
        raise RequestRefusedError(fixed_sentences.SAVE_AS_WHAT)
    told = []
    for region_id in (yield from resolve_regions(request, context)):
        facts = yield Call("save_case", {"region_id": region_id, **_said(request)})
        assert isinstance(facts, Stated)
        told.append(facts.statement)
    return " ".join([*told, fixed_sentences.SAVED_IS_FOUND])


def list_own(request: Request, context: PlanningContext) -> Recipe:
    """List the own cases, of the types that are named."""
    arguments: dict[str, object] = {"lesion_types": list(request.types)} if request.types else {}
    if request.case.confirmed_by:
        arguments["confirmed_by"] = request.case.confirmed_by
    facts = yield Call("list_cases", arguments)
    assert isinstance(facts, Stated)
    return facts.statement


def edit(request: Request, context: PlanningContext) -> Recipe:
    """Change the record of the own cases that are meant."""
    changes = _said(request)
    if not changes:
        raise RequestRefusedError(fixed_sentences.CHANGE_TO_WHAT)
    told = []
    for lesion_id in (yield from _chosen(request)):
        facts = yield Call("edit_case", {"lesion_id": lesion_id, **changes})
        assert isinstance(facts, Stated)
        told.append(facts.statement)
    return " ".join(told)


def delete(request: Request, context: PlanningContext) -> Recipe:
    """Delete the own cases that are meant."""
    told = []
    for lesion_id in (yield from _chosen(request)):
        facts = yield Call("delete_case", {"lesion_id": lesion_id})
        assert isinstance(facts, Stated)
        told.append(facts.statement)
    return " ".join(told)


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
    if request.nth is None:
        raise RequestRefusedError(fixed_sentences.WHICH_CASE)
    facts = yield Call("list_cases", {})
    assert isinstance(facts, CasesFacts)
    place = request.nth - 1 if request.nth > 0 else len(facts.cases) - 1
    if not 0 <= place < len(facts.cases):
        raise RequestRefusedError(facts.statement)
    return [facts.cases[place].lesion_id]
