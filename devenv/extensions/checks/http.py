"""`http`: a request from the host, as a user's program sends it, whatever proxies the environment names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from devenv.core.checks import method
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Answer, CheckTarget

_MOST = 4 << 20
"""Bytes of an answer that are read."""


class HttpCheck:
    """Options: `url`, `method`, `headers`, and `json` or `body` to send."""

    kind: str = "http"

    def ask(self, target: CheckTarget, options: Mapping[str, Any], *, timeout: float) -> Answer:
        """One request; redirects are followed. Raises DevenvError where no answer comes in time."""
        from http.client import HTTPException, InvalidURL
        from urllib.error import HTTPError, URLError
        from urllib.request import ProxyHandler, Request, build_opener

        url = str(options["url"])
        headers = {str(name): str(value) for name, value in (options.get("headers") or {}).items()}
        data = None
        if "json" in options:
            data = json.dumps(options["json"]).encode()
            headers = {"Content-Type": "application/json", **headers}
        elif "body" in options:
            data = str(options["body"]).encode()
        if not url.startswith(("http://", "https://")):
            raise _no_answer(f"`{url}` is no address of http or https", "Write it whole, as in `{{ web.host_url }}/`.")
        try:
            request = Request(url, data=data, headers=headers, method=method(options))
            try:
                answer = build_opener(ProxyHandler({})).open(request, timeout=timeout)
            except HTTPError as refusal:  # as much of an answer, which is read with the same care
                answer = refusal
            with answer:
                return Answer(code=answer.status, text=answer.read(_MOST).decode("utf-8", "replace"))
        except TimeoutError:
            raise _slow(timeout) from None
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise _slow(timeout) from None
            why = getattr(error.reason, "strerror", None) or str(error.reason)
            raise _no_answer(f"nothing answers: {why.lower()}", "`devenv status` shows what runs.") from None
        except (InvalidURL, ValueError) as error:
            raise _no_answer(
                f"it cannot be sent: {error}", "Correct the step's `url`, `method` or `headers`."
            ) from None
        except (HTTPException, OSError) as error:
            raise _no_answer(f"the answer broke off: {error}", "`devenv logs` shows what the service said.") from None


def _slow(timeout: float) -> DevenvError:
    return _no_answer(f"no answer in {timeout:g} s", "`devenv logs` shows what keeps it; `timeout:` gives it longer.")


def _no_answer(message: str, hint: str) -> DevenvError:
    return DevenvError(message, hint=hint, code=ExitCode.FAILED)
