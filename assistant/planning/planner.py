"""What to do about a request: which tools, in which order, with which arguments.

Each kind of request is a generator that reads like a recipe: it yields the calls it needs, gets their facts back, and
returns the words of its part of the answer. `plan_turn` replays the recipes over the results there already are, so
that planning is a pure function of the messages, and a turn that another model began can be finished here.
"""

from collections.abc import Callable, Iterable, Mapping

from assistant.core.requests import Request
from assistant.core.turn_state import TurnState
from assistant.planning import recipes, recipes_cases, recipes_search, recipes_viewer
from assistant.planning.context import (
    Call,
    ClarificationNeededError,
    PlanningContext,
    Recipe,
    Reply,
    RequestRefusedError,
    Result,
)
from assistant.wording import fixed_sentences
from assistant.wording.phrases import joined


def plan_turn(requests: Iterable[Request], state: TurnState, results: Mapping[str, Result]) -> Call | Reply:
    """Return the next call to make, or the answer. `results` are this turn's, by `Call.key`."""
    context = PlanningContext(state)
    parts: list[str] = []
    requests = list(requests)
    for request in requests:
        try:
            recipe = RECIPES[request.intent](request, context)
            call = next(recipe)
            while True:
                result = results.get(call.key)
                if result is None:
                    return call
                context.learn(call, result)
                if result.facts is None:
                    raise RequestRefusedError(result.failure)
                call = recipe.send(result.facts)
        except StopIteration as done:
            parts.append(done.value)
        except ClarificationNeededError as question:
            return Reply(joined([*parts, str(question)]), asks=True)
        except RequestRefusedError as reason:
            parts.append(str(reason))
    if any(request.foreign for request in requests):
        parts.append(fixed_sentences.IN_ENGLISH)
    return Reply(joined(parts))


def _without_tools(text: Callable[[Request, PlanningContext], str]) -> Callable[[Request, PlanningContext], Recipe]:
    """Make a recipe of a text that needs no call."""

    def recipe(request: Request, context: PlanningContext) -> Recipe:
        yield from ()
        return text(request, context)

    return recipe


RECIPES: dict[str, Callable[[Request, PlanningContext], Recipe]] = {
    "search": recipes_search.find_similar,
    "what": recipes.what,
    "refine": recipes.refine,
    "undo": recipes_viewer.undo,
    "describe_study": recipes.describe_study,
    "select_series": recipes.select_series,
    "find_image": recipes.find_image,
    "view": recipes_viewer.view,
    "beside": recipes_viewer.beside,
    "remove": recipes_viewer.remove,
    "accept": recipes_viewer.accept,
    "distance": recipes_viewer.distance,
    "densities": recipes_viewer.densities,
    "volume": recipes_viewer.volume,
    "density": recipes_viewer.density,
    "rename": recipes_viewer.rename,
    "save": recipes_cases.save,
    "cases": recipes_cases.list_own,
    "edit": recipes_cases.edit,
    "delete_case": recipes_cases.delete,
    "quiz": recipes_cases.start,
    "hint": recipes_cases.hint,
    "truth": recipes_cases.truth,
    "find_regions": recipes.find_regions,
    "measure": recipes.measure,
    "compare": recipes.compare,
    "describe_lesion": recipes.describe_lesion,
    "atlas": recipes.atlas,
    "explain": recipes.explain,
    "report": recipes.report,
    "why": _without_tools(recipes.why),
    "how_sure": _without_tools(recipes.how_sure),
    "count_hits": _without_tools(recipes.count_hits),
    "filters": _without_tools(recipes.filters),
    "out_of_scope": _without_tools(lambda request, context: fixed_sentences.decline(request.topic, context.state)),
    "not_yet": _without_tools(lambda request, _: fixed_sentences.NOT_YET[request.topic]),
    "help": _without_tools(lambda _, context: fixed_sentences.help_text(context.state)),
    "thanks": _without_tools(lambda request, _: fixed_sentences.THANKS if request.thanked else fixed_sentences.NOTED),
    "greeting": _without_tools(lambda _, context: fixed_sentences.greeting(context.state)),
    "unknown": _without_tools(lambda *_: fixed_sentences.NOT_UNDERSTOOD),
}
