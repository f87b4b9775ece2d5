"""How well the sentences kept apart from tuning are read: each in its state, by what its requests would call.

What a reader understood and what was meant are both planned, request by request, in the same state: two ways to say the
same search are the same call, and a reply is told by its intent.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.core.requests import RegionRef, Request, Understand
from assistant.core.turn_state import PastSearch, ToolCallRecord, TurnState
from assistant.planning.context import Call, Reply
from assistant.planning.planner import plan_turn
from assistant.training.corpus import Filled, Line, WrittenError, measured
from assistant.training.generator.scenes import Scene
from assistant.understanding.message_reader import read_message, to_requests
from assistant.understanding.network.reader import load_network_reader
from eval.assistant.tool_calls import comparable
from eval.metrics import Share
from tools.domain.facts import HitFacts, RegionFacts, SearchFacts
from tools.domain.lesions import Filters
from tools.domain.progress import Progress
from tools.domain.study import SafeFacts

TOOLS = {
    "search": "search_similar_lesions", "hit": "describe_lesion", "compare": "compare_lesion",
    "measure": "measure_region", "study": "describe_study", "atlas": "describe_atlas",
    "explain": "explain_lesion_type", "report": "write_report", "regions": "find_regions",
}  # fmt: skip


_OF_EACH_HIT = ("describe_lesion", "compare")
_OF_EACH_REGION = ("search", "what", "refine", "measure", "volume", "densities", "remove", "accept", "save")
_TOLD_BY_TOPIC = ("measure", "describe_study")  # the same call answers different questions
A_LESION = "P0003-S1-L03"  # the id that L1 in a sentence stands for


class CorpusScore(BaseModel):
    """The reader on the lines of one file, or of all."""

    model_config = ConfigDict(frozen=True)

    file: str
    exact: Share


class CorpusReport(BaseModel):
    """The reader on all sentences kept apart."""

    model_config = ConfigDict(frozen=True)

    scores: tuple[CorpusScore, ...]


def turn_state(scene: Scene) -> TurnState:
    """Make the state of a conversation that is where the scene says; ages, lengths and hits are made up."""
    if not scene.study:
        return TurnState(atlas_types=scene.types, atlas_size=1000)
    regions = tuple(_region(f"R{n + 1}", 20 + 5 * n) for n in range(scene.regions))
    study = SafeFacts(modality="CT", sex="F", age_years=58, slices=100, rows=512, columns=512, slice_thickness_mm=2.0)
    args = {"region_id": "R1", **_arguments(scene.filters, scene.types)}
    searches: tuple[PastSearch, ...] = ()
    if scene.hits:
        searches = (PastSearch(evidence=1, args=args, facts=_found(args, scene.types)),)
    last = TOOLS.get(scene.last)
    return TurnState(
        study=study, regions=regions, selected="R1" if regions else None, searches=searches,
        trail=({"region_id": "R1"}, args) if len(args) > 1 else (args,) if scene.hits else (),
        last_calls=(ToolCallRecord(name=last, args=args if scene.last == "search" else {}),) if last else (),
        last_region="R1" if scene.hits else None, atlas_types=scene.types, atlas_size=1000,
    )  # fmt: skip


def _arguments(filters: dict[str, str], types: Sequence[str]) -> dict[str, Any]:
    """Turn the filters of a state line into arguments of the search tool."""
    args: dict[str, Any] = {}
    if "in" in filters:
        args["lesion_types"] = filters["in"].split("+")
    if "not" in filters:
        args["lesion_types"] = [t for t in types if t not in filters["not"].split("+")]
    if "sex" in filters:
        args["sex"] = filters["sex"]
    for key, low, high in (("age", "min_age", "max_age"), ("size", "min_size_mm", "max_size_mm")):
        ends = filters.get(key, "-").split("-")
        args |= {name: int(end) for name, end in zip((low, high), ends, strict=True) if end}
    if "k" in filters:
        args["k"] = int(filters["k"])
    if "scope" in filters:
        args["scope"] = {"same": "same-patient", "all": "all"}[filters["scope"]]
    return args


def _region(region_id: str, long_mm: float) -> RegionFacts:
    return RegionFacts(
        region_id=region_id, slice=40, slices=100, origin="box", long_axis_mm=long_mm, short_axis_mm=long_mm - 5,
        area_mm2=300, mean_hu=40, sd_hu=12, min_hu=0, max_hu=90,
    )  # fmt: skip


def _found(args: dict[str, Any], types: Sequence[str]) -> SearchFacts:
    asked = args.get("k", 10)
    hits = tuple(
        HitFacts(
            rank=n, similarity=1 - n / 100, lesion_id=f"P{n:04d}-S1-L{n:02d}", patient_key=f"p-{n:012d}",
            lesion_type=(args.get("lesion_types") or types)[0], sex="FM"[n % 2], age_years=40 + (7 * n) % 45,
            long_axis_mm=10 + (11 * n) % 40, short_axis_mm=8, source="deeplesion",
        )
        for n in range(1, asked + 1)
    )  # fmt: skip
    filters = Filters(**{k: v for k, v in args.items() if k not in ("region_id", "k")})
    return SearchFacts(
        region_id="R1", hits=hits, votes=(), confidence="moderate", candidates=100, atlas_size=1000, filters=filters,
        asked_k=asked, duration_ms=1, synthetic_atlas=False, synthetic_study=False,
    )  # fmt: skip


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


def meant_by(requests: Sequence[Request], state: TurnState) -> list[tuple[Any, ...]]:
    """List what each request does and tells, normalized. Courtesy counts where it stands alone."""
    asked = [r for r in requests if r.intent not in ("thanks", "greeting")]
    found: list[tuple[Any, ...]] = []
    for step in meaning(asked or requests, state):
        if isinstance(step.does, Call):
            found.append((*comparable(ToolCallRecord(name=step.does.name, args=step.does.args)), step.told))
        else:
            request = step.request
            found.append((request.intent, request.call, re.sub(r"\W", "", step.does.text.casefold())))
    return found


def is_read(filled: Filled, read: Understand) -> bool:
    """Tell whether a reader understands the sentence as it was meant."""
    state = turn_state(filled.scene)
    text = re.sub(r"\bL1\b", A_LESION, filled.text)
    meant = to_requests(filled.said, text, state, [A_LESION])
    return meant_by(read(text, state), state) == meant_by(meant, state)


def scores(found: Sequence[tuple[Line, Filled]], read: Understand, progress: Progress | None = None) -> CorpusReport:
    """Score a reader by file and, where there are several, on all of them together, last."""
    right: dict[str, list[bool]] = {}
    for done, (line, filled) in enumerate(found, 1):
        right.setdefault(line.file, []).append(is_read(filled, read))
        if progress is not None:
            progress(done, len(found))
    rows = dict(sorted(right.items()))
    if len(rows) > 1:
        rows["all"] = [one for group in right.values() for one in group]
    return CorpusReport(
        scores=tuple(
            CorpusScore(file=file, exact=Share(right=sum(group), total=len(group))) for file, group in rows.items()
        )
    )


def reader_of(network: Path | None = None) -> Understand:
    """Return the reader of messages, with the network in a folder instead of the shipped one if given."""
    loaded = load_network_reader(network) if network else load_network_reader()
    return lambda message, state: read_message(message, state, loaded)


def run(files: Sequence[str] = (), progress: Progress | None = None, network: Path | None = None) -> CorpusReport:
    """Score the reader on the sentences kept apart; `files` are those to measure on, none is all.

    `network` is the folder of another network than the shipped one. Raises WrittenError for an unknown file.
    """
    known = {line.file for line, _ in measured()}
    if unknown := set(files) - known:
        raise WrittenError(f"there is no file {', '.join(sorted(unknown))}; choose among {', '.join(sorted(known))}")
    return scores([one for one in measured() if not files or one[0].file in files], reader_of(network), progress)


def to_markdown(report: CorpusReport) -> str:
    """Format the report as Markdown: one row a file."""
    return "\n".join(
        [
            "Requests exactly right on the written sentences kept apart from tuning, each in its state (95 % Wilson "
            "intervals):",
            "",
            "| sentences | read right |",
            "|---|---|",
            *(f"| {score.file.replace('_', ' ')} | {score.exact} |" for score in report.scores),
        ]
    )
