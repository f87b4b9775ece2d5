"""stub"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Checked:
    claims: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


class Checker:
    def __init__(self, evidence, state, question) -> None:
        pass

    def check(self, sentence: str) -> Checked:
        return Checked()


def split_sentences(text: str) -> list[str]:
    return [p for p in re.findall(r".*?(?:[.!?:](?=\s)\s+|\n+|$)", text, flags=re.DOTALL) if p]
