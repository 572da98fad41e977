"""Tokens: who someone is and what for, signed by staffing for people, by each service for itself.

They are JSON Web Tokens with Ed25519 signatures. Any service checks them with public keys alone.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from shared.runtime.identities import new_identity
from shared.runtime.settings import Settings
from shared.runtime.signing_keys import PublicKey, PublicKeys, SigningKey, read_signing_key

ALGORITHM = "EdDSA"
LIFE_SECONDS = 300
LEEWAY_SECONDS = 5
REMEMBERED_SECONDS = 10.0
REMEMBERED_MOST = 1_000
LONGEST = 32_768
"""Room for some three hundred roles, each at an organisation of its own."""

PEOPLE_SIGNED_BY = "staffing"
"""The service that keeps the logins: no other may say who a person is."""
SERVICE = "service"
"""The role of a service's own token, and of nobody else's."""

CLAIMS = ("iss", "aud", "sub", "iat", "exp", "jti", "grants")


class BadToken(Exception):
    """A token is not accepted. Its text says why, for the access log; callers are not told."""

    def __init__(self, why: str, token: "Token | None" = None) -> None:
        super().__init__(why)
        self.token = token
        """What it says, where it was at least rightly signed: so that the access log can name who it was."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role within a subtree of organisations; None: the whole district."""

    role: str
    organisation_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says.

    Args:
        login_id: empty in a service's own.
        epoch, position: how much of staffing's log had been seen when the token was made; whatever is
            recorded later about the login, or in a later epoch, makes the token void.
        logged_in_at, issued_at, expires_at: seconds since 1970.
    """

    person_id: str
    login_id: str
    grants: tuple[Grant, ...]
    epoch: int
    position: int
    logged_in_at: float
    issued_at: float
    expires_at: float
    token_id: str


def issuer_of(settings: Settings, service: str) -> str:
    """The name under which a service signs."""
    return f"gonghui/{settings.district}/{service}"


def sign(
    settings: Settings,
    key: SigningKey,
    *,
    person_id: str,
    grants: Sequence[Grant],
    login_id: str = "",
    epoch: int = 0,
    position: int = 0,
    logged_in_at: float | None = None,
    life_seconds: float = LIFE_SECONDS,
) -> str:
    """A token's text; what is not named here is as of ``Token``.

    Args:
        settings: of any service of the district: the token is for all of them.
        key: of the service that signs, which stands in the token.
        logged_in_at: seconds since 1970; None: now.
        life_seconds: how long it is good, from now.
    """
    now = time.time()
    claims = {
        "iss": issuer_of(settings, key.service),
        "aud": f"gonghui/{settings.district}",
        "sub": person_id,
        "login": login_id,
        "grants": [[each.role, each.organisation_id] for each in grants],
        "epoch": epoch,
        "position": position,
        "auth_time": now if logged_in_at is None else logged_in_at,
        "iat": now,
        "exp": now + life_seconds,
        "jti": new_identity(),
    }
    return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.key_id})


class OwnToken:
    """A service's own token, made anew before it ends.

    Raises:
        WrongSetting: the service's signing key is missing or is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = read_signing_key(settings)
        self._text = ""
        self._renew_at = 0.0

    def __call__(self) -> str:
        """The token's text; the same for a tenth of its life."""
        if time.monotonic() >= self._renew_at:
            self._renew_at = time.monotonic() + LIFE_SECONDS / 10
            self._text = sign(
                self._settings,
                self._key,
                person_id=f"{SERVICE}:{self._key.service}",
                grants=[Grant(SERVICE, None)],
            )
        return self._text


class Verifier:
    """Checks tokens of one district; a good one is remembered for ten seconds, by its whole text."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._audience = f"gonghui/{settings.district}"
        self._keys = PublicKeys(settings.public_keys)
        self._remembered: OrderedDict[str, tuple[float, Token]] = OrderedDict()

    def verify(self, text: Any) -> Token:
        """What a token says. Raises BadToken."""
        if not isinstance(text, str) or len(text) > LONGEST:
            raise BadToken("malformed")
        remembered = self._remembered.get(text)
        if remembered is not None:
            until, token = remembered
            if time.monotonic() < until and time.time() < token.expires_at:
                return token
            self._remembered.pop(text, None)
        token = self._verify(text)
        self._remembered[text] = time.monotonic() + REMEMBERED_SECONDS, token
        while len(self._remembered) > REMEMBERED_MOST:
            self._remembered.popitem(last=False)
        return token

    def _verify(self, text: str) -> Token:
        try:
            header = jwt.get_unverified_header(text)
            key = self._keys.find(str(header.get("kid")))
            if key is None:
                raise BadToken("unknown key")
            try:
                token = self._decode(text, key)
            except jwt.ExpiredSignatureError as error:
                raise BadToken(type(error).__name__, self._who_it_was(text, key)) from None
        except jwt.InvalidTokenError as error:
            raise BadToken(type(error).__name__) from None
        except (TypeError, ValueError, KeyError):
            raise BadToken("malformed") from None
        if token.expires_at - token.issued_at > LIFE_SECONDS:
            raise BadToken("lives too long")
        if not _may_say(key.service, token):
            raise BadToken("not this service's to sign")
        return token

    def _who_it_was(self, text: str, key: PublicKey) -> Token | None:
        try:
            token = self._decode(text, key, is_over=True)
        except (jwt.InvalidTokenError, TypeError, ValueError, KeyError):
            return None
        return token if _may_say(key.service, token) else None

    def _decode(self, text: str, key: PublicKey, *, is_over: bool = False) -> Token:
        claims = jwt.decode(
            text,
            key.public,
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=issuer_of(self._settings, key.service),
            leeway=LEEWAY_SECONDS,
            options={"require": list(CLAIMS), "verify_exp": not is_over},
        )
        return _token(claims)


def _token(claims: Mapping[str, Any]) -> Token:
    return Token(
        person_id=str(claims["sub"]),
        login_id=str(claims.get("login", "")),
        grants=tuple(
            Grant(str(role), None if organisation_id is None else str(organisation_id))
            for role, organisation_id in claims["grants"]
        ),
        epoch=int(claims.get("epoch", 0)),
        position=int(claims.get("position", 0)),
        logged_in_at=float(claims.get("auth_time", claims["iat"])),
        issued_at=float(claims["iat"]),
        expires_at=float(claims["exp"]),
        token_id=str(claims["jti"]),
    )


def _may_say(service: str, token: Token) -> bool:
    """Whether a token names nobody but whom the service that signed it may name."""
    if token.person_id == f"{SERVICE}:{service}":
        return token.grants == (Grant(SERVICE, None),)
    is_person = not token.person_id.startswith(f"{SERVICE}:")
    return service == PEOPLE_SIGNED_BY and is_person and all(each.role != SERVICE for each in token.grants)
