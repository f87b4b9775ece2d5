"""How well the sentences kept apart from tuning are read: each in its state, by what its requests would call.

What a reader understood and what was meant are both planned, request by request, in the same state: two ways to say the
same search are the same call, and a reply is told by its intent.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.core.requests import Request, Understand
from assistant.core.turn_state import PastSearch, ToolCallRecord, TurnState
from assistant.planning.context import Call
from assistant.planning.planner import meaning
from assistant.training.corpus import Filled, Line, WrittenError, measured
from assistant.training.generator.scenes import Scene
from assistant.understanding.ensemble import read_message, read_requests, to_requests
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


A_LESION = "P0003-S1-L03"  # the id that L1 in a sentence stands for


class CorpusScore(BaseModel):
    """One reader on the lines of one file, or of all."""

    model_config = ConfigDict(frozen=True)

    reader: str
    file: str
    exact: Share


class CorpusReport(BaseModel):
    """All readers on the same sentences."""

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
    try:
        understood = read(text, state)
    except ValueError:  # not in the language
        return False
    return meant_by(understood, state) == meant_by(meant, state)


def scores(
    reader: str, found: Sequence[tuple[Line, Filled]], read: Understand, progress: Callable[[], None] = lambda: None
) -> list[CorpusScore]:
    """Score a reader by file and, where there are several, on all of them together, last."""
    right: dict[str, list[bool]] = {}
    for line, filled in found:
        right.setdefault(line.file, []).append(is_read(filled, read))
        progress()
    rows = dict(sorted(right.items()))
    if len(rows) > 1:
        rows["all"] = [one for group in right.values() for one in group]
    return [
        CorpusScore(reader=reader, file=file, exact=Share(right=sum(group), total=len(group)))
        for file, group in rows.items()
    ]


def readers(network: Path | None = None) -> dict[str, Understand]:
    """Return what reads messages, alone and together, by name; of the network in folder `network` it alone."""
    from assistant.understanding.network.reader import load_network_reader
    from assistant.understanding.rules.parser import understand

    reader = load_network_reader(network) if network else load_network_reader()
    alone: dict[str, Understand] = {"network": lambda message, state: read_requests(reader, message, state).requests}
    return {"rules": understand, **alone, "both": read_message} if network is None else alone


def run(files: Sequence[str] = (), progress: Progress | None = None, network: Path | None = None) -> CorpusReport:
    """Score rules, network and both on the sentences kept apart; `files` are those to measure on, none is all.

    `network` is the folder of a network to score and nothing else. Raises WrittenError for an unknown file.
    """
    measured_with = readers(network)
    known = {line.file for line, _ in measured()}
    if unknown := set(files) - known:
        raise WrittenError(f"there is no file {', '.join(sorted(unknown))}; choose among {', '.join(sorted(known))}")
    found = [one for one in measured() if not files or one[0].file in files]
    done = itertools.count(1)

    def told() -> None:
        if progress is not None:
            progress(next(done), len(found) * len(measured_with))

    return CorpusReport(
        scores=tuple(s for name, read in measured_with.items() for s in scores(name, found, read, told))
    )


def to_markdown(report: CorpusReport) -> str:
    """Format the report as Markdown: one row a file, one column a reader."""
    readers = list(dict.fromkeys(s.reader for s in report.scores))
    files = list(dict.fromkeys(s.file for s in report.scores))
    by = {(s.file, s.reader): s.exact for s in report.scores}
    lines = [
        "Requests exactly right on the written sentences kept apart from tuning, each in its state (95 % Wilson "
        "intervals):",
        "",
        "| sentences | " + " | ".join(readers) + " |",
        "|---|" + "---|" * len(readers),
    ]
    return "\n".join(
        [
            *lines,
            *(
                f"| {file.replace('_', ' ')} | " + " | ".join(str(by[file, r]) for r in readers) + " |"
                for file in files
            ),
        ]
    )
