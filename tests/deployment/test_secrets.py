"""What deploy/make-secrets.sh makes is found by the services, and changed only when it is asked to."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.runtime.settings import Settings, embedded_settings
from shared.runtime.signing_keys import PublicKey, PublicKeys, key_id_of, read_signing_key
from shared.runtime.tokens import BadToken, Grant, Verifier, sign
from tests.deployment.composition import DEPLOY, SERVICES, Deployment


def test_the_public_half_of_each_signing_key_is_found_by_its_id(deployment: Deployment) -> None:
    keys = PublicKeys(deployment.secrets / "public_keys")
    for name in SERVICES:
        private = load_pem_private_key((deployment.secrets / f"{name}_signing_key").read_bytes(), None)
        assert isinstance(private, Ed25519PrivateKey)
        assert keys.find(key_id_of(private.public_key())) == PublicKey(name, private.public_key())


def test_secrets_are_made_once_and_read_by_nobody_outside(deployment: Deployment) -> None:
    before = {path.name: path.read_bytes() for path in deployment.secrets.iterdir() if path.is_file()}
    deployment.make_secrets()

    assert {path.name: path.read_bytes() for path in deployment.secrets.iterdir() if path.is_file()} == before
    assert deployment.secrets.stat().st_mode & 0o077 == 0


@pytest.fixture
def staffing(tmp_path: Path) -> Settings:
    """Staffing's settings with secrets of this test alone."""
    make_secrets(tmp_path)
    return replace(
        embedded_settings("staffing", tmp_path),
        signing_key_file=tmp_path / "staffing_signing_key",
        public_keys=tmp_path / "public_keys",
    )


def make_secrets(folder: Path, *arguments: str) -> int:
    environment = os.environ | {"SECRETS": str(folder)}
    return subprocess.run([DEPLOY / "make-secrets.sh", *arguments], env=environment, check=False).returncode


def token(staffing: Settings) -> str:
    return sign(staffing, read_signing_key(staffing), person_id="wang", grants=[Grant("clerk", None)])


def test_a_new_key_is_good_at_once_and_the_old_one_until_it_is_retired(
    staffing: Settings, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    old = token(staffing)

    assert make_secrets(tmp_path, "--rotate", "staffing") == 0
    new = token(staffing)
    for each in (old, new):
        assert Verifier(staffing).verify(each).person_id == "wang"
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {name for name in after if after[name] != before.get(name)} == {"staffing_signing_key"}

    assert make_secrets(tmp_path, "--retire", "staffing") == 0
    assert Verifier(staffing).verify(new).person_id == "wang"
    with pytest.raises(BadToken):
        Verifier(staffing).verify(old)
    assert len(list(staffing.public_keys.iterdir())) == len(SERVICES)


@pytest.mark.parametrize(
    "words",
    ["--rotate nobody", "--retire nobody", "--system operator", "--system staffing", "--system a.*", "--new"],
)
def test_what_it_cannot_do_is_refused_and_changes_nothing(
    words: str, staffing: Settings, tmp_path: Path
) -> None:
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = contents()
    assert make_secrets(tmp_path, *words.split()) == 2
    assert contents() == before
