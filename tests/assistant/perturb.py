"""Ways to make an honest answer false: one small change each, as a careless or inventive model would make it."""

import random
import re
from collections.abc import Callable

from tests.assistant.facts import TYPES

INVENTED = (
    "The lesion shows rim enhancement after contrast.",
    "There is no evidence of metastasis.",
    "This is most likely a hepatocellular carcinoma.",
    "The margins are smooth and well circumscribed.",
    "It lies in segment VII of the right lobe.",
    "The patient has a history of smoking.",
    "It has grown by 4 mm since the last study.",
    "A biopsy should be performed within two weeks.",
    "The finding is benign.",
    "The atlas case was proven by histology.",
    "Calcifications are seen in its centre.",
    "The neighbouring vessels are displaced.",
    "This patient is 58 years old and has diabetes.",
    "Follow-up CT in six months is recommended.",
    "Three other lesions are visible in the spleen.",
    "The lesion measures 4.2 cm in its longest diameter.",
    "I am absolutely certain about this.",
    "It is definitely not cancer.",
    "The lymph nodes are enlarged.",
    "Its density is typical of a simple cyst.",
    "A similar case was seen last year in this hospital.",
    "The radiologist confirmed the result.",
    "There are 14 more cases in the literature.",
    "The lesion [P9999-S9-L09] looks the same.",
    "The surrounding fat is stranded.",
    "It was first noticed in 2019.",
    "The outlook is good.",
    "No treatment is needed.",
    "The mass compresses the ureter.",
    "An infection is unlikely.",
)
_NUMBER = re.compile(r"(?<![\w.\-\[#])\d+(?:\.\d+)?(?![\w\-\]]|\.\d)")
_ID = re.compile(r"P\d{4}-S\d-L\d\d")


def number(text: str, rng: random.Random) -> str | None:
    """One number changed by more than rounding could."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    m = rng.choice(found)
    decimals = len(m.group().partition(".")[2])
    step = 10.0**-decimals
    value = float(m.group()) + rng.choice((2, 3, 7, -2, -3)) * max(step, 0.04 * float(m.group()))
    new = f"{abs(value):.{decimals}f}"
    return None if float(new) == float(m.group()) else text[: m.start()] + new + text[m.end() :]


def unit(text: str, rng: random.Random) -> str | None:
    """A number keeps its digits and changes its unit."""
    swaps = [(" mm²", " cm²"), (" mm", " cm"), (" HU", " mm"), ("%", " mm"), (" mm", " HU")]
    rng.shuffle(swaps)
    for old, new in swaps:
        spots = [m for m in re.finditer(re.escape(old), text) if text[m.end() : m.end() + 1] != "²"]
        if spots:
            m = rng.choice(spots)
            return text[: m.start()] + new + text[m.end() :]
    return None


def lesion_id(text: str, rng: random.Random) -> str | None:
    """A lesion id that no tool returned."""
    found = list(_ID.finditer(text))
    if not found:
        return None
    m = rng.choice(found)
    return text[: m.start()] + f"P{rng.randint(8000, 8999)}-S1-L0{rng.randint(1, 9)}" + text[m.end() :]


def region_id(text: str, rng: random.Random) -> str | None:
    return re.sub(r"\bR1\b", f"R{rng.randint(20, 30)}", text, count=1) if re.search(r"\bR1\b", text) else None


def lesion_type(text: str, rng: random.Random) -> str | None:
    """One type named instead of another."""
    # another type without votes would be as true
    found = list(re.finditer(rf"(?<!No vote went to )(?:{'|'.join(TYPES)})", text))
    if not found:
        return None
    m = rng.choice(found)
    others = [t for t in TYPES if t not in text]
    return text[: m.start()] + rng.choice(others) + text[m.end() :] if others else None


def sex(text: str, rng: random.Random) -> str | None:
    pairs = {"woman": "man", "man": "woman", "women": "men", "men": "women", "girl": "boy", "boy": "girl"}
    found = list(re.finditer(r"\b(?:woman|man|women|men|girl|boy)\b", text))
    if not found:
        return None
    m = rng.choice(found)
    return text[: m.start()] + pairs[m.group()] + text[m.end() :]


def confidence(text: str, rng: random.Random) -> str | None:
    m = re.search(r"\b(high|moderate|low) confidence", text)
    if not m:
        return None
    return text.replace(m.group(1), rng.choice([w for w in ("high", "moderate", "low") if w != m.group(1)]), 1)


def direction(text: str, rng: random.Random) -> str | None:
    pairs = {
        "longer": "shorter",
        "shorter": "longer",
        "larger": "smaller",
        "smaller": "larger",
        "over": "under",
        "under": "over",
    }
    found = list(re.finditer(r"\b(?:longer|shorter|larger|smaller|over(?=[,.])|under(?=[,.]))\b", text))
    if not found:
        return None
    m = rng.choice(found)
    return text[: m.start()] + pairs[m.group()] + text[m.end() :]


def swapped_records(text: str, rng: random.Random) -> str | None:
    """Two ids trade places, their facts stay."""
    ids = list(dict.fromkeys(_ID.findall(text)))
    if len(ids) < 2:
        return None
    a, b = rng.sample(ids, 2)
    swapped = text.replace(a, "\x00").replace(b, a).replace("\x00", b)
    return None if swapped == text else swapped


def invented(text: str, rng: random.Random) -> str | None:
    """A sentence that no tool could have said, somewhere in the answer."""
    parts = text.split("\n")
    at = rng.randrange(len(parts) + 1)
    return "\n".join([*parts[:at], rng.choice(INVENTED), *parts[at:]])


PERTURBATIONS: dict[str, Callable[[str, random.Random], str | None]] = {
    "number": number,
    "unit": unit,
    "lesion id": lesion_id,
    "region id": region_id,
    "type": lesion_type,
    "sex": sex,
    "confidence": confidence,
    "direction": direction,
    "swapped records": swapped_records,
    "invented": invented,
}
