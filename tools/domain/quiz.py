"""A quiz on lesions of known type: what was ordered, where the learner stands, and how the answers are scored.

Teaching files call it the unknown presentation of a case: the type is withheld until the learner has committed
(RSNA MIRC). Nothing here knows a person; a quiz lives in a session and dies with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, computed_field

from encoder.errors import LesionSearchError
from tools.domain.lesions import AtlasLesion, LesionType
from tools.domain.region import PixelBox
from tools.domain.study import Study

Difficulty = Literal["easy", "medium", "hard"]
Presentation = Literal["unknown", "known", "presenter"]
Level = Literal["student", "resident"]
MAX_CASES = 50
CASES = 10
MAX_HINTS = 3
SURENESS: dict[str, float] = {"a guess": 0.25, "unsure": 0.5, "fairly sure": 0.75, "sure": 0.95}
HIDDEN = (
    "This is a case of your quiz, so its hits, votes and type are not told before you answer: choose a type, ask for a "
    "hint, or give up with “what is the truth?”."
)
_Z = 1.96  # of a 95 % interval


class QuizError(LesionSearchError):
    """There is no quiz, no such case, or its type is not told yet."""


class QuizPlan(BaseModel):
    """What makes a quiz: the same plan over the same atlas is the same cases in the same order.

    `types` empty asks about all; `source` names an atlas of those searched, empty is all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quiz: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,24}$")]  # the seed
    n: Annotated[int, Field(ge=1, le=MAX_CASES)] = CASES
    types: Annotated[tuple[LesionType, ...], Field(max_length=50)] = ()
    source: Annotated[str, Field(max_length=100)] = ""
    difficulty: Difficulty | None = None
    presentation: Presentation = "unknown"
    level: Level = "resident"

    def query(self) -> str:
        """Write the plan as the query of a link: `quiz=7QK2&n=10`."""
        fields = {name: value for name, value in self.model_dump(exclude_defaults=True).items() if name != "types"}
        return urlencode([("quiz", self.quiz), ("n", self.n), *((k, v) for k, v in fields.items() if k not in
                         ("quiz", "n")), *(("type", one) for one in self.types)])  # fmt: skip


@dataclass(frozen=True)
class QuizCase:
    """One case: its lesion, how hard it is, its margin (-2..2), and the type that it is taken for most easily.

    The margin is the cosine of the most similar lesion of its own type, of other patients, less that of another type.
    """

    lesion: AtlasLesion
    difficulty: Difficulty
    margin: float
    lookalike: str

    @property
    def lesion_type(self) -> str:
        """The type that is asked for."""
        return self.lesion.lesion_type or ""


class QuizAnswer(BaseModel):
    """What was answered: `chosen` None where the learner gave up. Types, numbers and nothing about the person."""

    model_config = ConfigDict(frozen=True)

    case: int
    difficulty: Difficulty
    lesion_type: str
    chosen: str | None
    sureness: float | None  # 0..1, as stated
    hints: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def right(self) -> bool:
        """Whether the chosen type is the case's."""
        return self.chosen == self.lesion_type


class Calibration(BaseModel):
    """Answers given with one sureness: how many, how many right, and the 95 % interval of their share (Wilson 1927)."""

    words: str
    stated: float
    answers: int
    right: int
    low: float
    high: float


class QuizResults(BaseModel):
    """A quiz summed up. `brier` is the mean squared distance of stated sureness and outcome (Brier 1950): 0 is best,
    0.25 is what always saying 50 % earns; None where no answer had a sureness."""

    right: int
    answered: int
    streak: int
    best_streak: int
    brier: float | None
    types: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]  # a row for each true type, a column for each chosen one, the last: none
    calibration: tuple[Calibration, ...]


@dataclass
class Quiz:
    """One running quiz of a session. `told` grows for each case: asked, hits (a presenter's step), truth."""

    plan: QuizPlan
    cases: tuple[QuizCase, ...]
    options: tuple[str, ...]
    place: int = 0
    told: Literal["asked", "hits", "truth"] = "asked"
    hints: list[str] = field(default_factory=list)
    answers: list[QuizAnswer] = field(default_factory=list)
    reasons: tuple[tuple[bool, str], ...] = ()  # what spoke for the true type (True), and what against
    described: Study | None = None  # the study on the screen as its file describes it, for when the type is told
    mark: tuple[int, PixelBox] | None = None  # slice (0-based) and box of the lesion
    region_id: str = ""  # that the mark became

    @property
    def over(self) -> bool:
        """Whether all cases were shown."""
        return self.place >= len(self.cases)

    @property
    def case(self) -> QuizCase:
        """The case on the screen. Raises QuizError after the last."""
        if self.over:
            raise QuizError("This quiz is over: start another one.")
        return self.cases[self.place]

    @property
    def hidden(self) -> bool:
        """Whether nothing may tell the type of what is on the screen."""
        return not self.over and self.told == "asked"

    def check_told(self) -> None:
        """Raise QuizError where an answer would give the case away."""
        if self.hidden:
            raise QuizError(HIDDEN)

    def record(self, chosen: str | None, sureness: float | None) -> QuizAnswer:
        """Take an answer, None for giving up. Raises QuizError for what is no option, and for a second answer."""
        if self.told == "truth":
            raise QuizError("This case is answered already: go on to the next one.")
        if chosen is not None and chosen not in self.options:
            raise QuizError(f"{chosen[:40]!r} is not among the answers: choose one of {', '.join(self.options)}.")
        case = self.case
        answer = QuizAnswer(
            case=self.place + 1,
            difficulty=case.difficulty,
            lesion_type=case.lesion_type,
            chosen=chosen,
            sureness=sureness,
            hints=len(self.hints),
        )
        if self.plan.presentation == "unknown":
            self.answers.append(answer)
        self.told = "truth"
        return answer

    def go_on(self) -> None:
        """Leave the case on the screen for the next one. Raises QuizError before its type is told."""
        if self.told != "truth":
            raise QuizError(HIDDEN)
        self.place += 1
        self.told, self.hints, self.reasons = "asked", [], ()


def results(answers: Sequence[QuizAnswer], options: Sequence[str]) -> QuizResults:
    """Sum up answers to questions with these options."""
    streak = best = 0
    for answer in answers:
        streak = streak + 1 if answer.right else 0
        best = max(best, streak)
    rated = [(answer.sureness, answer.right) for answer in answers if answer.sureness is not None]
    types = tuple(options)
    columns = (*types, None)
    return QuizResults(
        right=sum(answer.right for answer in answers),
        answered=len(answers),
        streak=streak,
        best_streak=best,
        brier=sum((stated - right) ** 2 for stated, right in rated) / len(rated) if rated else None,
        types=types,
        confusion=tuple(
            tuple(sum(a.lesion_type == row and a.chosen == column for a in answers) for column in columns)
            for row in types
        ),
        calibration=tuple(_calibration(words, stated, rated) for words, stated in SURENESS.items()),
    )


def _calibration(words: str, stated: float, rated: Sequence[tuple[float, bool]]) -> Calibration:
    outcomes = [right for sureness, right in rated if sureness == stated]
    n, right = len(outcomes), sum(outcomes)
    low, high = wilson(right, n) if n else (0.0, 1.0)
    return Calibration(words=words, stated=stated, answers=n, right=right, low=low, high=high)


def wilson(right: int, n: int) -> tuple[float, float]:
    """Compute the 95 % interval of a share (Wilson 1927, J Am Stat Assoc 22:209-212)."""
    share, z2 = right / n, _Z * _Z / n
    centre = (share + z2 / 2) / (1 + z2)
    half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n)) / (1 + z2)
    return max(0.0, centre - half), min(1.0, centre + half)
