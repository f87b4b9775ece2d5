"""The conversations of the agent evaluation: read from their files, set on a small demo installation, and played."""

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.core.events import Answer
    from assistant.core.evidence import Evidence
    from assistant.core.turn_state import ToolCallRecord, TurnState
    from encoder.embedder import Embedder
    from tools.atlas.own_cases import OwnCases
    from tools.atlas.searchable import SearchableAtlas
    from tools.domain.study import Study
    from tools.pipelines.phantoms.generate import TruthRow
    from tools.settings import Settings
    from tools.workspace.session import Session, Workspace

ConversationSplit = Literal["dev", "test"]
Calls = tuple[dict[str, dict[str, Any]], ...]  # {tool: arguments}, in order

CASES = Path(__file__).resolve().parent / "agent_cases"
PATIENTS = 16  # enough for every lesion type; quick to make


class ScriptedTurn(BaseModel):
    """One message, the calls expected for it, and what the answer must be like (see agent_cases/README.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str
    kind: str = ""
    calls: Calls
    or_calls: tuple[Calls, ...] = ()
    asks: bool = False
    declines: bool = False
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Conversation(BaseModel):
    """Turns in one voice about one phantom case, or about none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    voice: str
    split: ConversationSplit
    study: str | None = None  # the case of the largest lesion of this type
    regions: int = 0
    selected: str = "R1"
    turns: tuple[ScriptedTurn, ...] = Field(alias="turn", min_length=1)


@dataclass(frozen=True)
class Played:
    """A turn that was played: the question as asked, what may be called, the answer, and what it had to go by."""

    conversation: Conversation
    turn: ScriptedTurn
    question: str
    expected: tuple[tuple["ToolCallRecord", ...], ...]  # any of these
    answer: "Answer"
    state: "TurnState"
    evidence: tuple["Evidence", ...]  # of this turn and those before
    told: tuple[str, ...]  # what tools said instead of a result
    number: int  # of the turn, by which the evidence names its own


def read_conversations(split: ConversationSplit | Literal["all"] = "all", folder: Path = CASES) -> list[Conversation]:
    """Read the conversations of a split; a turn without a kind has its file's."""
    found = []
    for path in sorted(folder.glob("*/*.toml")):
        if split in ("all", path.parent.name):
            for raw in tomllib.loads(path.read_text(encoding="utf-8")).get("conversation", []):
                turns = [{"kind": path.stem, **turn} for turn in raw["turn"]]
                found.append(Conversation.model_validate({**raw, "turn": turns, "split": path.parent.name}))
    return found


class DemoInstallation:
    """A small demo installation: phantom cases, the atlas built from them, and studies read once."""

    def __init__(self, settings: "Settings") -> None:
        from tools.pipelines.demo import open_workspace_parts, patient_keys

        self._keys = patient_keys(settings)
        self._samples = settings.samples
        self._truth = _read_truth(settings.samples)
        self._studies: dict[str, Study] = {}
        self.embedder: Embedder
        self.atlas: SearchableAtlas
        self.embedder, self.atlas = open_workspace_parts(settings)

    @classmethod
    def build(cls, folder: Path) -> "DemoInstallation":
        """Make the phantoms and the atlas in a folder, or use those that are there."""
        from tools.pipelines.demo import COMPLETE
        from tools.pipelines.phantoms.generate import make_phantoms
        from tools.settings import Settings

        settings = Settings(data=folder, atlas=None, encoder=None)
        if not (settings.samples / COMPLETE).exists():
            make_phantoms(settings.samples, patients=PATIENTS)
            (settings.samples / COMPLETE).touch()
        return cls(settings)

    @contextmanager
    def workspace(self, conversation: Conversation, folder: Path) -> "Iterator[Workspace]":
        """Open the study in a new session and click its regions: the lesion of that type, then others by size.

        Afterwards the session is deleted, and every own case that was saved meanwhile.
        """
        from tools.workspace.session import Session, Workspace

        session, own = Session(folder), self.atlas.own
        kept = _ids_of(own)
        try:
            self._open(session, conversation)
            yield Workspace(session, self.atlas, self.embedder)
        finally:
            session.close()
            if own is not None:
                for lesion_id in _ids_of(own) - kept:
                    own.delete(lesion_id)

    def _open(self, session: "Session", conversation: Conversation) -> None:
        if conversation.study:
            of_type = [row for row in self._truth if row.lesion_type == conversation.study]
            lesion = max(of_type, key=lambda row: row.long_axis_mm)
            others = [row for row in self._truth if row.dicom_folder == lesion.dicom_folder and row is not lesion]
            session.open(self._study(lesion.dicom_folder))
            for row in [lesion, *sorted(others, key=lambda row: -row.long_axis_mm)]:
                if len(session.regions()) < conversation.regions:
                    session.add_click(row.slice - 1, (row.x0 + row.x1) / 2, (row.y0 + row.y1) / 2)
            if len(session.regions()) < conversation.regions:
                raise ValueError(f"The case of {conversation.id} has fewer than {conversation.regions} lesions.")
            if conversation.selected == "none":
                session.deselect()
            elif conversation.regions:
                session.select(conversation.selected)

    def _study(self, dicom_folder: str) -> "Study":
        from tools.intake.intake import read_study

        if dicom_folder not in self._studies:
            self._studies[dicom_folder] = read_study(self._samples / dicom_folder, self._keys)
        return self._studies[dicom_folder]


def play(
    conversation: Conversation, installation: DemoInstallation, model: "str | BaseChatModel", folder: Path
) -> Iterator[Played]:
    """Ask every turn of a conversation, in one session."""
    from assistant.agent.assistant import Assistant
    from assistant.agent.snapshot import turn_state
    from assistant.core.events import AnswerReady, ToolFinished
    from assistant.core.evidence import EvidenceLedger

    with installation.workspace(conversation, folder) as workspace:
        names = names_of(workspace.session, installation.atlas)
        assistant, ledger = Assistant(workspace, model), EvidenceLedger()
        for turn in conversation.turns:
            ledger.begin_turn()
            state = turn_state(workspace, ledger)
            question = filled(turn.say, names)
            told: list[str] = []
            for event in assistant.stream(question):
                if isinstance(event, ToolFinished) and not event.ok:
                    told.append(event.title)
                if isinstance(event, AnswerReady):
                    answer = event.answer
            before = _hits(ledger)
            for e in answer.evidence:
                ledger.add(e.tool, e.args, e.facts)
            after = _hits(ledger)
            expected = tuple(
                records(calls, names | (after if any("search_similar_lesions" in c for c in calls) else before))
                for calls in (turn.calls, *turn.or_calls)
            )
            yield Played(conversation, turn, question, expected, answer, state, tuple(ledger), tuple(told), ledger.turn)


def _ids_of(own: "OwnCases | None") -> set[str]:
    return {case.lesion.lesion_id for case in own.cases()} if own is not None else set()


def _read_truth(samples: Path) -> list["TruthRow"]:
    from tools.pipelines.phantoms.generate import TruthRow

    with (samples / "truth.csv").open(newline="", encoding="utf-8") as file:
        return TypeAdapter(list[TruthRow]).validate_python(list(csv.DictReader(file)))


def names_of(session: "Session", atlas: "SearchableAtlas") -> dict[str, str]:
    """List what the placeholders of a conversation stand for."""
    names: dict[str, str] = {}
    by_type: dict[str, int] = {}
    for lesion in atlas.lesions():
        number = by_type[str(lesion.lesion_type)] = by_type.get(str(lesion.lesion_type), 0) + 1
        names[f"atlas:{lesion.lesion_type}:{number}"] = lesion.lesion_id
    regions = sorted(session.regions() if session.study else (), key=lambda r: r.measurement.long_axis_mm or 0)
    if regions:
        names |= {"smaller": regions[0].region_id, "bigger": regions[-1].region_id}
    return names


def _hits(evidence: Iterable["Evidence"]) -> dict[str, str]:
    """Name the hits of the latest search by rank."""
    from tools.domain.facts import SearchFacts

    searches: list[SearchFacts] = [e.facts for e in evidence if isinstance(e.facts, SearchFacts)]
    hits = searches[-1].hits if searches else ()
    return {f"hit:{h.rank}": h.lesion_id for h in hits} | ({"hit:last": hits[-1].lesion_id} if hits else {})


def filled(text: str, names: dict[str, str]) -> str:
    """Replace the placeholders of a text."""
    return re.sub(r"\{([\w: ]+)\}", lambda m: names.get(m.group(1), m.group()), text)


def records(calls: Calls, names: dict[str, str]) -> tuple["ToolCallRecord", ...]:
    """Replace the placeholders of expected calls."""
    from assistant.core.turn_state import ToolCallRecord

    def value_of(value: Any) -> Any:
        return filled(value, names) if isinstance(value, str) else value

    return tuple(
        ToolCallRecord(name=name, args={key: value_of(value) for key, value in args.items()})
        for call in calls
        for name, args in call.items()
    )
