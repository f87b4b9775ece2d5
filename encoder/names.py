"""What may stand as a name or an id in a ROI pack or an atlas.

Whoever made the pack typed them, and a language model reads them beside its instructions. So a name is a short label
and an id one token: neither leaves room for a sentence, for a mark-up tag or for a line break.
"""

import re
from functools import lru_cache

MAX_NAME_CHARACTERS = 40
MAX_NAME_WORDS = 4
MAX_LICENCE_WORDS = 6  # CC BY-NC-SA 4.0
MAX_ID_CHARACTERS = 100
MAX_ID_WORDS = 4  # LIDC-IDRI-0001-nodule-2-slice-13

_NAME = re.compile(r"[^\W_]+(?:[ /_-]{1,3}[^\W_]+)*")
_ID = re.compile(r"[\w.:/#+-]+")
_LICENCE = re.compile(r"[A-Za-z0-9]+(?:[ ./+-]{1,2}[A-Za-z0-9]+)*")
_WORD = re.compile(r"[^\W\d_]{3,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")

NAME_RULE = (
    f"a name of at most {MAX_NAME_WORDS} words and {MAX_NAME_CHARACTERS} characters, in letters, digits, spaces, "
    "hyphens, slashes and underscores"
)
LICENCE_RULE = (
    f"the short name of a licence, e.g. CC BY 4.0, of at most {MAX_LICENCE_WORDS} words and {MAX_NAME_CHARACTERS} "
    "letters, digits, spaces and . / + -"
)
ID_RULE = (
    f"one word of at most {MAX_ID_CHARACTERS} letters, digits and . : / # + - _, without spaces and without a sentence "
    "in it"
)


@lru_cache(maxsize=1024)  # an atlas repeats its few names tens of thousands of times
def is_name(text: str) -> bool:
    """Tell whether a text may be a lesion type, a body part or a source."""
    if len(text) > MAX_NAME_CHARACTERS or not _NAME.fullmatch(text):
        return False
    return len(re.split(r"[ /_-]+", text)) <= MAX_NAME_WORDS


@lru_cache(maxsize=1024)
def is_licence(text: str) -> bool:
    """Tell whether a text may be the name of a licence."""
    if len(text) > MAX_NAME_CHARACTERS or not _LICENCE.fullmatch(text):
        return False
    return len(re.split(r"[ /-]+", text)) <= MAX_LICENCE_WORDS


def is_id(text: str) -> bool:
    """Tell whether a text may be a lesion id."""
    if len(text) > MAX_ID_CHARACTERS or not _ID.fullmatch(text):
        return False
    return sum(not _HEXADECIMAL.fullmatch(word) for word in _WORD.findall(text)) <= MAX_ID_WORDS
