"""A message tells an event's public part so that a reader has it byte for byte, and no personal value."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.cloud_event import Malformed, event_of, event_of_text, message_of, source_of
from shared.log.envelope import Envelope, canonical, leaf_of
from shared.rules.personal import Personal
from tests.log.fund import GiveLabel, NameKeeper
from tests.log.house import House, found_house

SOURCE = source_of("110109", "fund")
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def envelope_of(**changes: object) -> Envelope:
    facts = {
        "actor_id": "clerk",
        "causation_id": None,
        "command_digest": "00" * 32,
        "command_id": "c1",
        "correlation_id": "c1",
        "data": {},
        "effective_on": "2020-02-29",
        "epoch": 1,
        "idle": "",
        "keys": {},
        "log_id": "log-1",
        "position": 7,
        "recorded_at": "2020-03-01T08:00:00.000000Z",
        "schema": 1,
        "stream": "fund/1",
        "type": "Added",
        "version": 3,
    } | changes
    public, sealed = canonical(facts), b"{}"
    leaf = leaf_of(public, sha256(sealed).digest())
    return Envelope(7, "fund/1", 3, "Added", "2020-03-01T08:00:00.000000Z", leaf, public.decode(), "{}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    founded = found_house(f"sqlite:///{tmp_path / 'log.sqlite'}")
    founded.send(GiveLabel(fund_id="1", label="冬季“送温暖”"))
    founded.send(GiveLabel(fund_id="1", label=None))
    founded.send(GiveLabel(fund_id="1", label=None))
    founded.send(
        NameKeeper(fund_id="1", person_id="p1", account=Personal("CANARY-1"), name=Personal("CANARY-2"))
    )
    yield founded
    founded.close()


def test_the_public_text_and_the_leaf_are_made_out_byte_for_byte(house: House) -> None:
    for envelope in house.events():
        event = event_of(message_of(envelope, SOURCE), "fund")

        assert event.public == envelope.public
        assert event[:6] == (
            envelope.position,
            envelope.stream,
            envelope.version,
            envelope.type,
            envelope.recorded_at,
            envelope.leaf,
        )
        assert event == event_of_text(envelope.public, envelope.sealed_hash.hex())


@given(
    data=st.dictionaries(texts, plain, max_size=4),
    keys=st.fixed_dictionaries(
        {}, optional={"takes": st.lists(texts, min_size=1), "personal_releases": st.lists(texts, min_size=1)}
    ),
    causation_id=st.none() | texts,
    idle=st.sampled_from(["", "ab" * 32]),
)
def test_any_event_survives_its_message(
    data: object, keys: object, causation_id: str | None, idle: str
) -> None:
    envelope = envelope_of(data=data, keys=keys, causation_id=causation_id, idle=idle)

    event = event_of(message_of(envelope, SOURCE), "fund")

    assert (event.public, event.leaf) == (envelope.public, envelope.leaf)


def test_a_message_that_was_formatted_anew_tells_the_same_event(house: House) -> None:
    envelope = house.events()[1]
    told = json.loads(message_of(envelope, SOURCE))
    shuffled = dict(reversed(told.items())) | {"data": dict(reversed(told["data"].items()))}

    assert event_of(json.dumps(shuffled, indent=2).encode(), "fund").leaf == envelope.leaf


def test_it_is_a_cloud_event_with_plain_attributes_and_no_personal_value(house: House) -> None:
    for envelope in house.events():
        body = message_of(envelope, SOURCE)
        told = json.loads(body)

        assert b"CANARY" not in body
        assert told["specversion"] == "1.0"
        assert told["id"] == envelope.id
        assert told["source"] == "gonghui/110109/fund"
        assert told["subject"] == envelope.stream
        assert told["datacontenttype"] == "application/json"
        assert int(told["sequence"]) == envelope.position
        for name, value in told.items():
            assert name.isascii()
            assert name.isalnum()
            assert name.islower()
            assert name == "data" or isinstance(value, str | int)
            assert value is not None


def changed(**changes: object) -> bytes:
    told = json.loads(message_of(envelope_of(), SOURCE))
    return json.dumps({name: value for name, value in (told | changes).items() if value is not None}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\x80\x04\x95",
        b"[" * 200_000,
        b'{"specversion":"1.0"}',
        changed(specversion="0.3"),
        changed(sequence="seven"),
        changed(sequence="0"),
        changed(logid=None),
        changed(sealedhash="zz"),
        changed(effectiveon="the day after"),
        changed(data=[1]),
        changed(keys="{"),
        changed(source="gonghui/110109/payroll"),
        changed(data={"text": "x" * 1_048_576}),
        changed(data={"deep": json.loads("[" * 900 + "]" * 900)})[:-3] + b"]]]",
        changed(data={"text": "x"}).replace(b'"x"', b'"\xff"'),
    ],
)
def test_what_is_no_event_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        event_of(body, "fund")

    assert len(str(refused.value)) < 40
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
