"""Reading one request slot by slot: ids, what is lifted, whose lesions, pointers, quantities, sex, types.

Every reader finds what it knows, blanks it out, and notes what it means, so that nothing is read twice.
"""

from assistant.understanding.rules.filters import read_lifted, read_scope, read_sex, read_types
from assistant.understanding.rules.quantities import read_quantities
from assistant.understanding.rules.references import read_ids, read_numbered, read_references
from assistant.understanding.rules.slots import Slots


def read_slots(text: str, ids: tuple[str, ...] = (), atlas_types: tuple[str, ...] = ()) -> Slots:
    """All slots of one normalised request. `ids` are the lesion ids behind the words idref0, idref1, …"""
    slots = Slots(text)
    read_ids(slots, ids)
    read_lifted(slots)
    read_scope(slots)
    read_numbered(slots)
    read_quantities(slots)
    read_references(slots)
    read_sex(slots)
    read_types(slots, atlas_types)
    return slots
