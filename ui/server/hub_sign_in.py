"""Sign in with a Hugging Face account: OpenID Connect, with a code that only its asker can redeem (PKCE, RFC 7636).

A Space whose front matter says `hf_oauth: true` is given what this needs in its environment. The Hub is asked for the
account's name and for nothing else, and only when somebody follows the link.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ui.state.visit import VisitError

SIGN_IN_PATH, CALLBACK_PATH = "/login/huggingface", "/login/callback"
STATE_COOKIE = "lesion_search_sign_in"
STATE_S = 600  # that signing in may take
_ALL = "*"
_NEEDED = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "SPACE_HOST")


@dataclass(frozen=True)
class HubSignIn:
    """Who may come in by a Hugging Face account, and how the Hub is asked who somebody is."""

    client_id: str
    client_secret: str
    address: str  # of this server, as the browser knows it, without a path
    users: frozenset[str]  # names of accounts, in lower case
    provider: str = "https://huggingface.co"

    def begin(self) -> tuple[str, str]:
        """Return the address where the Hub asks its user, and what the browser keeps until it is back."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        address, _ = self._client().create_authorization_url(
            f"{self.provider}/oauth/authorize", state=state, code_verifier=verifier
        )
        return address, f"{state}.{verifier}"

    async def is_welcome(self, kept: str | None, state: str, code: str) -> bool:
        """Tell whether who comes back with this state and code is one of those who may come in.

        False too for one who did not set out from here, whose code is wrong, or of whom the Hub tells nothing.
        """
        from authlib.common.errors import AuthlibBaseError
        from httpx import HTTPError

        begun, _, verifier = (kept or "").partition(".")
        if not (verifier and code and secrets.compare_digest(begun.encode(), state.encode())):
            return False
        try:
            async with self._client() as client:
                await client.fetch_token(f"{self.provider}/oauth/token", code=code, code_verifier=verifier)
                answer = await client.get(f"{self.provider}/oauth/userinfo")
                answer.raise_for_status()
                name = answer.json().get("preferred_username")
        except (AuthlibBaseError, HTTPError, ValueError, AttributeError):
            return False
        return isinstance(name, str) and bool(name) and (_ALL in self.users or name.lower() in self.users)

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        return AsyncOAuth2Client(
            self.client_id,
            self.client_secret,
            scope="openid profile",
            redirect_uri=f"{self.address}{CALLBACK_PATH}",
            code_challenge_method="S256",
        )


def hub_sign_in(users: str, environment: Mapping[str, str] = os.environ) -> HubSignIn | None:
    """Make the sign-in of these users, names with commas or `*` for whoever has an account; None where none is named.

    Raises VisitError where the environment of a Space, or the package, is missing.
    """
    names = frozenset(name.strip().lower() for name in users.split(",") if name.strip())
    if not names:
        return None
    if missing := [name for name in _NEEDED if not environment.get(name)]:
        raise VisitError(
            f"LESION_SEARCH_HUB_USERS needs {', '.join(missing)}, which a Space has whose front matter says "
            "hf_oauth: true; elsewhere use --auth NAME."
        )
    try:
        import authlib.integrations.httpx_client  # noqa: F401
    except ModuleNotFoundError as error:
        raise VisitError('LESION_SEARCH_HUB_USERS needs a package: pip install "lesion-search[hub-login]".') from error
    client_id, client_secret, host = (environment[name] for name in _NEEDED)
    provider = environment.get("OPENID_PROVIDER_URL", HubSignIn.provider).rstrip("/")
    return HubSignIn(client_id, client_secret, f"https://{host}", names, provider)
