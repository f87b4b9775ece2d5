"""Patient-disjoint splits that never change: a patient's side follows from the hash of its identifier."""

import hashlib
from typing import Literal

Split = Literal["train", "test"]

TEST_SHARE = 0.2


def patient_fraction(patient_id: str) -> float:
    """A number in 0..1 that belongs to this patient for good, uniform over patients."""
    digest = hashlib.sha256(patient_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_of(patient_id: str, test_share: float = TEST_SHARE) -> Split:
    """The side this patient is on. Raising `test_share` only ever moves patients from train to test."""
    if not 0 <= test_share <= 1:
        raise ValueError(f"test_share is a fraction, got {test_share}")
    return "test" if patient_fraction(patient_id) < test_share else "train"
