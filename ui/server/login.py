"""A login in front of everything, one shared password or a Hugging Face account: nothing answers without it."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tools.settings import Settings
from ui.server.cookies import cookie_header, new_token, read_cookie
from ui.server.hub_sign_in import CALLBACK_PATH, SIGN_IN_PATH, STATE_COOKIE, STATE_S, HubSignIn
from ui.state.visit import VisitError
from ui.state.visits import COOKIE, Visits

LOGIN_COOKIE = "lesion_search_login"
LASTS_S = 12 * 3600
FREE_TRIES = 5  # of one address; then it waits, twice as long with every further one
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 900.0
MAX_REMEMBERED = 4096
_PAGE = (Path(__file__).parent / "login.html").read_text(encoding="utf-8")


class Login:
    """Who is logged in, and which address has to wait because it guessed too often."""

    def __init__(self, right: tuple[str, str] | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._right = "\0".join(right).encode() if right else None  # name and password
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()  # by token
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # by address: how often, and waits until
        self._lock = threading.Lock()

    @property
    def has_password(self) -> bool:
        """Tell whether a name and a password let somebody in."""
        return self._right is not None

    def wait_s(self, address: str) -> float:
        """Tell for how long an address may not try."""
        return max(0.0, self._wrong.get(address, (0, 0.0))[1] - self._clock())

    def enter(self, user: str, password: str, address: str) -> str | None:
        """Give a token for the right name and password, None for wrong ones, which count."""
        right = self._right is not None and secrets.compare_digest(f"{user}\0{password}".encode(), self._right)
        with self._lock:
            if self.wait_s(address):
                return None
            if right:
                self._wrong.pop(address, None)
                return self.let_in()
            count = self._wrong.get(address, (0, 0.0))[0] + 1
            wait_s = min(FIRST_WAIT_S * 2 ** min(count - FREE_TRIES, 16), LONGEST_WAIT_S) if count >= FREE_TRIES else 0
            self._wrong[address] = count, self._clock() + wait_s
            self._wrong.move_to_end(address)
            _bound(self._wrong)
            return None

    def let_in(self) -> str:
        """Give a token to one whom the Hub has named."""
        token = new_token()
        self._until[token] = self._clock() + LASTS_S
        _bound(self._until)
        return token

    def is_in(self, token: str | None) -> bool:
        """Tell whether a token is valid."""
        return token is not None and self._until.get(token, 0.0) > self._clock()

    def leave(self, token: str | None) -> None:
        """Make a token worthless."""
        self._until.pop(token or "", None)


class LoginGuard:
    """Answer nothing but the login page to those who are not logged in."""

    def __init__(self, app: ASGIApp, login: Login, visits: Visits, hub: HubSignIn | None = None) -> None:
        self.app = app
        self.login = login
        self.visits = visits
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = read_cookie(scope, LOGIN_COOKIE)
        answer: Response
        if scope["path"] == "/login" and scope["method"] == "POST":
            answer = await self._enter(Request(scope, receive), scope)
        elif scope["path"] == "/logout" and scope["method"] == "POST":
            answer = self._leave(token, scope)
        elif self.login.is_in(token):
            await self.app(scope, receive, send)
            return
        elif scope["path"] in ("/", "/login") and scope["method"] in ("GET", "HEAD"):
            answer = self._page("", 401 if scope["path"] == "/" else 200)
        elif self.hub is not None and scope["path"] == SIGN_IN_PATH and scope["method"] == "GET":
            address, kept = self.hub.begin()
            answer = RedirectResponse(address, 303)
            answer.headers.append("Set-Cookie", cookie_header(scope, STATE_COOKIE, kept, STATE_S))
        elif self.hub is not None and scope["path"] == CALLBACK_PATH and scope["method"] == "GET":
            answer = await self._come_back(self.hub, Request(scope), scope)
        else:
            answer = PlainTextResponse("Log in first.", 401)
        await answer(scope, receive, send)

    async def _enter(self, request: Request, scope: Scope) -> Response:
        address = request.client.host if request.client else ""
        wait_s = self.login.wait_s(address)
        if wait_s:
            return self._page(f"Too many wrong passwords: try again in {wait_s:.0f} seconds.", 429, int(wait_s) + 1)
        try:
            async with request.form(max_files=0, max_fields=8) as form:
                user, password = str(form.get("username", "")), str(form.get("password", ""))
        except HTTPException as error:
            return PlainTextResponse(error.detail, error.status_code)
        token = self.login.enter(user, password, address)
        if token is None:
            return self._page("This name and password do not belong together.", 401)
        return _entered(scope, token, "./")

    async def _come_back(self, hub: HubSignIn, request: Request, scope: Scope) -> Response:
        told = request.query_params
        if await hub.is_welcome(read_cookie(scope, STATE_COOKIE), told.get("state", ""), told.get("code", "")):
            answer = _entered(scope, self.login.let_in(), "../")
        else:
            answer = self._page("This Hugging Face account may not come in here, or the sign-in was interrupted.", 401)
        answer.headers.append("Set-Cookie", cookie_header(scope, STATE_COOKIE, "", 0))
        return answer

    def _page(self, problem: str, status: int, wait_s: int | None = None) -> Response:
        headers = {"Retry-After": str(wait_s)} if wait_s else None
        form, link = "" if self.login.has_password else "hidden", "" if self.hub else "hidden"
        page = _PAGE.replace("{problem}", problem).replace("{form}", form).replace("{link}", link)
        return HTMLResponse(page.replace("{address}", SIGN_IN_PATH), status, headers)

    def _leave(self, token: str | None, scope: Scope) -> Response:
        """Forget the login, and all that its browser had open."""
        if self.login.is_in(token):
            self.visits.forget(read_cookie(scope, COOKIE))
        self.login.leave(token)
        answer = RedirectResponse("./", 303)
        for cookie in (LOGIN_COOKIE, COOKIE):
            answer.headers.append("Set-Cookie", cookie_header(scope, cookie, "", 0))
        return answer


def credentials(auth: str | None, settings: Settings) -> tuple[str, str] | None:
    """Read the name and password of `--auth`; a password that is not in it comes from the settings.

    Raises VisitError where one of both is missing.
    """
    auth = auth or settings.auth
    if not auth:
        return None
    user, _, password = auth.partition(":")
    if not password and settings.password is not None:
        password = settings.password.get_secret_value()
    if not password and settings.password_file is not None:
        try:
            password = settings.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise VisitError(f"The password file {settings.password_file} cannot be read: {error}.") from error
    if not user or not password:
        raise VisitError(
            "--auth needs a name and a password: set LESION_SEARCH_PASSWORD or LESION_SEARCH_PASSWORD_FILE, or give "
            "both as USER:PASSWORD."
        )
    return user, password


def _entered(scope: Scope, token: str, home: str) -> Response:
    answer = RedirectResponse(home, 303)
    answer.headers.append("Set-Cookie", cookie_header(scope, LOGIN_COOKIE, token, LASTS_S))
    return answer


def _bound(notes: OrderedDict[str, float] | OrderedDict[str, tuple[int, float]]) -> None:
    while len(notes) > MAX_REMEMBERED:
        notes.popitem(last=False)
