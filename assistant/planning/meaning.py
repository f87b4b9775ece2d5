"""What requests lead to: two readings that lead to the same steps mean the same, however they were put in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.core.requests import RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.planning.context import Call, Reply
from assistant.planning.planner import plan_turn

_OF_EACH_HIT = ("describe_lesion", "compare")
_OF_EACH_REGION = ("search", "what", "refine", "measure", "volume", "densities", "remove", "accept", "save")
_TOLD_BY_TOPIC = ("measure", "describe_study")  # the same call answers different questions


@dataclass(frozen=True)
class Step:
    """What one request begins with: a call, or the answer where none is needed."""

    request: Request
    does: Call | Reply

    @property
    def told(self) -> frozenset[str]:
        """Name what is told of what the call brings, where its arguments do not say."""
        return frozenset(self.request.topic.split("+")) if self.request.intent in _TOLD_BY_TOPIC else frozenset()


def meaning(requests: Sequence[Request], state: TurnState) -> list[Step]:
    """Plan the first step of each request; one about several hits, regions or explained types counts as one about
    each.

    A step that leads to what an earlier one does leads nowhere: it is not counted.
    """
    steps: list[Step] = []
    for one in (one for request in requests for one in _each(request, state)):
        step = Step(one, plan_turn([one], state, {}))
        if all((step.does, step.told) != (before.does, before.told) for before in steps):
            steps.append(step)
    return steps


def _each(request: Request, state: TurnState) -> Iterator[Request]:
    if len(request.hits) > 1 and request.intent in _OF_EACH_HIT:
        yield from (replace(request, hits=(hit,)) for hit in request.hits)
        return
    if request.intent == "explain":
        yield from (replace(request, types=(one,)) for one in sorted(request.types)) if request.types else (request,)
        return
    regions = request.regions
    if any(region.kind == "all" for region in regions):
        regions = tuple(RegionRef("id", region.region_id) for region in state.regions)
    if regions and request.intent in _OF_EACH_REGION:
        yield from (replace(request, regions=(region,)) for region in regions)
        return
    yield request
