"""How each kind of request is recognised: patterns on a normalised request, tried from top to bottom.

The first that fits wins; `intent_of_clause.py` corrects the choice by what the slots hold.
"""

import re

from assistant.understanding.rules import intent_patterns_answers, intent_patterns_tools

# What something is for says nothing of what it is: "its size, for my report table".
PURPOSE = re.compile(
    r",? \bfor (?:(?:my|our|a|an|the|his|her|some|tomorrow's|next week's) )?(?:[\w-]+ ){0,2}?(?:comparisons?|lectures?"
    r"|talks?"
    r"|slides?|seminars?|class|homework|thesis|papers?|presentations?|ppt|posters?|tables?|students?|teaching"
    r"|didactic reasons"
    r"|boards?|conference|rounds|mdt|journal club|stats|scripts?|logbook|case book)\b(?: (?:in|on|at|of) (?:my|our"
    r"|the) \w+)?"
)

INTENTS = tuple(
    (intent, re.compile("|".join(f"(?:{p})" for p in patterns)))
    for intent, patterns in (*intent_patterns_answers.WORDS, *intent_patterns_tools.WORDS)
)


def first_intent(clause: str) -> str:
    """Return the first intent whose words are in a request, else `unknown`; `other` is a subject we know nothing of."""
    return next((intent for intent, words in INTENTS if words.search(clause)), "unknown")


# Words that tell what is meant when nothing above fits the whole message.
_HINTS: tuple[tuple[str, str], ...] = (
    ("how_sure", r"sure|certain\w*|confiden\w*|trust\w*|doubt\w*|believ\w*|bet|reliab\w*|guess\w*|convinc\w*|plausib\w*"
                 r"|accura\w*|credib\w*"),
    ("why", r"why|reason\w*|because|basis|grounds|evidence|justif\w*|arguments?|logic|rationale"),
    ("undo", r"back|previous|undo\w*|revert\w*|restore\w*|before|earlier"),
    ("filters", r"filters?|filtered|criteri\w+|restrict\w*|constraint\w*|settings?|limits?|limited"),
    ("report", r"reports?|document|export\w*|pdf|save|paper|protocol"),
    ("measure", r"mms?|cms?|millimet\w*|centimet\w*|sizes?|big|large|long|wide|diameters?|dimensions?|volume|density"
                r"|ruler"),
    ("describe_study", r"scanner|slices?|header|dicom|machine|scan|ct|contrast|resolution|series|study|how old"),
    ("find_regions", r"mark|click|suspicious|spots?|abnormal\w*|patholog\w*|detect\w*"),
    ("atlas", r"collection|reference|library|atlas|data ?base|archive"),
    ("explain", r"learn\w*|teach\w*|lecture|basics|theory|textbook"),
    ("help", r"help\w*|use|used|using|tool|app|program\w*|software|type|ask|start|begin|functions?|features?|works?"),
    ("search", r"similar\w*|alike|like|same|compar\w+|equals?|resembl\w*|such"),
)  # fmt: skip
_AFTER_A_SEARCH = ("how_sure", "why", "undo", "filters")
_HINT_WORDS = tuple((intent, re.compile(rf"\b(?:{words})\b")) for intent, words in _HINTS)


def likely_intent(message: str, searched: bool) -> str:
    """Guess what a message that fits no pattern is about, by single words; else `unknown`."""
    return next(
        (
            intent
            for intent, words in _HINT_WORDS
            if words.search(message) and (searched or intent not in _AFTER_A_SEARCH)
        ),
        "unknown",
    )
