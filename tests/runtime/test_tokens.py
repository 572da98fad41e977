"""A token is accepted only whole, in time, in its district, and signed by whom it may be signed."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.runtime import signing_keys, tokens
from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.signing_keys import key_id_of, make_signing_key, read_signing_key
from shared.runtime.tokens import BadToken, Grant, OwnToken, Verifier, sign
from shared.runtime.wrong_setting import WrongSetting
from shared.standards.division_code import DivisionCode

CLERK = Grant("clerk", "basic-union")


@pytest.fixture
def staffing(tmp_path: Path) -> Settings:
    settings = embedded_settings("staffing", tmp_path)
    make_signing_key(settings)
    return settings


@pytest.fixture
def verifier(staffing: Settings) -> Verifier:
    return Verifier(embedded_settings("assistance", staffing.folder))


def good(staffing: Settings, **changes: Any) -> str:
    """The token of a clerk, or one that differs from it."""
    given = {"person_id": "wang", "login_id": "login-wang", "grants": [CLERK]} | changes
    return sign(staffing, read_signing_key(staffing), **given)


def made_of(staffing: Settings, claims: dict[str, Any], **header: Any) -> str:
    """A token with other claims or another header than a good one's, correctly signed."""
    key = read_signing_key(staffing)
    whole = jwt.decode(good(staffing), options={"verify_signature": False}) | claims
    kept = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(kept, key.private, "EdDSA", headers={"kid": key.key_id} | header)


def unsigned(staffing: Settings) -> str:
    _, claims, _ = good(staffing).split(".")
    header = json.dumps({"alg": "none", "typ": "JWT", "kid": read_signing_key(staffing).key_id})
    return f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.{claims}."


def signed_with_the_public_key_as_a_secret(staffing: Settings) -> str:
    key = read_signing_key(staffing)
    secret = key.private.public_key().public_bytes_raw()
    claims = jwt.decode(good(staffing), options={"verify_signature": False})
    return jwt.encode(claims, secret, "HS256", headers={"kid": key.key_id})


def forged(staffing: Settings) -> str:
    claims = jwt.decode(good(staffing), options={"verify_signature": False})
    header = {"kid": read_signing_key(staffing).key_id}
    return jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers=header)


def changed(staffing: Settings) -> str:
    header, _, signature = good(staffing).split(".")
    _, claims, _ = good(staffing, grants=[Grant("administrator", None)]).split(".")
    return f"{header}.{claims}.{signature}"


def of_another_district(staffing: Settings) -> str:
    return good(replace(staffing, district=DivisionCode("440305")))


def of_a_key_that_is_retired(staffing: Settings) -> str:
    token = good(staffing)
    key_id = read_signing_key(staffing).key_id
    make_signing_key(staffing, anew=True)
    (staffing.public_keys / f"staffing.{key_id}.pem").unlink()
    return token


def of_a_person_signed_by_another_service(staffing: Settings) -> str:
    assistance = embedded_settings("assistance", staffing.folder)
    make_signing_key(assistance)
    return good(assistance)


def of_one_service_signed_by_another(staffing: Settings) -> str:
    return good(staffing, person_id="service:membership", grants=[Grant("service", None)])


def under_a_key_whose_file_was_renamed(staffing: Settings) -> str:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (staffing.public_keys / "staffing.0123456789abcdef.pem").write_bytes(public)
    assert key_id_of(private.public_key()) != "0123456789abcdef"
    claims = jwt.decode(good(staffing), options={"verify_signature": False})
    return jwt.encode(claims, private, "EdDSA", headers={"kid": "0123456789abcdef"})


REFUSED: dict[str, Callable[[Settings], Any]] = {
    "nothing": lambda _: None,
    "a number": lambda _: 7,
    "no token": lambda _: "wang",
    "endless": lambda _: "e" * 100_000,
    "cut off": lambda staffing: good(staffing)[:-5],
    "expired": lambda staffing: good(staffing, life_seconds=-60),
    "not yet issued": lambda staffing: made_of(staffing, {"iat": time.time() + 60, "exp": time.time() + 300}),
    "longer than five minutes": lambda staffing: good(staffing, life_seconds=301),
    "without an end": lambda staffing: made_of(staffing, {"exp": None}),
    "without a number": lambda staffing: made_of(staffing, {"jti": None}),
    "without roles": lambda staffing: made_of(staffing, {"grants": None}),
    "roles that are no pairs": lambda staffing: made_of(staffing, {"grants": ["administrator"]}),
    "for others": lambda staffing: made_of(staffing, {"aud": "gonghui/440305"}),
    "of another issuer": lambda staffing: made_of(staffing, {"iss": "gonghui/110109/membership"}),
    "of a key nobody knows": lambda staffing: made_of(staffing, {}, kid="../../staffing"),
    "alg none": unsigned,
    "the public key as a secret": signed_with_the_public_key_as_a_secret,
    "forged": forged,
    "changed": changed,
    "another district": of_another_district,
    "a retired key": of_a_key_that_is_retired,
    "a renamed key": under_a_key_whose_file_was_renamed,
    "a person, by another service": of_a_person_signed_by_another_service,
    "a service, by another": of_one_service_signed_by_another,
    "a person as a service": lambda staffing: good(staffing, grants=[Grant("service", None)]),
}


def test_a_good_token_says_who_and_what_for(staffing: Settings, verifier: Verifier) -> None:
    token = verifier.verify(good(staffing, position=7))

    assert (token.person_id, token.login_id, token.position) == ("wang", "login-wang", 7)
    assert token.grants == (CLERK,)
    assert token.expires_at - token.issued_at == 300


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_a_good_token_is_refused(staffing: Settings, verifier: Verifier, case: str) -> None:
    text = REFUSED[case](staffing)

    with pytest.raises(BadToken):
        verifier.verify(text)


def test_a_service_says_who_it_is_itself(staffing: Settings, verifier: Verifier) -> None:
    own = OwnToken(staffing)

    assert verifier.verify(own()).person_id == "service:staffing"
    assert own() == own()


def test_a_token_that_was_good_is_not_remembered_past_its_end(staffing: Settings, verifier: Verifier) -> None:
    token = good(staffing, life_seconds=1.5 - tokens.LEEWAY_SECONDS)
    verifier.verify(token)

    time.sleep(1.6)

    with pytest.raises(BadToken, match="Expired"):
        verifier.verify(token)


def test_a_retired_key_is_refused_within_seconds_also_where_its_tokens_were_accepted(
    staffing: Settings, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = good(staffing)
    verifier.verify(token)
    for file in staffing.public_keys.iterdir():
        file.unlink()

    later = time.monotonic() + tokens.REMEMBERED_SECONDS + signing_keys.LOOK_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    with pytest.raises(BadToken, match="unknown key"):
        verifier.verify(token)


def test_a_new_key_is_found_at_once_and_the_old_one_stays_good_until_it_is_retired(
    staffing: Settings, verifier: Verifier
) -> None:
    old = good(staffing)
    verifier.verify(old)
    time.sleep(0.02)  # longer than the file system's clock takes to move on

    make_signing_key(staffing, anew=True)

    assert verifier.verify(good(staffing)).person_id == "wang"
    assert verifier.verify(old).person_id == "wang"


def test_no_more_tokens_are_remembered_than_there_is_room_for(
    staffing: Settings, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MOST", 3)

    for _ in range(9):
        verifier.verify(good(staffing))

    assert len(verifier._remembered) == 3


def test_a_signing_key_is_its_owners_alone_and_made_once(staffing: Settings) -> None:
    before = staffing.signing_key_file.read_text()

    assert not make_signing_key(staffing)

    assert staffing.signing_key_file.stat().st_mode & 0o777 == 0o600
    assert staffing.signing_key_file.read_text() == before
    assert len(list(staffing.public_keys.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"hunter2", None])
def test_a_wrong_signing_key_is_told_by_its_variable_and_not_shown(
    staffing: Settings, content: bytes | None
) -> None:
    staffing.signing_key_file.unlink()
    if content is not None:
        staffing.signing_key_file.write_bytes(content)

    with pytest.raises(WrongSetting, match="GONGHUI_STAFFING_SIGNING_KEY_FILE") as wrong:
        read_signing_key(staffing)

    assert "hunter2" not in str(wrong.value)
