"""Signing keys: each service signs with a key of its own; the public ones of all stand in one folder.

A key is known by its public file ``<service>.<key id>.pem``. To retire a key, remove that file: within
seconds no token under it is accepted anywhere. A new key is made beside the old one, so that tokens of
both are accepted until then.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shared.runtime.secret_files import write_anew, write_once
from shared.runtime.settings import Settings
from shared.runtime.wrong_setting import WrongSetting

LOOK_SECONDS = 5.0
LOOK_SOONER_SECONDS = 1.0
"""How soon an unchanged folder is looked at again for an unknown key; forged ids must not cost more."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A service's private key, and the id under which the public one is found."""

    service: str
    key_id: str
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, and the service whose it is."""

    service: str
    public: Ed25519PublicKey


def make_signing_key(settings: Settings, *, anew: bool = False) -> bool:
    """Make a service's signing key, and publish the public one first.

    Args:
        anew: in place of the one that is there; that one's tokens stay good until its public file goes.

    Returns:
        Whether one was made.
    """
    if settings.signing_key_file.exists() and not anew:
        return False
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key_id = key_id_of(private.public_key())
    public = settings.public_keys / f"{settings.service}.{key_id}.pem"
    published = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    write_once(public, published)
    if anew:
        write_anew(settings.signing_key_file, text)
    elif not write_once(settings.signing_key_file, text):
        public.unlink()
        return False
    return True


def read_signing_key(settings: Settings) -> SigningKey:
    """A service's signing key.

    Raises:
        WrongSetting: the file is missing, cannot be read or holds something else.
    """
    variable = settings.signing_key_variable
    try:
        private = load_pem_private_key(settings.signing_key_file.read_bytes(), password=None)
    except FileNotFoundError:
        raise WrongSetting(
            variable, "签名密钥文件不存在", "the file with the signing key does not exist"
        ) from None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongSetting(
            variable, "签名密钥文件无法读取", "the signing key's file cannot be read"
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise WrongSetting(variable, "签名密钥应为Ed25519密钥", "the signing key must be an Ed25519 key")
    return SigningKey(settings.service, key_id_of(private.public_key()), private)


def key_id_of(public: Ed25519PublicKey) -> str:
    """The id of a key: the beginning of the public key's hash."""
    return sha256(public.public_bytes_raw()).hexdigest()[:16]


class PublicKeys:
    """The public keys in a folder, looked at again now and then.

    Args:
        folder: with a file ``<service>.<key id>.pem`` for each key that is in use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, PublicKey] = {}
        self._looked_at = float("-inf")
        self._changed_at = 0

    def find(self, key_id: str) -> PublicKey | None:
        """The key with an id; None for one that is not, or no longer, in use."""
        since = time.monotonic() - self._looked_at
        if since > LOOK_SECONDS or (
            key_id not in self._keys and (since > LOOK_SOONER_SECONDS or self._changed_at != self._changed())
        ):
            self._changed_at = self._changed()
            self._keys = dict(self._read())
            self._looked_at = time.monotonic()
        return self._keys.get(key_id)

    def _changed(self) -> int:
        """When a file was last added or removed; it costs next to nothing to ask."""
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return 0

    def _read(self) -> list[tuple[str, PublicKey]]:
        found = []
        for file in self._folder.glob("*.pem"):
            service, _, key_id = file.stem.rpartition(".")
            try:
                public = load_pem_public_key(file.read_bytes())
            except (OSError, ValueError, UnsupportedAlgorithm):
                continue
            # The id is recomputed: a file that was renamed must not lend its key another name.
            if service and isinstance(public, Ed25519PublicKey) and key_id_of(public) == key_id:
                found.append((key_id, PublicKey(service, public)))
        return found
