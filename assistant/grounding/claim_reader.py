"""What a sentence claims: numbers with units, counts, shares, ids, types, people, comparisons. No judgement here.

A digit that nothing has read is a claim too.
"""

from assistant.grounding import claims_of_actions, claims_of_numbers, claims_of_study, claims_of_words
from assistant.grounding.claims import Claim, Names
from assistant.grounding.masked_sentence import MaskedSentence

_READERS = (  # from the most specific wording to the least
    claims_of_words.mask_examples,
    claims_of_words.read_ids,
    claims_of_words.read_body_parts_seen,
    claims_of_actions.read_actions,
    claims_of_study.read_unstated,
    claims_of_study.read_series,
    claims_of_words.read_shares,
    claims_of_words.read_bounded_ages,
    claims_of_numbers.read_comparisons,
    claims_of_numbers.read_densities,
    claims_of_numbers.read_bounds,
    claims_of_numbers.read_measures,
    claims_of_words.read_people,
    claims_of_words.read_ranks,
    claims_of_words.read_counts,
    claims_of_words.read_statements,
    claims_of_words.read_types,
    claims_of_study.read_traits,
    claims_of_words.read_left_over,
)


def read_claims(sentence: str, names: Names) -> list[Claim]:
    """Read all claims of one sentence, in order."""
    masked = MaskedSentence(sentence, names)
    for read in _READERS:
        read(masked)
    return sorted(masked.claims, key=lambda c: c.start)
