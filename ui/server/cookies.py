"""Cookies: which came from this server, and how they are set."""

import hashlib
import secrets
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from tools.domain.patient_keys import PatientKeys
from ui.state.visits import COOKIE, new_visitor

VISITOR_DAYS = 7


class VisitorCookies:
    """Issue visitors' cookies and recognise them again: signed, so that nobody can invent one."""

    def __init__(self, keys: PatientKeys) -> None:
        self._signer = TimestampSigner(
            keys.secret, salt=COOKIE, sep=".", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def issue(self) -> str:
        """Draw a fresh, signed value: 256 bits, a time and a signature."""
        return self._signer.sign(new_visitor()).decode()

    def is_issued(self, value: str | None) -> bool:
        """Tell whether this server issued a value, not too long ago."""
        try:
            self._signer.unsign(value or "", max_age=VISITOR_DAYS * 86400)
        except BadSignature:
            return False
        return True


def read_cookie(scope: Scope, name: str) -> str | None:
    """Read one cookie of a request, None where there is none."""
    try:
        found = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found else None


def without_cookie(scope: Scope, name: str) -> Scope:
    """Copy a request without one of its cookies."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    kept = [part for part in headers.get("cookie", "").split(";") if part.split("=")[0].strip() != name]
    headers["cookie"] = ";".join(kept)
    return {**scope, "headers": headers.raw}


def cookie_header(scope: Scope, name: str, value: str, max_age_s: int) -> str:
    """Write a Set-Cookie header that scripts cannot read, for the connection that a request came by."""
    # A Space is shown in a frame of another site: only a partitioned cookie reaches the server there
    policy = "SameSite=None; Secure; Partitioned" if is_secure(scope) else "SameSite=Lax"
    return f"{name}={value}; HttpOnly; Path=/; Max-Age={max_age_s}; {policy}"


def is_secure(scope: Scope) -> bool:
    """Tell whether the browser's own connection is encrypted."""
    return str(Headers(scope=scope).get("x-forwarded-proto", scope.get("scheme", "http"))).startswith("https")


def new_token() -> str:
    """Draw 256 bits."""
    return secrets.token_urlsafe(32)
