"""What is found in a message before any reader reads it: pasted data, thanks, another language, and lesion ids."""

import re
import unicodedata

from assistant.core import patterns
from assistant.core.turn_state import TurnState


def is_data(message: str) -> bool:
    """Tell whether a message holds data instead of words, such as a pasted tool call or the tags of a transcript."""
    return bool(_DATA.search(message))


_DATA = re.compile(r'\{\s*"|"\s*:\s*[\["{]|<\||</?(?:user|assistant|system|human|tool\w*)\b[^<>]*>', re.IGNORECASE)


def has_thanks(message: str) -> bool:
    """Tell whether a message holds a word of thanks."""
    return bool(re.search(_THANKED, message.casefold()))


_THANKED = (
    r"\b(?:thanks?|thank you|thx|tnx|thnx|tks|ty|ta (?:mate|very much|love)|^ta|cheers|much appreciated|merci"
    r"|danke|gracias)\b"
)


# words that stand in almost any request, and in no English one
_FOREIGN = """
aehnliche ahnliche bitte das der dieser eine frauen gross haut ist laesion laesionen lasionen leber lunge manner messe
mit nieren nur oder ohne sind suche uber und unter vergleiche wie zeig zeige avec celle ceci cette dans des est femmes
foie hommes mesure mesurer montre montrez ou poumon quelle semblables seulement similaires sont trouve trouvez une
vous busca buscar con donde esta esto hombres lesiones mas mayores menores mide mostrar muestra mujeres parecidas
pulmon similares tamano cerca confronta donne fegato lesione lesioni misura mostra mostrami polmone questa questo
simili trova uomini figado homens isto lesao lesoes mais mostre mulheres pulmao semelhantes
"""
_FOREIGN_WORDS = frozenset(_FOREIGN.split())
_ENGLISH = """
a an and any are find for from how is it like me my of only or over please show similar that the this to under what
where which with you
"""
_ENGLISH_WORDS = frozenset(_ENGLISH.split())


def is_foreign(message: str) -> bool:
    """Tell whether a message is in another language than English: it has common words of one, and none of English."""
    plain = unicodedata.normalize("NFKD", message.casefold())
    words = set(re.findall(r"[a-z]+", "".join(c for c in plain if not unicodedata.combining(c))))
    return bool(words & _FOREIGN_WORDS) and not words & _ENGLISH_WORDS


def lesion_ids(message: str, state: TurnState) -> tuple[str, tuple[str, ...]]:
    """Replace the lesion ids of a message by idref0, idref1, … so that nothing else reads their digits."""
    known = {h.lesion_id.lower(): h.lesion_id for s in state.searches for h in s.facts.hits}
    ids: list[str] = []

    def use(match: re.Match[str]) -> str:
        token = match.group().strip(".,;:?!()[]\"'")
        tail = match.group()[match.group().find(token) + len(token) :] if token else ""
        if token.lower() not in known and not _looks_like_id(token):
            return match.group()
        ids.append(known.get(token.lower(), token))
        return f" idref{len(ids) - 1}{tail.replace(']', '').replace(')', '')} "

    return re.sub(r"\S+", use, message), tuple(ids)


_NO_ID = re.compile(
    r"(?i)[<>=≥≤~]*\d+(?:[.,]\d+)?(?:mm|cm|hu|y|yo|yrs?|years?|st|nd|rd|th|s|%)?\+?|r\d+|e\d+|#\d+|top-?\d+|k=\d+"
    r"|\d+(?:\.\d+)?-\d+(?:\.\d+)?(?:mm|cm|y|yo|yrs?|years?)?|\d0s-\d0s"
    r"|\d+-(?:year|yr|y|mm|cm|slice)s?(?:-olds?)?|cv-?\d+|(?:[a-z]+-)?\d+(?:mm|cm)-?\w*|(?:under|over)-\d+s?"
)


def _looks_like_id(token: str) -> bool:
    """Recognise letters and digits with a joint or a leading zero, as ids have; not a size, an age or a region."""
    if _NO_ID.fullmatch(token) or len(token) < 4 or not patterns.fullmatch(r"[\w.:/|-]+", token):
        return False
    digits, joints = bool(patterns.search(r"\d", token)), bool(patterns.search(r"[_:/|-]", token))
    return digits and (joints or bool(patterns.fullmatch(r"[A-Za-z]{1,6}\d{3,}", token)))
