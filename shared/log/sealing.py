"""The vault: personal values are sealed under a key of their person, and found by keyed digests."""

import hmac
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping
from os import urandom
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, select, update

from shared.log.store import among, insert_rows
from shared.log.tables import digests, person_keys
from shared.rules.personal import ERASED, Erased, Personal, Sealed

NONCE_BYTES = 12
KEY_BYTES = 32


class Vault:
    """Opens and closes personal values of one service.

    Args:
        master_key: 32 bytes from the settings, kept outside every database; it wraps the persons' keys.
        key_number: the number of this master key; digests carry it, so that a rotation can recompute them.
    """

    def __init__(self, master_key: bytes, key_number: int = 1) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError("a master key has 32 bytes")
        self.key_number = key_number
        self._wrapping = AESGCM(_derive(master_key, b"gonghui wrapping"))
        self._digesting = _derive(master_key, b"gonghui digest")

    def digest(self, name: str, value: str) -> str:
        """The keyed digest of a personal value; it may stand in the digests table and nowhere else."""
        return hmac.digest(self._digesting, f"{name}\0{value}".encode(), "sha256").hex()

    def new_key(self, person_id: str) -> tuple[AESGCM, bytes]:
        """A key for a person who has none yet: to use, and wrapped to keep."""
        key, nonce = urandom(KEY_BYTES), urandom(NONCE_BYTES)
        return AESGCM(key), nonce + self._wrapping.encrypt(nonce, key, person_id.encode())

    def keys(self, connection: Connection, persons: Iterable[str]) -> dict[str, AESGCM | None]:
        """The keys of those persons who have one; None for a person who was forgotten."""
        rows = connection.execute(
            select(person_keys.c.person_id, person_keys.c.wrapped).where(
                among(connection, person_keys.c.person_id, persons)
            )
        )
        return self.unwrapped(rows)

    def unwrapped(self, rows: Iterable[Any]) -> dict[str, AESGCM | None]:
        """The keys in rows of person_keys."""
        return {person_id: self._unwrap(person_id, wrapped) for person_id, wrapped in rows}

    def _unwrap(self, person_id: str, wrapped: bytes | None) -> AESGCM | None:
        if wrapped is None:
            return None
        nonce, box = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        return AESGCM(self._wrapping.decrypt(nonce, box, person_id.encode()))

    def open(self, connection: Connection, value: Personal[Any]) -> str | Erased:
        """The value in the clear, or ERASED when its person was forgotten."""
        match value.content:
            case Sealed(person_id=person_id) as sealed:
                key = self.keys(connection, [person_id]).get(person_id)
                return ERASED if key is None else unseal(key, sealed)
            case Erased():
                return ERASED
            case plain:
                return str(plain)

    def find_many(self, connection: Connection, name: str, values: Iterable[str]) -> dict[str, str]:
        """The persons about whom values are known, by value.

        Args:
            name: of the unique key that the values would take.
        """
        by_digest = {self.digest(name, value): value for value in values}
        rows = connection.execute(
            select(digests.c.digest, digests.c.person_id).where(
                among(connection, digests.c.digest, by_digest)
            )
        )
        return {by_digest[row.digest]: row.person_id for row in rows}

    def open_many(
        self, connection: Connection, values: Iterable[Personal[Any] | None]
    ) -> list[str | Erased | None]:
        """Values in the clear, each ERASED when its person was forgotten; the keys are asked for together."""
        contents = [None if each is None else each.content for each in values]
        persons = {each.person_id for each in contents if isinstance(each, Sealed)}
        keys = self.keys(connection, persons) if persons else {}
        return [_opened(each, keys) for each in contents]

    def forget(self, connection: Connection, person_id: str) -> None:
        """Destroy a person's key and digests; the caller holds the head's lock."""
        forgotten = update(person_keys).where(person_keys.c.person_id == person_id).values(wrapped=None)
        if connection.execute(forgotten).rowcount == 0:
            insert_rows(connection, person_keys, [(person_id, None)])
        connection.execute(digests.delete().where(digests.c.person_id == person_id))


def _opened(content: Any, keys: Mapping[str, AESGCM | None]) -> str | Erased | None:
    match content:
        case None | Erased():
            return content
        case Sealed(person_id=person_id):
            key = keys.get(person_id)
            return ERASED if key is None else unseal(key, content)
        case plain:
            return str(plain)


def seal(key: AESGCM, value: str, place: str) -> str:
    """A value under a person's key, bound to its place (log, stream, version, field): it cannot be moved."""
    nonce = urandom(NONCE_BYTES)
    return b2a_base64(nonce + key.encrypt(nonce, value.encode(), place.encode()), newline=False).decode()


def unseal(key: AESGCM, sealed: Sealed) -> str:
    """The value in the clear.

    Raises:
        InvalidTag: the box was changed or moved.
    """
    box = a2b_base64(sealed.box)
    return key.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], sealed.place.encode()).decode()


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(master_key)


__all__ = ["InvalidTag", "Vault", "seal", "unseal"]
