"""What a message says of a report: that a note is one as text, which regions it is of, and what it is to leave out."""

import re
from dataclasses import replace

from assistant.core.requests import RegionRef, Request

SEGMENTATION = re.compile(r"\b(?:dicom[- ]?)?seg\b", re.IGNORECASE)
NOTE = re.compile(
    r"\b(?:write|draft|prepare|compose|dictate|jot|document|summari[sz]e|record|make|save|give|get|need|want|put|copy)\b"
    r"(?: (?!with\b|teaching\b)[\w'’]+){0,6}? notes?\b(?! that\b)"
    r"|^\W*(?:an?|the|my) (?:\w+ )?notes?(?:\W*$| (?:of|on|about|for|please)\b)|^\W*notes? (?:of|on|about)\b"
    r"|^\W*notes?(?:\W|\bplease\b|\bpls\b)*$"
    r"|\bcan i have an? (?:\w+ )?notes?\b|\bcopy (?:me )?the (?:findings?|report)\b"
    r"|\btext (?:\w+ ){0,2}for the (?:\w+ )?(?:file|report|ris|record|chart)\b|\bi can paste\b|\bto paste\b",
    re.IGNORECASE,
)
_NOTE_READ_AS = (
    "out_of_scope", "search", "refine", "unknown", "describe_lesion", "measure", "what", "view", "not_yet",
    "find_regions",
)  # fmt: skip
_NAMED_REGION = re.compile(r"\br ?(\d{1,4})\b", re.IGNORECASE)
_OWN_WORDS = re.compile(r"\bnotes?\b[^:]{0,20}:\s*\w+(?:\W+\w+)+", re.IGNORECASE)
_LEAVE_OUT = re.compile(
    r"\b(?:leave|leaving) (?:out )?r ?(?P<a>\d{1,4})\b|\b(?:without|except|not) r ?(?P<b>\d{1,4})\b", re.IGNORECASE
)


def regions_named(message: str) -> tuple[RegionRef, ...]:
    """List the regions that a message names by their ids, each once."""
    return tuple(RegionRef("id", f"R{number}") for number in dict.fromkeys(_NAMED_REGION.findall(message)))


def as_note(requests: tuple[Request, ...], message: str) -> tuple[Request, ...]:
    """Take a report for a note as one in plain text."""
    named = regions_named(message)
    if all(r.intent in _NOTE_READ_AS for r in requests):
        requests = (Request("report", regions=named, thanked=requests[0].thanked),)
    elif any(r.intent == "report" for r in requests):
        requests = tuple(replace(r, regions=r.regions or named) if r.intent == "report" else r for r in requests
                         if r.intent not in ("out_of_scope", "not_yet"))  # fmt: skip
    requests = tuple(replace(r, topic="text") if r.intent == "report" and not r.topic else r for r in requests)
    return (*requests, Request("not_yet", topic="own words")) if _OWN_WORDS.search(message) else requests


def without_left_out(requests: tuple[Request, ...], message: str) -> tuple[Request, ...]:
    """Keep a region that is to be left out of a report out of it, and ask nothing else of that one."""
    left = {f"R{a or b}" for a, b in _LEAVE_OUT.findall(message)}
    if not left or not any(r.intent == "report" for r in requests):
        return requests
    kept = tuple(ref for ref in regions_named(message) if ref.region_id not in left)
    return tuple(
        replace(r, regions=kept) if r.intent == "report" else r
        for r in requests
        if r.intent == "report" or not any(ref.region_id in left for ref in r.regions)
    )
