"""The recipes of the quiz: started, hinted at, given up."""

from assistant.core.requests import Request
from assistant.planning.context import Call, PlanningContext, Recipe, RequestRefusedError
from assistant.wording import fixed_sentences
from tools.domain.facts import Stated


def start(request: Request, context: PlanningContext) -> Recipe:
    """Start a quiz on the types that are named, with as many cases."""
    if request.unknown_types:
        raise RequestRefusedError(fixed_sentences.no_such_type(request.unknown_types[0], context.state.atlas_types))
    arguments: dict[str, object] = {"lesion_types": list(request.types)} if request.types else {}
    if request.wanted.k:
        arguments["cases"] = request.wanted.k
    return (yield from _stated("start_quiz", arguments))


def hint(request: Request, context: PlanningContext) -> Recipe:
    """Give a hint on the case on the screen."""
    return (yield from _stated("give_hint", {}))


def truth(request: Request, context: PlanningContext) -> Recipe:
    """Tell the true type of a teaching case."""
    return (yield from _stated("reveal_truth", {}))


def _stated(tool: str, arguments: dict[str, object]) -> Recipe:
    facts = yield Call(tool, arguments)
    assert isinstance(facts, Stated)
    return facts.statement
