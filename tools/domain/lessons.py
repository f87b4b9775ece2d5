"""Teaching texts: what a lesion type covers, how it looks on CT, what mimics it, how it is measured.

Written for a student and for a resident who has the atlas open. They describe pictures; they name no diagnosis for the
lesion on the screen and advise nothing. The texts stand in `lessons.toml`, so that they can be read and corrected as
texts.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from encoder.errors import LesionSearchError
from tools.domain.quiz import Level

TEXTS = Path(__file__).with_name("lessons.toml")
Kind = Literal["type", "attribute", "differential"]
_ENDINGS = {"lesion", "lesions", "nodule", "nodules"}


class LessonError(LesionSearchError):
    """There is no teaching text about this lesion type."""


@dataclass(frozen=True)
class Lesson:
    """One teaching text and the publications it rests on: 60 to 110 words, 30 to 60 for a student.

    `picture` says which phantom shows it: lesion type, density and margin, an empty one is any.
    """

    lesion_type: str
    kind: Kind
    text: str
    student: str
    sources: tuple[str, ...]
    picture: tuple[str, ...]

    def at(self, level: Level) -> str:
        """Give the text for a level."""
        return self.student if level == "student" else self.text


def lesson(lesion_type: str) -> Lesson:
    """Find the lesson about a type, an attribute of nodules or a differential.

    Case, hyphens and a word like "lesion" or "nodule" at the end do not matter. Raises LessonError naming the types
    there are.
    """
    words = lesion_type.casefold().replace("-", " ").replace("_", " ").split()
    shorter = words[:-1] if len(words) > 1 and words[-1] in _ENDINGS else words
    found = _by_name().get(" ".join(words)) or _by_name().get(" ".join(shorter))
    if found is None:
        raise LessonError(
            f"There is no lesson about {lesion_type.strip()[:40]!r}: choose from {', '.join(lesson_types())}."
        )
    return found


def lesson_types() -> tuple[str, ...]:
    """List every lesion type with a lesson, DeepLesion's eight first, in their published order."""
    return tuple(entry.lesion_type for entry in lessons() if entry.kind == "type")


@cache
def lessons() -> tuple[Lesson, ...]:
    """Read all lessons: types, attributes of nodules, differentials."""
    content = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    return tuple(
        Lesson(
            entry["name"],
            entry["kind"],
            " ".join(entry["resident"].split()),
            " ".join(entry["student"].split()),
            tuple(content["sources"][name] for name in entry["sources"]),
            tuple(entry["picture"]),
        )
        for entry in content["lesson"]
    )


@cache
def _by_name() -> dict[str, Lesson]:
    entries = tomllib.loads(TEXTS.read_text(encoding="utf-8"))["lesson"]
    return {
        " ".join(name.casefold().replace("-", " ").split()): found
        for found, entry in zip(lessons(), entries, strict=True)
        for name in (entry["name"], *entry.get("also", ()))
    }
