"""Reference resolution: which atlas lesions a request is about."""

from collections.abc import Callable, Generator

from assistant.core.requests import HitRef, Request
from assistant.planning.context import Call, PlanningContext, RequestRefusedError
from assistant.planning.recipes_search import describe_search, plain_search
from assistant.planning.resolve_regions import resolve_region, resolve_regions
from assistant.wording import fixed_sentences
from tools.domain.facts import Facts, HitFacts, SearchFacts


def resolve_lesions(request: Request, context: PlanningContext) -> Generator[Call, Facts, list[str]]:
    """Resolve the atlas lesions of a request: by id, by place among the hits, or the one spoken of last.

    Searches first where there are no hits yet. Raises RequestRefusedError where a reference points at nothing.
    """
    refs = list(request.hits)
    if not refs and request.nth is not None:
        refs = [HitRef("last") if request.nth == -1 else HitRef("rank", n=request.nth)]
    if refs and all(ref.kind == "id" for ref in refs):
        return [ref.lesion_id for ref in refs]
    spoken_of = context.hit or context.state.last_lesion
    if not refs and spoken_of:
        return [spoken_of]
    by_id = [r for r in request.regions if r.kind == "id"]
    past = context.searches.get(resolve_region(by_id[0], context)) if by_id else context.last_search
    if past is not None:
        facts = past.facts
    else:
        region_id = (yield from resolve_regions(request, context))[0]
        facts = yield from plain_search(region_id, context)
        if request.intent != "compare":  # there was no list to point at: show it
            raise RequestRefusedError(describe_search(facts, context))
    if not facts.hits:
        raise RequestRefusedError(fixed_sentences.NO_HITS_TO_NAME)
    if not refs:
        return [facts.hits[0].lesion_id]
    return list(dict.fromkeys(_resolve_hit(ref, facts) for ref in refs))


def _resolve_hit(ref: HitRef, facts: SearchFacts) -> str:
    """Resolve one reference among the hits of a search."""
    hits = facts.hits
    if ref.kind == "id":
        return ref.lesion_id
    if ref.kind == "last":
        return hits[-1].lesion_id
    if ref.kind == "rank":
        if not 1 <= ref.n <= len(hits):
            raise RequestRefusedError(fixed_sentences.no_such_hit(ref.n, len(hits)))
        return hits[ref.n - 1].lesion_id
    value: Callable[[HitFacts], float | None] = (
        (lambda h: h.long_axis_mm) if ref.kind in ("largest", "smallest") else (lambda h: h.age_years)
    )
    known = sorted((h for h in hits if value(h) is not None), key=lambda h: value(h) or 0)
    if not known:
        raise RequestRefusedError(fixed_sentences.NOT_RECORDED)
    return known[-1 if ref.kind in ("largest", "oldest") else 0].lesion_id
