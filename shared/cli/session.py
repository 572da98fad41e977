"""The token that ``gonghui login`` keeps: read for each call, renewed before it ends."""

import time
from pathlib import Path

from shared.cli.reaching import LOGINS, ask, refusals_told
from shared.cli.sentences import Mistake, Sentence

TOKEN_FILE = "token"  # noqa: S105 - a name
RENEW_SECONDS = 150
"""A token that ends sooner is renewed: half of the five minutes that it lives."""


def token_file() -> Path:
    """Where the token of whoever logged in here is kept."""
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of

    with told(LOGINS):
        return settings_of(LOGINS).folder / TOKEN_FILE


def keep(token: str) -> Path:
    """Keep a token, for its owner alone; where."""
    from shared.runtime.secret_files import write_anew

    file = token_file()
    write_anew(file, token)
    return file


def current_token(seconds_max: float) -> str | None:
    """The token of whoever logged in, renewed if it soon ends; None: nobody has logged in.

    Args:
        seconds_max: how long an answer is waited for.

    Raises:
        Mistake: it has ended.
    """
    try:
        token = token_file().read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    left_seconds = ends_at(token) - time.time()
    if left_seconds <= 0:
        raise Mistake(
            Sentence("登录已过期", "the login has ended"),
            Sentence(
                "请重新登录：gonghui login 登录名（五分钟内有操作会自动续期）",
                "log in again: gonghui login NAME (it is renewed by any call within five minutes)",
            ),
        )
    if left_seconds < RENEW_SECONDS:
        with refusals_told(lambda _: Sentence("请重新登录：gonghui login 登录名", "run gonghui login NAME")):
            token = ask(seconds_max, LOGINS, "renew", token)["token"]
        keep(token)
    return token


def ends_at(token: str) -> float:
    """When a token ends, in seconds since 1970; services check it, so here its word is taken."""
    import jwt

    try:
        return float(jwt.decode(token, options={"verify_signature": False})["exp"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        return 0.0
