"""What long tests found, kept in the repository, as one table: load held, faults survived, bad inputs tried, leaks."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

RESULTS = Path(__file__).parent / "results" / "reliability.json"


class Soak(BaseModel):
    """Many users at once on one server (`make soak`)."""

    users: int
    minutes: float
    studies: int
    answers: int
    answer_p95_s: float
    errors: int
    leaks: int
    memory_before_mb: int
    memory_loaded_mb: int
    memory_after_mb: int


class Conversation(BaseModel):
    """One user who asks and asks (`make soak`): median times of an answer, and by how much the server grew."""

    questions: int
    first_tenth_s: float
    last_tenth_s: float
    grown_mb: int

    @property
    def is_flat(self) -> bool:
        """Whether the last answers took no more than twice as long as the first."""
        return self.last_tenth_s <= 2 * self.first_tenth_s


class Fault(BaseModel):
    """What one kind of work left after being killed in each of `rounds`, and then done again (`eval kills`)."""

    work: str
    rounds: int
    lost: int = 0  # acknowledged before, and not there
    left: int = 0  # files of nobody
    differs: int = 0  # another outcome than that of undisturbed work


class Visited(BaseModel):
    """The journey through a Space, and visitors at once after it (`make space`); `load` is before its start."""

    first_answer_s: float
    processor_s: float
    load: float
    alone_mb: int
    visitors: int
    answers: int
    most_mb: int


class Mutants(BaseModel):
    """Broken files that were read (`make fuzz`); each of them ended as an image or a reason."""

    tried: int


class Reliability(BaseModel):
    """All that was kept; None and empty for what was never run."""

    soak: Soak | None = None
    conversation: Conversation | None = None
    faults: tuple[Fault, ...] = ()
    mutants: Mutants | None = None
    space: Visited | None = None


def read_kept(path: Path = RESULTS) -> Reliability:
    """Read what was kept so far."""
    return Reliability.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else Reliability()


def keep(path: Path = RESULTS, **part: Any) -> None:
    """Keep one part anew beside the others."""
    kept = read_kept(path).model_copy(update=part)
    path.parent.mkdir(exist_ok=True)
    path.write_text(kept.model_dump_json(indent=2) + "\n", encoding="utf-8")


def to_markdown(kept: Reliability) -> str:
    """Format a row a test; what was never run has none."""
    lines = ["| tried | how much | wrong |", "|---|---|---|"]
    if soak := kept.soak:
        lines.append(
            f"| users at once on one server | {soak.users} for {soak.minutes:g} minutes: {soak.studies} studies "
            f"opened, {soak.answers} questions, p95 of an answer {soak.answer_p95_s:.1f} s; resident memory "
            f"{soak.memory_before_mb} MB warmed up, {soak.memory_loaded_mb} under load, {soak.memory_after_mb} after | "
            f"{soak.errors} errors, {soak.leaks} leaks between users |"
        )
    if long := kept.conversation:
        lines.append(
            f"| one conversation of one user | {long.questions} questions: median {long.first_tenth_s:.2f} s for the "
            f"first {long.questions // 10}, {long.last_tenth_s:.2f} s for the last; {long.grown_mb:+d} MB | "
            f"{'nothing' if long.is_flat else 'slower'} |"
        )
    for fault in kept.faults:
        lines.append(
            f"| killed (SIGKILL) while {fault.work}, then done again | {fault.rounds} rounds | {fault.lost} "
            f"acknowledged and lost, {fault.left} files left over, {fault.differs} with another outcome |"
        )
    if kept.mutants:
        lines.append(f"| broken DICOM files | {kept.mutants.tried:,} | 0 crashes, 0 beyond their bounds, 0 unsaid |")
    if space := kept.space:
        lines.append(
            f"| a Space on 2 cores | first answer {space.first_answer_s:.0f} s after the start (processor time "
            f"{space.processor_s:.0f} s, load {space.load:.1f} before); report, quiz, sleep; {space.alone_mb} MB with "
            f"one visitor, {space.most_mb} at most with {space.visitors} more, who asked {space.answers} questions | "
            "0 failed steps |"
        )
    return "\n".join(lines) + "\n"
