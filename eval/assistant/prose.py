"""Does the embedded model write the prose of a search better than the template? Blind pairs for judges, and the score.

The template's answer stands beside the same answer whose prose, but not its list of cases, the language model wrote
from the same facts, as far as the grounding check let it through. A pair says nothing of who wrote which side; the
key does. Marks that only the template sets, bold and (E1), are left out of both sides.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from assistant.core.sentences import split_sentences
from assistant.grounding.checker import Checker
from assistant.wording.fixed_sentences import fixed_texts
from assistant.wording.phrases import (
    cite,
    counted,
    joined,
    lesion_facts,
    likeness,
    listed,
    percent,
    size,
)
from assistant.wording.search_answers import NEAREST_SHOWN, covered
from encoder.errors import LesionSearchError
from eval.assistant.conversations import Played
from eval.assistant.tool_calls import Progress, Share
from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.facts import RegionFacts, SearchFacts

Side = Literal["left", "right"]
Vote = Literal["left", "right", "tie"]
Outcome = Literal["uncut", "in part", "cut whole"]
Write = Callable[[Sequence[str]], str]  # statements to prose

MAX_TOKENS = 120
MIN_PAIRS = 50  # that must be judged before the model may win
PAIRS, KEY = "pairs.json", "key.json"
RESULTS = Path(__file__).parent / "results" / "prose.json"  # `make bench` has no judges
MAX_SENTENCES = 3
SYSTEM = "You turn the facts of a search for CT lesions that look alike into short, plain prose."
TASK = (
    "Write two or three connecting sentences for a clinician. Use only these facts, and keep every number and every "
    "name as it is."
)
EXAMPLE = (
    (
        "R1 lies on slice 31 of 90 and measures 14.2 × 11 mm.",
        "The search covered 640 of 800 atlas lesions: women, other patients only.",
        "R1 most resembles bone lesions.",
        "Of the vote: bone 71% and pelvis 22%.",
        "Confidence is moderate.",
        "The 10 hits: 8 bone and 2 pelvis.",
        "[P0101-S1-L02] is bone, 16 × 12.3 mm, woman of 66, with a similarity of 0.91.",
        "[P0114-S2-L01] is bone, 18.4 × 15 mm, woman of 71, with a similarity of 0.9.",
        "[P0120-S1-L04] is pelvis, 12.8 × 9.7 mm, woman of 59, with a similarity of 0.88.",
    ),
    "R1, which measures 14.2 × 11 mm, most resembles bone lesions, with 71% of the vote and moderate confidence. Of "
    "the 10 hits 8 are bone, and the nearest, [P0101-S1-L02], has a similarity of 0.91. The search covered 640 of 800 "
    "atlas lesions, those of women and of other patients only.",
)  # without one the model mostly repeats a single line


class ProseError(LesionSearchError):
    """There are too few answers for the pairs, or the votes do not fit them."""


class Pair(BaseModel):
    """Two answers to one question, as a judge sees them."""

    model_config = ConfigDict(frozen=True)

    number: int
    question: str
    left: str
    right: str


class Written(BaseModel):
    """What the model wrote for one answer and what the check left of it; `pair` and `template` of those shown."""

    model_config = ConfigDict(frozen=True)

    conversation: str
    question: str
    statements: tuple[str, ...]
    text: str
    sentences: int
    cut: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()  # what the sentences were cut for
    kept: str = ""
    pair: int | None = None
    template: Side | None = None

    @property
    def outcome(self) -> Outcome:
        """How the prose came through the check; nothing written is nothing left."""
        if not self.kept:
            return "cut whole"
        return "in part" if self.cut else "uncut"


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
        """The model only if it surely won more of the decided pairs than it lost; else the template stays."""
        last = self.verdicts[-1]
        decided = Share(right=last.model.right, total=last.model.right + last.template.right)
        surely = decided.total > 0 and decided.interval[0] > 0.5
        return "model" if surely and last.model.total >= MIN_PAIRS else "template"


# -- the pairs -------------------------------------------------------------------------------------------------------
def chosen(played: Sequence[Played], seed: int) -> list[Played]:
    """The answers that report one search with hits, shuffled; no two of the same question or of the same result."""
    turns = list(played)
    random.Random(seed).shuffle(turns)
    found: list[Played] = []
    seen: set[str] = set()
    for turn in turns:
        search = _search(turn)
        if search is None:
            continue
        marks = {turn.question.casefold(), search.model_dump_json(exclude={"duration_ms"})}
        if not marks & seen:
            found.append(turn)
            seen |= marks
    return found


def _search(played: Played) -> SearchFacts | None:
    """The search a turn is all about, None if it is about something else or shows no list of hits."""
    evidence = played.answer.evidence
    facts = evidence[0].facts if len(evidence) == 1 else None
    return facts if isinstance(facts, SearchFacts) and "\n- [" in played.answer.answer else None


def statements(facts: SearchFacts, region: RegionFacts, types: Sequence[str] = ()) -> list[str]:
    """The facts the template words, plainly and one a line; `types` are those of the atlas."""
    told = [
        f"{region.region_id} lies on slice {region.slice} of {region.slices}"
        + (f" and measures {size(region.long_axis_mm, region.short_axis_mm)}." if region.long_axis_mm else "."),
        f"The search covered {covered(facts, types)}.",
    ]
    only = set(facts.filters.lesion_types)
    limit = LIMIT_WORDS[facts.confidence_limit] if facts.confidence_limit else None
    if facts.confidence == "none":
        told.append(f"I name no type: {limit}." if limit else "Nothing similar enough in this atlas to name a type.")
    elif len(only) == 1:
        told.append(f"Only {next(iter(only))} lesions were allowed, so the hits say nothing about the type.")
    elif facts.votes:
        votes = listed(f"{v.lesion_type} {percent(v.probability)}" for v in facts.votes[:3] if v.probability >= 0.05)
        told += [f"{region.region_id} most resembles {facts.votes[0].lesion_type} lesions.", f"Of the vote: {votes}."]
    if facts.confidence != "none":
        told.append(f"Confidence is {facts.confidence}{f': {limit}' if limit else ''}.")
    kinds = Counter(h.lesion_type for h in facts.hits if h.lesion_type).most_common()
    told.append(f"The {counted(len(facts.hits), 'hit')}: {listed(f'{n} {kind}' for kind, n in kinds)}.")
    told += [
        f"{cite(h.lesion_id)} is {lesion_facts(h)}, with a similarity of {likeness(h.similarity)}."
        for h in facts.hits[:NEAREST_SHOWN]
    ]
    return told


def written(played: Played, write: Write) -> Written:
    """The model's prose for one answer, checked sentence by sentence against the evidence of its turn."""
    facts = _search(played)
    region = played.state.region(facts.region_id) if facts else None
    assert facts is not None
    assert region is not None
    told = statements(facts, region, played.state.atlas_types)
    text = write(told)
    checker = Checker(played.answer.evidence, played.state, played.question, played.told)
    checked = [(s, checker.check(s).unsupported) for s in split_sentences(text) if re.search(r"\w", s)]
    return Written(
        conversation=played.conversation.id,
        question=played.question,
        statements=tuple(told),
        text=text,
        sentences=len(checked),
        cut=tuple(s.strip() for s, unsupported in checked if unsupported),
        unsupported=tuple(claim for _, unsupported in checked for claim in unsupported),
        kept="".join(s for s, unsupported in checked if not unsupported).strip(),
    )


def with_prose(answer: str, prose: str) -> str:
    """A template's answer with other prose: lists and what the program says of itself stay where they are."""
    fixed = set(fixed_texts())
    parts: list[str] = []
    for part in answer.split("\n\n"):
        own = {s.strip() for s in split_sentences(part)} <= fixed or part in fixed
        if "\n- [" in part or own:
            parts.append(part)
        elif prose not in parts:
            parts.append(prose)
    return joined(parts)


def pairs(
    played: Sequence[Played], write: Write, count: int = 60, seed: int = 0, progress: Progress | None = None
) -> tuple[list[Pair], list[Written]]:
    """`count` pairs with their sides shuffled, and the key, which also holds the answers cut whole on the way.

    Raises ProseError if the answers do not suffice.
    """
    rng = random.Random(seed)
    shown: list[Pair] = []
    key: list[Written] = []
    for turn in chosen(played, seed):
        model = written(turn, write)
        if model.kept:
            side: Side = rng.choice(("left", "right"))
            model = model.model_copy(update={"pair": len(shown) + 1, "template": side})
            answers = [_unmarked(turn.answer.answer), _unmarked(with_prose(turn.answer.answer, model.kept))]
            left, right = answers if side == "left" else reversed(answers)
            shown.append(Pair(number=len(shown) + 1, question=turn.question, left=left, right=right))
        key.append(model)
        if progress:
            progress(len(shown), count)
        if len(shown) == count:
            return shown, key
    raise ProseError(f"Of {len(key)} different search answers only {len(shown)} make a pair: lower --count.")


def _unmarked(text: str) -> str:
    return re.sub(r" \(E\d+\)|\*\*", "", text)


def save(folder: Path, shown: Sequence[Pair], key: Sequence[Written]) -> None:
    """The pairs for the judges and, in a file of its own, the key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAIRS).write_bytes(TypeAdapter(Sequence[Pair]).dump_json(shown, indent=2) + b"\n")
    (folder / KEY).write_bytes(TypeAdapter(Sequence[Written]).dump_json(key, indent=2) + b"\n")


class Writer:
    """The base model as it comes, writing greedily by its chat template. `base`: its unpacked folder."""

    def __init__(self, base: Path) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModelForCausalLM

        from encoder.loading import MODEL_LOAD_LOCK

        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        with MODEL_LOAD_LOCK:
            model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="sdpa")
        self._model = model.eval()

    def __call__(self, told: Sequence[str]) -> str:
        """Prose from statements: the first complete sentences, each once."""
        import torch

        from assistant.understanding.language_model.reader import END

        facts, prose = EXAMPLE
        said = (("system", SYSTEM), ("user", _task(facts)), ("assistant", prose), ("user", _task(told)))
        prompt = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in said) + "<|im_start|>assistant\n"
        begin = self._tokenizer.encode(prompt, add_special_tokens=False).ids

        def text_of(tokens: Any) -> str:
            text: str = self._tokenizer.decode(tokens[0, len(begin) :].tolist(), skip_special_tokens=True)
            return text

        def enough(tokens: Any, _: Any, **__: Any) -> Any:
            return torch.tensor([len(split_sentences(text_of(tokens))) > MAX_SENTENCES])

        with torch.inference_mode():
            output = self._model.generate(
                torch.tensor([begin]),
                attention_mask=torch.ones(1, len(begin), dtype=torch.long),
                do_sample=False,
                max_new_tokens=MAX_TOKENS,
                stopping_criteria=[enough],
                eos_token_id=END,
                pad_token_id=END,
            )
        return first_sentences(text_of(output))


def _task(told: Sequence[str]) -> str:
    return "\n".join(["Facts:", *(f"- {t}" for t in told), "", TASK])


def first_sentences(text: str) -> str:
    """The first sentences of a text, none of them twice, without one that broke off."""
    complete = [s.strip() for s in split_sentences(text) if re.search(r"[.!?][”\"')*]*\s*$", s)]
    return " ".join(list(dict.fromkeys(complete))[:MAX_SENTENCES])


# -- the score -------------------------------------------------------------------------------------------------------
def read_votes(path: Path) -> dict[int, Vote]:
    """One judge's file, `{pair number: "left" | "right" | "tie"}`. Raises ProseError if it is anything else."""
    try:
        return TypeAdapter(dict[int, Vote]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProseError(f"{path} does not hold votes: write a side, left, right or tie, for each number.") from error


def read_key(folder: Path) -> list[Written]:
    """The key beside the pairs. Raises ProseError if there is none."""
    try:
        return TypeAdapter(list[Written]).validate_json((folder / KEY).read_bytes())
    except (OSError, ValidationError) as error:
        raise ProseError(f"{folder} holds no key: make the pairs with `lesion-search eval prose pairs`.") from error


def score(key: Sequence[Written], votes: Mapping[str, Mapping[int, Vote]]) -> ProseReport:
    """The key with the votes of each judge by name. Raises ProseError for no vote, or one on a pair that is not."""
    sides = {w.pair: w.template for w in key if w.pair is not None}
    if not any(votes.values()):
        raise ProseError("Nobody has voted: name the files of votes.")
    for judge, cast in votes.items():
        if strangers := sorted(set(cast) - set(sides)):
            raise ProseError(f"{judge} voted on pairs that there are not: {', '.join(map(str, strangers))}.")
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
    """1 for the model, -1 for the template, 0 for a tie."""
    return 0 if vote == "tie" else -1 if vote == template else 1


def _most(given: Sequence[int]) -> int:
    balance = sum(given)
    return (balance > 0) - (balance < 0)


def _verdict(judge: str, given: Sequence[int]) -> Verdict:
    template, model, ties = (Share(right=sum(g == way for g in given), total=len(given)) for way in (-1, 1, 0))
    return Verdict(judge=judge, template=template, model=model, ties=ties)


def to_markdown(report: ProseReport) -> str:
    """What the check left, what the judges said, and which prose is to be used."""
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
    """Remember a comparison for the documents."""
    path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def kept(path: Path = RESULTS) -> ProseReport:
    """The comparison that the documents show."""
    return ProseReport.model_validate_json(path.read_text(encoding="utf-8"))
