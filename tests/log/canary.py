"""Canary values: what goes in as personal data, and all the forms in which it must be found nowhere."""

import base64
import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.engine import make_url

from services.membership.aggregates.member import JoinMember
from services.membership.aggregates.person import RegisterPerson
from shared.log.store import Store
from shared.rules.personal import Personal
from shared.standards.identity_number import IdentityNumber
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName
from tests.log.house import JOINED_ON, UNION, House

NUMBER, NAME, MOBILE = "110109199001011239", "欧阳金丝雀", "19987654321"
CANARIES = {"identity_number": NUMBER, "name": NAME, "mobile": MOBILE}
PERSON, MEMBER = "person-of-canary", "member-of-canary"
PG_DUMP = max(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"), key=lambda path: int(path.parts[4]))
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")


def register(person_id: str = PERSON) -> RegisterPerson:
    return RegisterPerson(
        person_id=person_id,
        document_type="resident_identity_card",
        identity_number=Personal(IdentityNumber(NUMBER)),
        name=Personal(PersonName(NAME)),
        sex="male",
        birth_year=1990,
    )


def join(member_id: str = MEMBER, person_id: str = PERSON) -> JoinMember:
    return JoinMember(
        member_id=member_id,
        person_id=person_id,
        organisation_id=UNION,
        name=Personal(PersonName(NAME)),
        identity_number=Personal(IdentityNumber(NUMBER)),
        mobile=Personal(MobileNumber(MOBILE)),
        sex="male",
        birth_year=1990,
        age_years=30,
        employment_status="on_post",
        occupation_group="none",
        migrant_worker=False,
        consent_version="1",
        joined_on=JOINED_ON,
    )


def forms(value: str) -> Iterator[bytes]:
    """The ways in which software writes a text in the clear."""
    plain = value.encode()
    yield plain
    yield value.encode("utf-16-le")
    yield value.encode("utf-16-be")
    yield value.encode("gb18030")
    yield json.dumps(value)[1:-1].encode()
    yield ascii(value)[1:-1].encode()
    yield quote(value).encode()
    yield repr(plain)[2:-1].encode()
    yield plain.hex().encode()
    for shift in range(3):
        # Of a text within a longer one, these characters are the same whatever stands around it.
        start = (8 * shift + 5) // 6
        whole = base64.b64encode(b"\0" * shift + plain)
        yield whole[start : (shift + len(plain)) * 8 // 6]


def found_in(data: bytes) -> list[str]:
    """Which canaries stand in some bytes, in whatever form."""
    lower = data.lower()
    return [
        name
        for name, value in CANARIES.items()
        if any(form in data or form.lower() in lower for form in forms(value))
    ]


def stored_bytes(house: House) -> bytes:
    """All that the database keeps: the files of SQLite, or what pg_dump writes."""
    url = house.store.url
    if not house.store.on_postgresql:
        file = Path(str(url.database))
        return b"".join(each.read_bytes() for each in sorted(file.parent.glob(f"{file.name}*")))
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run([PG_DUMP, "--dbname", address], check=True, capture_output=True).stdout


def stored_values(store: Store, *without: str) -> list[bytes]:
    """Every value of every row, whatever its table, save the tables named."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if make_url(store.url).get_backend_name() == "postgresql":
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with store.read() as connection:
        tables = [table for table in connection.scalars(text(query)).all() if table not in without]
        rows = [row for table in tables for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    return [
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for row in rows
        for value in row
    ]


def words_of(values: Iterable[bytes]) -> set[bytes]:
    """The values, and each text within a JSON text: whatever could have served as a key or as salt."""
    words = set(values)
    for value in list(words):
        with suppress(ValueError):  # what is no JSON text holds none
            words |= {word.encode() for word in _texts(json.loads(value))}
    return words | {base64.b64decode(word) for word in words if _is_base64(word)}


def _texts(data: object) -> Iterator[str]:
    match data:
        case str():
            yield data
        case dict():
            for key, value in data.items():
                yield key
                yield from _texts(value)
        case list():
            for value in data:
                yield from _texts(value)
        case _:
            yield str(data)


def _is_base64(word: bytes) -> bool:
    try:
        return len(word) % 4 == 0 and base64.b64encode(base64.b64decode(word, validate=True)) == word
    except ValueError:
        return False


def hashes_of(salts: Iterable[bytes]) -> Iterator[bytes]:
    """Hashes of the canaries that one could find by trying out: bare, salted, keyed with what is stored."""
    salted = list(salts)
    for (name, value), algorithm in product(CANARIES.items(), ALGORITHMS):
        plain = value.encode()
        for text_hashed in (
            plain,
            f"{name}\0{value}".encode(),
            f"{name}{value}".encode(),
            value[-6:].encode(),
        ):
            yield hashlib.new(algorithm, text_hashed).digest()
        for salt in salted:
            yield hashlib.new(algorithm, salt + plain).digest()
            yield hashlib.new(algorithm, plain + salt).digest()
            if algorithm in ("md5", "sha1", "sha256"):
                yield hmac.digest(salt, plain, algorithm)
                yield hmac.digest(salt, f"{name}\0{value}".encode(), algorithm)


def stored_as_hashes(values: Iterable[bytes]) -> set[bytes]:
    """Whatever among stored values could be a hash, as its bytes: raw, in hex or in base64."""
    found = set()
    for word in words_of(values):
        found.add(word)
        try:
            found.add(bytes.fromhex(word.decode()))
        except ValueError:
            continue
    return found
