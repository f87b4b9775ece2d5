"""Reference resolution: which series of the upload a request asks for."""

from collections.abc import Sequence

from assistant.planning.context import ClarificationNeededError, PlanningContext, RequestRefusedError
from assistant.wording import fixed_sentences
from assistant.wording import study_answers as wording
from tools.domain.facts import SeriesFacts


def resolve_series(topic: str, context: PlanningContext) -> int:
    """Resolve a number, a place ("other", "next", "prior") or a trait ("coronal") to the number of a series.

    Raises RequestRefusedError where there is none, ClarificationNeededError where there are several.
    """
    series, now = context.series, context.series_number
    if topic.isdigit():
        return int(topic)  # the tool says which there are
    if len(series) < 2:
        raise RequestRefusedError(fixed_sentences.NO_PRIOR if topic == "prior" else fixed_sentences.ONE_SERIES)
    others = [s for s in series if s.number != now]
    if topic in ("next", "previous", "last"):
        return {"next": now % len(series) + 1, "previous": (now - 2) % len(series) + 1, "last": len(series)}[topic]
    if topic == "prior":
        return _prior(series, now)
    if topic == "newest":
        return next((s.number for s in series if not s.years_before_newest), 1)
    fitting = others if topic == "other" else [s for s in series if _is(topic, s)]
    if not fitting:
        raise RequestRefusedError(wording.no_such_series(topic, series))
    if len(fitting) == 1 or topic != "other":
        return next((s.number for s in fitting if s.number != now), fitting[0].number)
    raise ClarificationNeededError(wording.which_series(fitting))


def _prior(series: Sequence[SeriesFacts], now: int) -> int:
    """Find the first series of the next older examination. Raises RequestRefusedError where there is none."""
    ages = {s.number: s.years_before_newest or 0.0 for s in series}
    older = [s for s in series if ages[s.number] > ages[now]]
    if not older:
        raise RequestRefusedError(fixed_sentences.NO_PRIOR)
    return min(older, key=lambda s: (ages[s.number], s.number)).number


def _is(topic: str, series: SeriesFacts) -> bool:
    """Tell whether a series is what was asked for: a plane, a kernel, with or without contrast."""
    if topic in ("contrast", "plain"):
        return series.contrast is (topic == "contrast")
    return topic in (series.plane, series.kernel)
