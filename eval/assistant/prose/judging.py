"""What the grounding check left of the model's prose, and which prose the judges of the pairs found better."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from eval.assistant.prose.pairs import KEY, ModelProse, Outcome, ProseError, Side
from eval.metrics import Share

Vote = Literal["left", "right", "tie"]

MIN_PAIRS = 50  # that must be judged before the model may win
RESULTS = Path(__file__).parents[1] / "results" / "prose.json"  # `make bench` has no judges


class Verdict(BaseModel):
    """Pairs a judge, or most judges, gave to each side."""

    model_config = ConfigDict(frozen=True)

    judge: str
    template: Share
    model: Share
    ties: Share


class ProseReport(BaseModel):
    """How the model's prose came through the check, and what the judges said; the last verdict is that of most."""

    model_config = ConfigDict(frozen=True)

    answers: int
    pairs: int
    outcomes: dict[Outcome, Share]
    sentences_cut: Share
    verdicts: tuple[Verdict, ...]

    @property
    def winner(self) -> Literal["template", "model"]:
        """Name the model only if it surely won more of the decided pairs than it lost; else the template stays."""
        last = self.verdicts[-1]
        decided = Share(right=last.model.right, total=last.model.right + last.template.right)
        surely = decided.total > 0 and decided.interval[0] > 0.5
        return "model" if surely and last.model.total >= MIN_PAIRS else "template"


def read_votes(path: Path) -> dict[int, Vote]:
    """Read one judge's file, `{pair number: "left" | "right" | "tie"}`. Raises ProseError if it is anything else."""
    try:
        return TypeAdapter(dict[int, Vote]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProseError(f"{path} does not hold votes: write a side, left, right or tie, for each number.") from error


def read_key(folder: Path) -> list[ModelProse]:
    """Read the key beside the pairs. Raises ProseError if there is none."""
    try:
        return TypeAdapter(list[ModelProse]).validate_json((folder / KEY).read_bytes())
    except (OSError, ValidationError) as error:
        raise ProseError(f"{folder} holds no key: make the pairs with `lesion-search eval prose pairs`.") from error


def score(key: Sequence[ModelProse], votes: Mapping[str, Mapping[int, Vote]]) -> ProseReport:
    """Count the votes of each judge, by name, with the key. Raises ProseError for no vote, or one on no pair."""
    sides = {w.pair: w.template for w in key if w.pair is not None}
    if not any(votes.values()):
        raise ProseError("Nobody has voted: name the files of votes.")
    for judge, cast in votes.items():
        if unknown := sorted(set(cast) - set(sides)):
            raise ProseError(f"{judge} voted on pairs that there are not: {', '.join(map(str, unknown))}.")
    by_judge = {judge: [_for(sides[n], vote) for n, vote in cast.items()] for judge, cast in votes.items()}
    together = [
        _most([_for(side, cast[n]) for cast in votes.values() if n in cast])
        for n, side in sides.items()
        if any(n in cast for cast in votes.values())
    ]
    outcomes = Counter(w.outcome for w in key)
    kinds: tuple[Outcome, ...] = ("uncut", "in part", "cut whole")
    return ProseReport(
        answers=len(key),
        pairs=len(sides),
        outcomes={kind: Share(right=outcomes[kind], total=len(key)) for kind in kinds},
        sentences_cut=Share(right=sum(len(w.cut) for w in key), total=sum(w.sentences for w in key)),
        verdicts=tuple(_verdict(judge, given) for judge, given in {**by_judge, "most judges": together}.items()),
    )


def _for(template: Side | None, vote: Vote) -> int:
    """Score a vote: 1 for the model, -1 for the template, 0 for a tie."""
    return 0 if vote == "tie" else -1 if vote == template else 1


def _most(given: Sequence[int]) -> int:
    balance = sum(given)
    return (balance > 0) - (balance < 0)


def _verdict(judge: str, given: Sequence[int]) -> Verdict:
    template, model, ties = (Share(right=sum(g == way for g in given), total=len(given)) for way in (-1, 1, 0))
    return Verdict(judge=judge, template=template, model=model, ties=ties)


def to_markdown(report: ProseReport) -> str:
    """Format the report as Markdown: what the check left, what the judges said, and which prose is to be used."""
    lines = [
        f"The model's prose for {report.answers} search answers after the grounding check (95 % Wilson intervals):",
        "",
        "| prose | answers |",
        "|---|---|",
        *(f"| {kind} | {share} |" for kind, share in report.outcomes.items()),
        "",
        f"Sentences cut: {report.sentences_cut}.",
        "",
        f"Blind comparison of the {report.pairs} pairs of which something was left:",
        "",
        "| judge | template reads better | model reads better | neither |",
        "|---|---|---|---|",
        *(f"| {v.judge} | {v.template} | {v.model} | {v.ties} |" for v in report.verdicts),
        "",
        "The model's prose reads better."
        if report.winner == "model"
        else "The template stays: the model's prose did not surely read better in enough pairs.",
    ]
    return "\n".join(lines)


def keep(report: ProseReport, path: Path = RESULTS) -> None:
    """Keep a comparison for the documents, as JSON."""
    path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def kept(path: Path = RESULTS) -> ProseReport:
    """Read the comparison that the documents show."""
    return ProseReport.model_validate_json(path.read_text(encoding="utf-8"))
