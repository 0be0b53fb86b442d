"""What every request has in common: an id, a line in the log, a prefix that a web server in front may hide."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.logs import request_id

log = logging.getLogger("shop.requests")
ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAID_OFTEN = ("/health",)
"""Whoever waits asks often; the answer is worth a line only where it is bad."""


class Prefix:
    """A web server in front that hides this API under a path says so (X-Forwarded-Prefix): /docs then names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (prefix := Headers(scope=scope).get("x-forwarded-prefix", "")):
            scope = scope | {"root_path": prefix, "path": prefix + scope["path"]}
        await self.app(scope, receive, send)


class Requests:
    """Takes the id from X-Request-ID, or makes one; the answer has it too. Logs each request at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        mine = given if ID.fullmatch(given) else uuid.uuid4().hex
        request_id.set(mine)  # each request has a context of its own: nothing to set back
        begun, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = mine
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception:
            log.exception("the request broke")
            if not status:
                detail = f"Something broke. The log says what, under {mine}."
                await JSONResponse({"detail": detail}, status_code=500)(scope, receive, answer)
        finally:
            if status >= 400 or scope["path"] not in SAID_OFTEN:
                log.log(
                    logging.ERROR if status >= 500 else logging.INFO,
                    "%s %s %s",
                    scope["method"],
                    scope["path"],
                    status,
                    extra={"fields": {"status": status, "ms": round((time.monotonic() - begun) * 1000)}},
                )
