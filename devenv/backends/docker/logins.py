"""The logins at registries that this host has, for a container that may speak to the engine."""

from __future__ import annotations

import base64
import json

from devenv.model.errors import DevenvError, ExitCode


def logins() -> str:
    """The text of a `config.json` with every login of this user, also those that a credential helper keeps. Raises
    DevenvError (UNFIT) where a helper does not answer."""
    from docker import auth
    from docker.credentials.errors import StoreError
    from docker.errors import DockerException

    try:
        found = auth.load_config().get_all_credentials()  # type: ignore[no-untyped-call]
    except (DockerException, StoreError) as error:
        raise DevenvError(
            f"the logins at registries cannot be read: {error}",
            hint="mend `credsStore` or `credHelpers` in ~/.docker/config.json, or take `use_api_socket` out",
            code=ExitCode.UNFIT,
        ) from None
    return json.dumps({"auths": {registry: _written(login) for registry, login in found.items() if login}})


def _written(login: dict[str, str]) -> dict[str, str]:
    token = login.get("identitytoken") or login.get("IdentityToken")
    user = login.get("username") or login.get("Username") or ""
    password = login.get("password") or login.get("Password") or ""
    plain = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"auth": plain, **({"identitytoken": token} if token else {})}
