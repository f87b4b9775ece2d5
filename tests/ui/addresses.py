"""Every address of an app, found by asking it for its routes and not from a list."""

import re
from collections.abc import Iterator
from typing import Any


def all_addresses(app: Any) -> Iterator[tuple[str, str]]:
    """Every method and path, with what is mounted and included, the parameters still in braces."""
    for route in app.routes:
        for inner in (getattr(route, "original_router", None), getattr(route, "app", None)):
            if hasattr(inner, "routes"):
                yield from all_addresses(inner)
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


def filled(path: str, values: dict[str, str]) -> str:
    """Put values in the place of a path's parameters, `0` where there is none."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: values.get(found[1], "0"), path)
