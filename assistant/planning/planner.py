"""What to do about a request: which tools, in which order, with which arguments.

Each kind of request is a generator that reads like a recipe: it yields the calls it needs, gets their facts back, and
returns the words of its part of the answer. `plan_turn` replays the recipes over the results there already are, so
that planning is a pure function of the messages, and a turn that another model began can be finished here.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from assistant.core.requests import Request
from assistant.core.turn_state import TurnState
from assistant.planning import recipes
from assistant.planning import recipes_search as searching
from assistant.planning.context import (
    Call,
    ClarificationNeededError,
    PlanningContext,
    Recipe,
    Reply,
    RequestRefusedError,
    Result,
)
from assistant.wording import fixed_sentences as remarks
from assistant.wording.phrases import joined

Understand = Callable[[str, TurnState], Sequence[Request]]
_THANKED = (
    r"\b(?:thanks?|thank you|thx|tnx|thnx|tks|ty|ta (?:mate|very much|love)|^ta|cheers|much appreciated|merci"
    r"|danke|gracias)\b"
)


def thanked(message: str) -> bool:
    """Whether there is a word of thanks in it."""
    return bool(re.search(_THANKED, message.casefold()))


def plan_turn(message: str, state: TurnState, results: Mapping[str, Result], read: Understand) -> Call | Reply:
    """The next call to make, or the answer. `results` are this turn's, by `Call.key`; `read` understands."""
    turn = PlanningContext(state, message)
    parts: list[str] = []
    for request in read(message, state):
        try:
            recipe = RECIPES[request.intent](request, turn)
            call = next(recipe)
            while True:
                result = results.get(call.key)
                if result is None:
                    return call
                turn.learn(call, result)
                if result.facts is None:
                    raise RequestRefusedError(result.failure)
                call = recipe.send(result.facts)
        except StopIteration as done:
            parts.append(done.value)
        except ClarificationNeededError as question:
            return Reply(joined([*parts, str(question)]), asks=True)
        except RequestRefusedError as reason:
            parts.append(str(reason))
    return Reply(joined(parts))


def _said(text: Callable[[Request, PlanningContext], str]) -> Callable[[Request, PlanningContext], Recipe]:
    def recipe(request: Request, turn: PlanningContext) -> Recipe:
        yield from ()
        return text(request, turn)

    return recipe


RECIPES: dict[str, Callable[[Request, PlanningContext], Recipe]] = {
    "search": searching.search,
    "what": recipes.what,
    "refine": recipes.refine,
    "undo": searching.undo,
    "describe_study": recipes.describe_study,
    "find_regions": recipes.find_regions,
    "measure": recipes.measure,
    "compare": recipes.compare,
    "describe_lesion": recipes.describe_lesion,
    "atlas": recipes.atlas,
    "explain": recipes.explain,
    "report": recipes.report,
    "why": recipes.why,
    "how_sure": recipes.how_sure,
    "count_hits": recipes.count_hits,
    "filters": recipes.filters,
    "out_of_scope": _said(lambda request, turn: remarks.decline(request.topic, turn.state)),
    "help": _said(lambda _, turn: remarks.help_text(turn.state)),
    "thanks": _said(lambda _, turn: remarks.THANKS if thanked(turn.message) else remarks.NOTED),
    "greeting": _said(lambda _, turn: remarks.greeting(turn.state)),
    "unknown": _said(lambda *_: remarks.NOT_UNDERSTOOD),
}
