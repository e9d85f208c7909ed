"""What every request passes first: who calls, by which name, and how fast it uploads how much."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.server.settings import LOOPBACK, Limits, ServerSettings

COOKIE = "impasto-token"
OPEN = "/healthz"
PHOTO = "/v1/paint"
BARE = ("GET", "HEAD", "OPTIONS", "DELETE")
"""Requests that have no body, unless a header speaks of one."""

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)
"""The page's own scripts are inline; nothing is fetched from elsewhere."""


class Guard:
    """Refuses, before a body is read: other hosts' names (DNS rebinding), other pages' requests,
    those without the token, bodies that are too large; and while it is read, slow ones.

    Args:
        app: what is guarded.
        settings: see `ServerSettings`.
        on_answer: told the route, the status and the seconds until the answer begins.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        on_answer: Callable[[str, int, float], None] = lambda route, status, seconds: None,
    ) -> None:
        self._app, self._settings, self._on_answer = app, settings, on_answer
        self._names = {*LOOPBACK, settings.host, *settings.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "websocket":  # there are none
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            headers, limits = Headers(scope=scope), self._settings.limits
            limit = limits.photo_bytes if scope["path"] == PHOTO else limits.request_bytes
            bare = scope["method"] in BARE and not {"content-length", "transfer-encoding"} & {
                *headers
            }
            upload = _Upload(receive, limit, limits, expected=not bare)
            answer = self._refusal(scope, headers, limit) or self._login(scope)
            send = self._answering(scope, send, None if answer else upload)
            await (answer or self._app)(scope, upload.receive, send)

    def _answering(self, scope: Scope, send: Send, upload: _Upload | None) -> Send:
        api = scope["path"].startswith(("/v1/", "/healthz", "/metrics"))
        policy = API_POLICY if api else PAGE_POLICY
        began = time.monotonic()

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**SECURITY, "Content-Security-Policy": policy}.items():
                    headers.setdefault(name, value)
                route = getattr(scope.get("route"), "path", "other")
                self._on_answer(route, message["status"], time.monotonic() - began)
                if upload:
                    await upload.drain()
            await send(message)

        return answering

    def _refusal(self, scope: Scope, headers: Headers, limit: int) -> Response | None:
        host = headers.get("host", "")
        if not self._knows(host):
            return _refused(403, "this server goes by another name: give it with --allow-host")
        origin = headers.get("origin")
        allowed = self._settings.origins
        if origin is not None and urlsplit(origin).netloc != host and origin not in allowed:
            return _refused(403, "a page from elsewhere may not call this: see --allow-origin")
        token = self._settings.token
        preflight = scope["method"] == "OPTIONS" and origin in allowed
        if token and scope["path"] != OPEN and not preflight:
            _, _, said = headers.get("authorization", "").partition(" ")
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            shown = (said, _cookie(headers), asked if scope["method"] == "GET" else "")
            if not any(hmac.compare_digest(each.encode(), token.encode()) for each in shown):
                return _refused(401, "the token is missing or wrong", "Bearer")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and int(length) <= limit):
            return _refused(413, _too_large(limit))
        return None

    def _login(self, scope: Scope) -> Response | None:
        """Turn an address with ``?token=`` into a cookie, so that it is kept in no history."""
        if not self._settings.token or b"token=" not in scope["query_string"]:
            return None
        answer = RedirectResponse("/" + scope["path"].lstrip("/"), 303)  # nowhere else
        answer.set_cookie(COOKIE, self._settings.token, httponly=True, samesite="strict")
        return answer

    def _knows(self, host: str) -> bool:
        """An address in numbers is no name that somebody else could have pointed here."""
        with contextlib.suppress(ValueError):
            name = urlsplit(f"//{host}").hostname or ""
            if name in self._names:
                return True
            ipaddress.ip_address(name)
            return True
        return False


class _Upload:
    """A request's body, which must not be longer or slower than the limits say."""

    def __init__(self, receive: Receive, limit: int, limits: Limits, expected: bool) -> None:
        self._receive, self._limit, self._limits = receive, limit, limits
        # Without a body there is nothing to wait for: what comes next is the client's leaving.
        self._began, self._received, self._whole = time.monotonic(), 0, not expected

    async def receive(self) -> Message:
        """Return the next piece.

        Raises:
            HTTPException: it came too late, or there are too many.
        """
        if self._whole:
            return await self._receive()
        limits, elapsed_s = self._limits, time.monotonic() - self._began
        behind_s = limits.idle_s + self._received / limits.least_rate - elapsed_s
        try:
            message = await asyncio.wait_for(self._receive(), min(limits.idle_s, behind_s))
        except (asyncio.TimeoutError, TimeoutError):
            self._whole = True
            raise HTTPException(408, "the upload is too slow", {"Connection": "close"}) from None
        self._received += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._received > self._limit:
            self._whole = True
            raise HTTPException(413, _too_large(self._limit), {"Connection": "close"})
        return message

    async def drain(self) -> None:
        """Read what nobody wanted: clients that are still sending would miss the answer."""
        with contextlib.suppress(HTTPException):
            while not self._whole:
                await self.receive()


def _refused(status: int, why: str, challenge: str = "") -> Response:
    headers = {"WWW-Authenticate": challenge} if challenge else None
    return JSONResponse({"error": why}, status, headers)


def _too_large(limit: int) -> str:
    return f"the request is larger than {limit:,} bytes: send less"


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
