"""Does the grounding check catch what is false and leave what is true? Answers of the agent set, and changed ones."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from assistant.core.patterns import split_sentences
from assistant.grounding.checker import Checker
from eval.assistant.conversations import ConversationSplit, DemoInstallation, Played, read_conversations
from eval.assistant.paraphrases import paraphrases
from eval.assistant.perturbations import KINDS, Context, perturbed
from eval.assistant.tool_calls import play_all
from eval.metrics import Share

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Wording = Literal["answers", "other words"]
PER_KIND = 200  # perturbed sentences of one kind and wording, at most
EXAMPLES = 40  # missed and cut sentences kept in the report
NOTE = re.compile(r"\*\(\d+ sentences? without evidence (?:was|were) removed\.\)\*")


class Example(BaseModel):
    """A sentence the check got wrong."""

    model_config = ConfigDict(frozen=True)

    kind: str
    sentence: str
    honest: str = ""  # what it was made from
    claims: tuple[str, ...] = ()  # what an honest sentence was cut for


class KindResult(BaseModel):
    """Perturbed sentences of one kind that were caught."""

    model_config = ConfigDict(frozen=True)

    kind: str
    wording: Wording
    caught: Share


class GroundingReport(BaseModel):
    """How the check did on perturbed and on honest sentences."""

    model_config = ConfigDict(frozen=True)

    model: str
    kinds: tuple[KindResult, ...]
    kept: dict[Wording, Share]  # honest sentences left in
    missed: tuple[Example, ...]
    cut: tuple[Example, ...]

    def caught(self, kind: str | None = None, wording: Wording | None = None) -> Share:
        """Sum the perturbed sentences caught, of a kind or of all."""
        chosen = [k.caught for k in self.kinds if kind in (None, k.kind) and wording in (None, k.wording)]
        return Share(right=sum(s.right for s in chosen), total=sum(s.total for s in chosen))


@dataclass(frozen=True)
class _Text:
    """The sentences of one answer as written, before anything was cut, and what they may rest on."""

    played: Played
    wording: Wording
    sentences: tuple[str, ...]

    @property
    def context(self) -> Context:
        """Return what must be known to make its sentences false."""
        return Context(self.played.state.atlas_types, self.played.evidence, self.played.number)

    def checker(self, after: int = 0) -> Checker:
        """Make a checker that has read the first sentences."""
        p = self.played
        checker = Checker(p.evidence, p.state, p.question, p.told, p.number)
        for sentence in self.sentences[:after]:
            checker.check(sentence)
        return checker


def run(
    model: "str | BaseChatModel" = "offline",
    split: ConversationSplit | Literal["all"] = "all",
    installation: DemoInstallation | None = None,
    played: Sequence[Played] | None = None,
    per_kind: int = PER_KIND,
    seed: int = 0,
) -> GroundingReport:
    """Play the agent set (or take what was played), check its honest sentences, then perturbed ones."""
    played = played or play_all(model, read_conversations(split), installation)
    texts = [text for p in played for text in _texts(p)]
    rng = random.Random(seed)
    kept, cut = _honest(texts)
    kinds, missed = [], []
    for wording in kept:
        of_wording = [t for t in texts if t.wording == wording]
        for kind in KINDS:
            result, wrong = _perturbations(kind, wording, of_wording, per_kind, rng)
            kinds.append(result)
            missed += wrong
    return GroundingReport(
        model=played[0].answer.model,
        kinds=tuple(kinds),
        kept=kept,
        missed=tuple(missed[:EXAMPLES]),
        cut=tuple(cut[:EXAMPLES]),
    )


def _texts(played: Played) -> list[_Text]:
    answer = played.answer
    shown = [s for s in split_sentences(answer.answer) if s.strip() and not NOTE.search(s)]
    texts = [_Text(played, "answers", (*shown, *answer.grounding.removed))]
    other = tuple(s for e in answer.evidence for s in paraphrases(e.facts))
    return [*texts, _Text(played, "other words", other)] if other else texts


def _honest(texts: Sequence[_Text]) -> tuple[dict[Wording, Share], list[Example]]:
    kept: dict[Wording, list[bool]] = {}
    cut: list[Example] = []
    forms: set[str] = set()  # of the examples, which are to differ in more than numbers
    for text in texts:
        checker = text.checker()
        for sentence in text.sentences:
            unsupported = checker.check(sentence).unsupported
            kept.setdefault(text.wording, []).append(not unsupported)
            form = re.sub(r"\[[^\]]*\]|\d+(?:\.\d+)?", "#", sentence)
            if unsupported and form not in forms:
                forms.add(form)
                cut.append(Example(kind=text.wording, sentence=sentence.strip(), claims=unsupported))
    return {wording: Share(right=sum(all_), total=len(all_)) for wording, all_ in kept.items()}, cut


def _perturbations(
    kind: str, wording: Wording, texts: Sequence[_Text], per_kind: int, rng: random.Random
) -> tuple[KindResult, list[Example]]:
    """Perturb up to `per_kind` different sentences in one way, and check each where it stood in its answer."""
    places = [(text, i) for text in texts if text.played.evidence for i in range(len(text.sentences))]
    rng.shuffle(places)
    tried: set[tuple[str, str]] = set()
    caught, missed = 0, []
    for text, i in places:
        honest = text.sentences[i].strip()
        wrong = None if text.played.turn.kind == "courtesy" else perturbed(kind, honest, text.context, rng)
        if wrong is None or (honest, wrong) in tried or text.checker(after=i).check(honest).unsupported:
            continue  # what is cut when honest says nothing about the check
        tried.add((honest, wrong))
        if text.checker(after=i).check(wrong).unsupported:
            caught += 1
        else:
            missed.append(Example(kind=kind, sentence=wrong, honest=honest))
        if len(tried) == per_kind:
            break
    share = Share(right=caught, total=len(tried))
    return KindResult(kind=kind, wording=wording, caught=share), missed


def to_markdown(report: GroundingReport, examples: int = EXAMPLES) -> str:
    """Format the report as Markdown, with sentences the check got wrong."""
    wordings: list[Wording] = list(report.kept)
    lines = [
        f"Grounding check, sentences of model `{report.model}` and the same facts in other words "
        "(95 % Wilson intervals):",
        "",
        "| | " + " | ".join(wordings) + " | both |",
        "|---|" + "---|" * (len(wordings) + 1),
    ]
    rows: list[tuple[str, str | None]] = [("**perturbed, caught**", None), *((kind, kind) for kind in KINDS)]
    for name, kind in rows:
        cells = [str(report.caught(kind, w)) for w in wordings]
        lines.append(f"| {name} | " + " | ".join([*cells, str(report.caught(kind))]) + " |")
    cuts = [Share(right=s.total - s.right, total=s.total) for s in report.kept.values()]
    both = Share(right=sum(s.right for s in cuts), total=sum(s.total for s in cuts))
    lines.append("| **honest, cut** | " + " | ".join(map(str, [*cuts, both])) + " |")
    if report.missed[:examples]:
        lines += ["", "Missed:", ""]
        lines += [f"- {e.kind}: {e.sentence} (was: {e.honest})" for e in report.missed[:examples]]
    if report.cut[:examples]:
        lines += ["", "Cut though honest:", ""]
        lines += [f"- {e.sentence} ({', '.join(e.claims)})" for e in report.cut[:examples]]
    return "\n".join(lines)
