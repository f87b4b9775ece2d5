"""Patient-disjoint splits that never change: a patient's side follows from the hash of its identifier."""

import hashlib
from typing import Literal

Split = Literal["train", "validation", "test"]

TEST_SHARE = 0.2
VALIDATION_SHARE = 0.15


def patient_fraction(patient_id: str) -> float:
    """Hash a patient to a number in 0..1 that never changes, uniform over patients."""
    digest = hashlib.sha256(patient_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_of(patient_id: str, test_share: float = TEST_SHARE, validation_share: float = VALIDATION_SHARE) -> Split:
    """Return the side this patient is on; both shares are fractions of all patients.

    Test patients depend on `test_share` alone. Raising it only ever moves patients towards test, raising
    `validation_share` only ever moves patients from train to validation. Raises ValueError for shares that do not fit.
    """
    if min(test_share, validation_share) < 0 or test_share + validation_share > 1:
        raise ValueError(f"the shares are fractions of one whole, got test {test_share}, validation {validation_share}")
    fraction = patient_fraction(patient_id)
    if fraction < test_share:
        return "test"
    return "validation" if fraction < test_share + validation_share else "train"


def known_for(split: Split) -> tuple[Split, ...]:
    """List the sides that a method judged on `split` may have learned from: all that is not held out for it."""
    return ("train", "validation") if split == "test" else ("train",)
