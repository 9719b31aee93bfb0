"""OpenID Connect: the authorisation code flow with PKCE, and what of the token gives a name and a role."""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxr_dash.domain import N_
from cxr_dash.errors import BackendMissingError, NotAllowedError, RequestError, SignInError
from cxr_dash.services.accounts import User, Waiting, role_of_groups
from cxr_dash.settings import Settings

logger = logging.getLogger(__name__)

_SECONDS_TO_ANSWER = 10
_SECONDS_KNOWN = 3600.0
# A provider that did not answer is not asked again at once: those who wait for it would take every thread.
_SECONDS_LEFT_ALONE = 15.0
_LEEWAY_SECONDS = 60
# Signatures made with a key that the provider alone has; `none` and shared secrets are no signature here.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


@dataclass(frozen=True, slots=True)
class _Described:
    """What the provider says of itself, and its keys."""

    facts: Mapping[str, Any]
    keys: Any
    read_at: float


class Provider:
    """The OpenID provider of the settings; nothing is asked of it before somebody signs in.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    RequestError
        When a setting is missing.
    BackendMissingError
        When the packages are not installed.
    """

    def __init__(self, settings: Settings) -> None:
        for name in ("oidc_issuer", "oidc_client_id"):
            if not getattr(settings, name):
                raise RequestError(
                    f"`CXR_{name.upper()}` must be set where `CXR_SIGN_IN=oidc`; received nothing.",
                    remedy="docs/sign-in.md has an example.",
                )
        try:
            import authlib.integrations.requests_client  # noqa: F401, PLC0415
        except ModuleNotFoundError:
            raise BackendMissingError(
                "`CXR_SIGN_IN=oidc` needs the packages authlib and requests; they are not installed.",
                remedy="Install cxr-dash[oidc].",
            ) from None
        self._settings = settings
        self._lock = threading.Lock()
        self._known: _Described | None = None
        self._failed_at = -math.inf

    def begin(self, back: str) -> tuple[str, Waiting]:
        """Where the browser goes, and what is to be remembered until it comes back.

        Parameters
        ----------
        back : str
            The address of ours that the provider sends it to.

        Raises
        ------
        SignInError
            When the provider does not answer.
        """
        waiting = Waiting(
            secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64), back
        )
        address, _ = self._client(back).create_authorization_url(
            self._described().facts["authorization_endpoint"],
            state=waiting.state,
            nonce=waiting.nonce,
            code_verifier=waiting.verifier,
        )
        return str(address), waiting

    def finish(self, waiting: Waiting | None, answer: Mapping[str, str]) -> User:
        """Who came back.

        Parameters
        ----------
        waiting : Waiting or None
            What was remembered for this browser.
        answer : mapping of str to str
            What the provider gave it: ``state`` and ``code``, or ``error``.

        Raises
        ------
        SignInError
            When anything does not fit.
        NotAllowedError
            When none of one's groups may come in.
        """
        if waiting is None or not secrets.compare_digest(
            waiting.state.encode(), answer.get("state", "").encode("utf-8", "replace")
        ):
            raise _failed("state")
        if "code" not in answer:
            raise _failed("refused")
        try:
            claims = self._claims(waiting, answer["code"])
        except SignInError:
            raise
        except Exception as error:
            # of whatever kind: none of them may let anybody in, and what they say may quote tokens
            logger.warning("a sign-in failed: %s", type(error).__name__)
            raise _failed(type(error).__name__) from None
        return self._user(claims)

    def _client(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415

        secret = self._settings.oidc_client_secret.get_secret_value()
        return OAuth2Session(
            self._settings.oidc_client_id,
            secret or None,
            scope=self._settings.oidc_scope,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            default_timeout=_SECONDS_TO_ANSWER,
        )

    def _claims(self, waiting: Waiting, code: str) -> dict[str, Any]:
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415

        described = self._described()
        client = self._client(waiting.back)
        token = client.fetch_token(
            described.facts["token_endpoint"],
            code=code,
            code_verifier=waiting.verifier,
            timeout=_SECONDS_TO_ANSWER,
        )
        try:
            decoded = jwt.decode(token["id_token"], described.keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            # perhaps the provider has new keys
            decoded = jwt.decode(token["id_token"], self._described(anew=True).keys, algorithms=_ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": waiting.nonce},
        ).validate(decoded.claims)
        claims = dict(decoded.claims)
        wanted = {self._settings.oidc_user_claim, self._settings.oidc_role_claim}
        more_at = described.facts.get("userinfo_endpoint")
        if more_at and not wanted <= claims.keys():
            more = client.get(more_at, timeout=_SECONDS_TO_ANSWER).json()
            if more.get("sub") == claims["sub"]:
                claims = {**more, **claims}
        return claims

    def _described(self, *, anew: bool = False) -> _Described:
        import requests  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        with self._lock:
            known = self._known
            if known and not anew and time.monotonic() - known.read_at < _SECONDS_KNOWN:
                return known
            if time.monotonic() - self._failed_at < _SECONDS_LEFT_ALONE:
                raise _unreachable()
            issuer = self._settings.oidc_issuer
            try:
                facts = requests.get(
                    f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=_SECONDS_TO_ANSWER
                ).json()
                _check_issuer(facts, issuer)
                keys = requests.get(facts["jwks_uri"], timeout=_SECONDS_TO_ANSWER).json()
                self._known = _Described(facts, KeySet.import_key_set(keys), time.monotonic())
            except Exception as error:
                logger.error("the OpenID provider cannot be used: %s", type(error).__name__)
                self._failed_at = time.monotonic()
                raise _unreachable() from None
            return self._known

    def _user(self, claims: Mapping[str, Any]) -> User:
        settings = self._settings
        name = str(claims.get(settings.oidc_user_claim) or "")
        if not name:
            raise _failed("name")
        groups = claims.get(settings.oidc_role_claim) or []
        role = role_of_groups(
            [groups] if isinstance(groups, str) else [str(one) for one in groups],
            reader_group=settings.reader_group,
            admin_group=settings.admin_group,
        )
        if role is None:
            raise NotAllowedError(
                N_("You are signed in, but may not use this server."),
                remedy=N_("Ask whoever runs the server for the right group."),
            )
        return User(name, role)


def _check_issuer(facts: Mapping[str, Any], issuer: str) -> None:
    if facts["issuer"] != issuer:
        raise ValueError("the provider calls itself otherwise")


def _unreachable() -> SignInError:
    return SignInError(
        N_("The server cannot reach your hospital's sign-on."),
        remedy=N_("Try again in a minute; if it stays so, tell whoever runs the server."),
    )


def _failed(why: str) -> SignInError:
    return SignInError(
        N_("Signing in did not work ({why})."),
        remedy=N_("Try again; if it stays so, tell whoever runs the server."),
        why=why,
    )
