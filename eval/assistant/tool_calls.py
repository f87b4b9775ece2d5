"""Does the assistant call the right tool with the right arguments, say back every filter, and claim nothing unshown?"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from eval.assistant.conversations import (
    Conversation,
    ConversationSplit,
    DemoInstallation,
    Played,
    play,
    read_conversations,
)
from eval.metrics import Share
from tools.domain.lesions import Filters
from tools.domain.progress import Progress

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.core.turn_state import ToolCallRecord

DECLINE = r"\b(?:cannot|not|no|never|unable)\b|n[’']t\b"
SEX_WORDS = {"F": r"\b(?:wom[ae]n|females?)\b", "M": r"\b(?:m[ae]n|males?)\b"}
SCOPE_WORDS = {
    "same-patient": r"\b(?:same|this|your|own) patient",
    "cross-patient": r"\bother patients?\b|\b(?:leaving out|without|not) (?:of |from )?this patient|\bcross-patient",
    "all": r"\b(?:all|any|every) patients?\b|\bevery(?:one|body)\b|\bincluding this patient|\bthis patient included",
}


class TurnResult(BaseModel):
    """One turn judged. Calls read `tool(argument=value, …)`."""

    model_config = ConfigDict(frozen=True)

    conversation: str
    turn: int
    split: ConversationSplit
    kind: str
    voice: str
    question: str
    expected: str
    got: str
    answer: str
    right: bool  # the calls, exactly
    wrong: tuple[str, ...] = ()  # filters that nobody asked for, or of a wrong value
    harmful: tuple[str, ...] = ()  # those of them that are not said back
    ignored: tuple[str, ...] = ()  # filters that were asked for and that no search applied
    unsaid: tuple[str, ...] = ()  # filters, right or wrong, that the answer does not say back
    unsupported: tuple[str, ...] = ()  # claims without evidence that were shown
    removed: tuple[str, ...] = ()  # sentences the grounding check took out
    own_ms: float = 0.0  # beyond tools and model
    faults: tuple[str, ...] = ()  # what else the answer lacks, or should not have


class AgentReport(BaseModel):
    """All turns of a run."""

    model_config = ConfigDict(frozen=True)

    model: str
    turns: tuple[TurnResult, ...]

    def own_ms(self, percentile: float) -> float:
        """Return a percentile of the ms a turn takes beyond its tools and the language model."""
        times = sorted(t.own_ms for t in self.turns)
        return times[min(len(times) - 1, int(percentile / 100 * len(times)))] if times else float("nan")

    def exact(self, split: ConversationSplit | None = None, kind: str | None = None) -> Share:
        """Count the turns whose calls are exactly right."""
        chosen = self.of(split, kind)
        return Share(right=sum(t.right for t in chosen), total=len(chosen))

    def of(self, split: ConversationSplit | None = None, kind: str | None = None) -> list[TurnResult]:
        """Choose the turns of a split and a kind."""
        return [t for t in self.turns if split in (None, t.split) and kind in (None, t.kind)]


def run(
    model: "str | BaseChatModel" = "offline",
    split: ConversationSplit | Literal["all"] = "all",
    installation: DemoInstallation | None = None,
    conversations: Sequence[Conversation] | None = None,
    progress: Progress | None = None,
) -> AgentReport:
    """Play the conversations of a split (or those given) and judge every turn. Without a installation one is built."""
    played = play_all(model, conversations or read_conversations(split), installation, progress)
    name = played[0].answer.model if played else str(model)
    return AgentReport(model=name, turns=tuple(judged(number, turn) for number, turn in numbered(played)))


def play_all(
    model: "str | BaseChatModel",
    conversations: Sequence[Conversation],
    installation: DemoInstallation | None = None,
    progress: Progress | None = None,
) -> list[Played]:
    """Play all turns of all conversations, in order."""
    with tempfile.TemporaryDirectory() as folder:
        installation = installation or DemoInstallation.build(Path(folder) / "data")
        played: list[Played] = []
        for done, conversation in enumerate(conversations, 1):
            played += play(conversation, installation, model, Path(folder) / conversation.id)
            if progress:
                progress(done, len(conversations))
    return played


def numbered(played: Iterable[Played]) -> Iterable[tuple[int, Played]]:
    """Number turns within their conversation, from 1."""
    number, last = 0, ""
    for turn in played:
        number = number + 1 if turn.conversation.id == last else 1
        last = turn.conversation.id
        yield number, turn


def judged(number: int, played: Played) -> TurnResult:
    """Judge one turn by what was expected of it."""
    turn, answer = played.turn, played.answer
    got = [comparable(call) for call in answer.tool_calls]
    allowed = [[comparable(call) for call in calls] for calls in played.expected]
    unsaid = tuple(word for call in answer.tool_calls for word in unsaid_filters(call, played))
    right = got in allowed
    wrong = {f for call in answer.tool_calls for f in _wrong_filters(call, allowed)} if not right else set()
    return TurnResult(
        conversation=played.conversation.id,
        turn=number,
        split=played.conversation.split,
        kind=turn.kind,
        voice=played.conversation.voice,
        question=played.question,
        expected=" | ".join(_shown(calls) for calls in played.expected),
        got=_shown(answer.tool_calls),
        answer=answer.answer,
        right=right,
        wrong=tuple(sorted(wrong)),
        harmful=tuple(f for f in unsaid if f in wrong),
        ignored=tuple(sorted(_filters_of(allowed[0]) - _filters_of(got))) if not right else (),
        unsaid=unsaid,
        unsupported=_unsupported(played),
        removed=answer.grounding.removed,
        own_ms=answer.timing.own_ms,
        faults=_faults(played),
    )


def comparable(call: "ToolCallRecord") -> tuple[str, dict[str, Any]]:
    """Normalize a call, so that what means the same is the same: order of lists, 20 and 20.0, letter case, defaults."""
    from tools.agent_tools import TOOLS

    defaults = {t.name: {name: spec.get("default") for name, spec in t.args.items()} for t in TOOLS}
    known = defaults.get(call.name, {})
    args = {name: _plain(value) for name, value in call.args.items() if value not in (None, [], known.get(name))}
    return call.name, args


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, list | tuple):
        return frozenset(_plain(v) for v in value)
    return float(value) if isinstance(value, int | float) else value


# -- filters ---------------------------------------------------------------------------------------------------------
def _wrong_filters(call: "ToolCallRecord", allowed: list[list[tuple[str, dict[str, Any]]]]) -> set[str]:
    """Find the filters of a search that no expected search has with this value."""
    name, args = comparable(call)
    wanted = [other for calls in allowed for other_name, other in calls if other_name == name]
    return {f for f in Filters.model_fields if f in args and all(other.get(f) != args[f] for other in wanted)}


def _filters_of(calls: list[tuple[str, dict[str, Any]]]) -> set[str]:
    return {f for name, args in calls if name == "search_similar_lesions" for f in Filters.model_fields if f in args}


def unsaid_filters(call: "ToolCallRecord", played: Played) -> list[str]:
    """Find the filters of a search that its answer does not say back, outside the hits and the vote."""
    from assistant.core.patterns import split_sentences

    text = " ".join(s for s in split_sentences(played.answer.answer) if "%" not in s and "[" not in s)
    types = played.state.atlas_types
    applied = {f: v for f, v in call.args.items() if f in Filters.model_fields and v not in (None, [])}
    if applied.get("scope") == "cross-patient" and "scope" not in comparable(call)[1]:
        del applied["scope"]  # the default: nothing is narrowed
    return [f for f, value in applied.items() if not _said(f, value, text, types)]


def _said(name: str, value: Any, text: str, types: Sequence[str]) -> bool:
    if name == "sex":
        return _found(SEX_WORDS[value], text)
    if name == "scope":
        return _found(SCOPE_WORDS[value], text)
    if name == "lesion_types":
        left_out = [t for t in types if t not in value]
        excluding = len(left_out) < len(value) and _found(r"\b(?:not|no|without|except|but|other than|exclud)", text)
        return all(_found(rf"\b{re.escape(t)}\b", text) for t in (left_out if excluding else value))
    numbers = [f"{value:g}"]
    if name == "min_age":
        numbers += [f"(?:over|older than|above) {value - 1}"]
    if name == "max_age":
        numbers += [f"(?:under|younger than|below) {value + 1}"]
    if name.endswith("_mm"):
        numbers = [
            rf"{value:g}(?:\.0)?(?: (?:to|and|–|-) [\d.]+| ?[–-] ?[\d.]+)? ?mm",
            rf"{value / 10:g}(?:\.0)?(?: ?(?:to|and|–|-) ?[\d.]+)? ?cm",
        ]
    return any(_found(rf"(?<![\d.]){n}(?![\d])", text) for n in numbers)


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


# -- the answer ------------------------------------------------------------------------------------------------------
def _unsupported(played: Played) -> tuple[str, ...]:
    """Find claims of the answer as shown that its evidence does not hold, checked once more from outside."""
    from assistant.core.patterns import split_sentences
    from assistant.grounding.checker import Checker

    checker = Checker(played.evidence, played.state, played.question, played.told)
    shown = re.sub(r"\n*\*\(\d+ sentences? without evidence (?:was|were) removed\.\)\*$", "", played.answer.answer)
    return tuple(claim for s in split_sentences(shown) for claim in checker.check(s).unsupported)


def _faults(played: Played) -> tuple[str, ...]:
    turn, text = played.turn, played.answer.answer
    faults = []
    if not text.strip():
        faults.append("says nothing")
    if turn.asks and not played.answer.tool_calls and "?" not in text:
        faults.append("does not ask back")
    if turn.declines and not played.answer.tool_calls and not _found(DECLINE, text):
        faults.append("does not say that it cannot")
    faults += [f"does not say “{pattern}”" for pattern in turn.says if not _found(pattern, text)]
    faults += [f"says “{pattern}”" for pattern in turn.never if _found(pattern, text)]
    return tuple(faults)


def _shown(calls: Iterable["ToolCallRecord"]) -> str:
    def one(call: "ToolCallRecord") -> str:
        return f"{call.name}({', '.join(f'{k}={v!r}' for k, v in call.args.items() if v is not None)})"

    return ", ".join(map(one, calls)) or "no call"


# -- Markdown --------------------------------------------------------------------------------------------------------
def to_markdown(report: AgentReport, failures: ConversationSplit | None = "dev") -> str:
    """Format the report as Markdown, with the failures of one split."""
    splits: list[ConversationSplit] = [s for s in ("dev", "test") if report.of(s)]  # type: ignore[misc]
    lines = [
        f"Calls exactly right, model `{report.model}`, {len(report.turns)} utterances (95 % Wilson intervals):",
        "",
        "| kind | " + " | ".join(splits) + " |",
        "|---|" + "---|" * len(splits),
    ]
    rows = [("**all**", None), *((kind, kind) for kind in sorted({t.kind for t in report.turns}))]
    lines += [f"| {name} | " + " | ".join(str(report.exact(s, kind)) for s in splits) + " |" for name, kind in rows]
    lines += ["", "| answers | " + " | ".join(splits) + " |", "|---|" + "---|" * len(splits)]
    for what, name in (
        ("wrong", "a wrong filter"),
        ("ignored", "a filter asked for and not applied"),
        ("harmful", "a wrong filter, not said back"),
        ("unsaid", "a filter, right or wrong, not said back"),
        ("unsupported", "an unsupported claim shown"),
        ("removed", "a sentence taken out by the grounding check"),
        ("faults", "another check of the answer failed"),
    ):
        counts = [f"{sum(bool(getattr(t, what)) for t in report.of(s))} of {len(report.of(s))}" for s in splits]
        lines.append(f"| {name} | " + " | ".join(counts) + " |")
    lines += [
        "",
        f"A turn beyond its tools and a language model: median {report.own_ms(50):.0f} ms, 95th percentile "
        f"{report.own_ms(95):.0f} ms.",
    ]
    listed = [t for t in report.of(failures) if not t.right or t.harmful or t.faults] if failures in splits else []
    if listed:
        lines += ["", f"Failures of the {failures} split:", ""]
        lines += [_failure(t) for t in listed]
    return "\n".join(lines)


def _failure(t: TurnResult) -> str:
    line = f"- {t.conversation}, turn {t.turn} ({t.kind}, {t.voice}): “{t.question}”"
    if not t.right:
        line += f"\n  - expected {t.expected}\n  - got {t.got}"
    notes = [*(f"wrong and unsaid: {f}" for f in t.harmful), *t.faults]
    return line + "".join(f"\n  - {note}" for note in notes)
