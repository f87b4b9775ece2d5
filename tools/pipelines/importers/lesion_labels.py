"""Which labels of an annotation are lesions, and what lesion type a label becomes.

Whoever segments a scan also outlines organs, the table and the target of a beam. Without a choice by name, a label is
taken where the file codes it as a finding, or one of its words says so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from encoder.names import NAME_RULE, is_name

LESION_WORDS = frozenset(
    """
    lesion lesions tumor tumors tumour tumours cancer cancers carcinoma adenocarcinoma nodule nodules mass masses cyst
    cysts metastasis metastases met mets hcc rcc nsclc sclc pdac adenoma angiomyolipoma oncocytoma hemangioma
    haemangioma lymphoma sarcoma melanoma neoplasm neoplasms gtv gtvp gtvn abscess hematoma haematoma granuloma
    aneurysm hemorrhage haemorrhage infarct infarction consolidation ggo opacity finding lymphadenopathy abnormality
    polyp pathology
    """.split()  # noqa: SIM905
)
GENERAL_WORDS = frozenset(
    "segment segmentation lesion finding mass neoplasm abnormality region roi label contour object the and".split()  # noqa: SIM905
)
ANY = "*"
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER_AT_THE_END = re.compile(r"[\s_#.:-]*\d+$")


def is_general(label: str) -> bool:
    """Whether a label names no kind of lesion: it is empty, an abbreviation as R1, or what a viewer offers unasked."""
    return not any(len(word) > 2 and word.casefold() not in GENERAL_WORDS for word in _WORD.findall(label))


@dataclass(frozen=True)
class LabelRule:
    """What a person chose: lesion type by label, in lower case, `*` for all; empty where no choice was made."""

    chosen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Iterable[str]) -> "LabelRule":
        """Read `NAME` or `NAME=TYPE`, as typed for `--label`. Raises ValueError for a type that is no name."""
        chosen: dict[str, str] = {}
        for option in options:
            name, _, lesion_type = (part.strip() for part in option.partition("="))
            if lesion_type and not is_name(lesion_type):
                raise ValueError(f"--label {option!r}: a lesion type is {NAME_RULE}.")
            chosen[name.casefold()] = lesion_type
        return cls(chosen)

    def reason_against(self, label: str | None, is_finding: bool | None = None) -> str | None:
        """Say why a label is not taken for a lesion; None where it is. `is_finding` is what the file's codes say."""
        if self.chosen:
            return None if self._choice(label) is not None else "it is not among the --label"
        if is_finding or label is None:
            return None
        if is_finding is None and any(word.casefold() in LESION_WORDS for word in _WORD.findall(label)):
            return None
        return "its name does not say that it is a lesion; name it with --label to take it"

    def lesion_type(self, label: str | None, private_words: Iterable[str] = ()) -> tuple[str | None, str | None]:
        """Make a lesion type of a label: the type, None for unknown, and what is to be said where it had to be dropped.

        A label with one of `private_words`, as the name of the patient, is dropped, and so is one that is no name.
        """
        chosen = self._choice(label)
        if chosen:
            return chosen, None
        if label is None:
            return None, None
        name = _NUMBER_AT_THE_END.sub("", label).replace("_", " ").strip().lower()
        if not _WORD.search(name):
            return None, None  # a mere number says nothing
        words = {word.casefold() for word in _WORD.findall(name)}
        if words & {word.casefold() for word in private_words}:
            return None, "its label holds a word of the patient's name or number, so its type is left empty"
        if not is_name(name):
            return None, f"its label is not {NAME_RULE}, so its type is left empty"
        return name, None

    def _choice(self, label: str | None) -> str | None:
        """The type chosen for a label, empty for its own name; None where it was not chosen."""
        return self.chosen.get((label or "").casefold(), self.chosen.get(ANY))
