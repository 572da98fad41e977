"""Whatever is sent to whichever method of whichever service: an answer or a declared refusal, and no harm.

GONGHUI_FUZZ_EXAMPLES tells how many calls each method gets; unset, a few that are always the same.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nameko.standalone.rpc import ClusterRpcProxy
from sqlalchemy import inspect, text

from shared.bus import embedded
from shared.runtime.access import ROLES
from shared.runtime.calls import INTERNAL, UNAVAILABLE, RefusedCall
from shared.runtime.finding import methods_of, service_class, service_names
from shared.runtime.house import House
from shared.runtime.interface import Interface
from shared.runtime.opening import make_master_key, prepare
from shared.runtime.paging import PAGE_MOST
from shared.runtime.schemas import json_schema_of
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.signing_keys import make_signing_key, read_signing_key
from shared.runtime.together import open_prepared
from shared.runtime.tokens import SERVICE, Grant, sign
from tests.runtime.any_argument import WRONG, rows_of, spoilt
from tests.runtime.suite import await_true, suite_settings
from tests.servers.postgresql import Database, PostgreSQL

EXAMPLES = int(os.environ.get("GONGHUI_FUZZ_EXAMPLES", "0"))
FEW = {"sqlite": 5, "postgresql": 2}
TOKEN_SECONDS = 20
UNHARMED = {INTERNAL.code, UNAVAILABLE.code}
METHODS = [(name, method) for name in service_names() for method in sorted(methods_of(service_class(name)))]
NOT_KEPT = {"access_log", "sqlite_sequence"}
"""Tables that a refused call may write to: who tried what is to be known."""


YEAR = {"from_on": "2024-01-01", "to_on": "2024-12-31"}
NOTICE = {"file_id": "none", "organisation_id": "none", "medium": "notice_board", "place": "公告栏"}


class Callers:
    """Callers of all methods, with good tokens: a person who may do everything, and a service."""

    def __init__(self, houses: dict[str, House], bus_url: str, few: int) -> None:
        self.few = few
        self.houses = houses
        self._proxies = {
            kind: ClusterRpcProxy({"AMQP_URI": bus_url}, context_data={}, timeout=20)
            for kind in ("person", SERVICE)
        }
        self._started = {kind: proxy.start() for kind, proxy in self._proxies.items()}
        self._signed_at = 0.0

    def call(self, service: str, method: str, arguments: dict[str, Any]) -> Any:
        """What is answered, or the refusal."""
        self._sign()
        roles = methods_of(service_class(service))[method].roles
        kind = SERVICE if roles == (SERVICE,) else "person"
        try:
            return getattr(getattr(self._started[kind], service), method)(**arguments)
        except RefusedCall as refused:
            return refused

    def _sign(self) -> None:
        # Nobody follows staffing's log here: tokens are good while they are young.
        if time.monotonic() - self._signed_at < TOKEN_SECONDS:
            return
        self._signed_at = time.monotonic()
        ours = self.houses["staffing"].settings
        everything = [Grant(role, None) for role in sorted(ROLES)]
        for kind, person_id, grants in (
            ("person", "wang", everything),
            (SERVICE, "service:staffing", [Grant(SERVICE, None)]),
        ):
            token = sign(ours, read_signing_key(ours), person_id=person_id, grants=grants)
            self._proxies[kind]._worker_ctx.data["auth_token"] = token

    def stop(self) -> None:
        for proxy in self._proxies.values():
            proxy.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def callers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """The interfaces of all services, on each kind of store, and nobody who follows their logs."""
    folder: Path = tmp_path_factory.mktemp("fuzzing")
    url = "embedded://fuzzing"
    given = suite_settings(folder)
    if request.param == "postgresql":
        # They go with the server.
        server: PostgreSQL = request.getfixturevalue("postgresql")
        given = {
            service: on_postgresql(service, each, server.create_database()) for service, each in given.items()
        }
    houses = {service: open_prepared(service, each, connections=8) for service, each in given.items()}
    interface = Interface(houses, url, rpc_workers=4)
    interface.start()
    await_true(lambda: interface.reasons() == [])
    made = Callers({service.name: house for service, house in houses.items()}, url, FEW[request.param])
    yield made
    made.stop()
    assert interface.stop(5)
    for house in houses.values():
        house.close()
    embedded.drop("fuzzing")


def on_postgresql(service: type[Service], settings: Settings, database: Database) -> Settings:
    """The settings of a service whose store is this one, which is made ready."""
    settings = replace(settings, database_url=database.owner_url)
    make_master_key(settings.master_key_file)
    make_signing_key(settings)
    prepare(settings, service.language)
    return settings


def contents(house: House) -> dict[str, Any]:
    """All that a service keeps."""
    with house.store.read() as connection:
        tables = set(inspect(connection).get_table_names()) - NOT_KEPT
        return {name: connection.execute(text(f"SELECT * FROM {name}")).all() for name in sorted(tables)}


def codes_in(answer: Any) -> list[str]:
    """The refusals within an answer: of the call, or of all its rows; empty where anything was accepted."""
    if isinstance(answer, RefusedCall):
        return [answer.code]
    if isinstance(answer, list) and answer and all(isinstance(each, dict) for each in answer):
        return [each["refused"]["code"] for each in answer if "refused" in each]
    return []


@pytest.mark.parametrize(("service", "method"), METHODS, ids=[f"{name}.{method}" for name, method in METHODS])
def test_no_call_breaks_a_service_or_changes_anything_when_it_is_refused(
    callers: Callers, service: str, method: str
) -> None:
    declared = methods_of(service_class(service))[method]
    schema = json_schema_of(declared.accepts)
    if declared.kind == "commands":
        arguments = st.fixed_dictionaries({"rows": rows_of(schema)})
    else:
        arguments = spoilt(schema)

    @settings(
        max_examples=EXAMPLES or callers.few,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(arguments)
    def call(sent: dict[str, Any]) -> None:
        before = contents(callers.houses[service])
        answer = callers.call(service, method, sent)
        codes = codes_in(answer)
        assert not UNHARMED & set(codes), codes
        if isinstance(answer, RefusedCall) or (codes and len(codes) == len(answer)):
            assert contents(callers.houses[service]) == before

    call()


BOUNDARIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("membership", "access_log", {"last_on": "9999-12-31"}, "input.invalid"),
    ("membership", "access_log", {"first_on": "0001-01-01"}, "input.invalid"),
    ("membership", "access_log", {"first_on": "1900-01-01", "last_on": "2100-12-31"}, "answered"),
    ("membership", "access_log", {"limit": 0}, "input.invalid"),
    ("reporting", "figures_as_of", YEAR | {"moment": "0001-01-01T00:00:00+08:00"}, "query.moment"),
    ("reporting", "figures_as_of", YEAR | {"moment": "9999-12-31T23:59:59-08:00"}, "query.moment"),
    ("reporting", "figures_as_of", YEAR | {"moment": "2100-12-31T23:59:59-08:00"}, "answered"),
    ("reporting", "figure_rows", YEAR | {"code": "relief.amount", "limit": -1}, "input.invalid"),
    ("assistance", "post_notice", NOTICE | {"posted_on": "9999-12-31"}, "input.invalid"),
    ("assistance", "post_notice", NOTICE | {"posted_on": "2100-12-31"}, "hardship_file.unknown"),
    ("assistance", "journal_page", {"limit": -1}, "input.invalid"),
    ("assistance", "journal_page", {"after": -(2**53)}, "answered"),
]


@pytest.mark.parametrize(("service", "method", "arguments", "expected"), BOUNDARIES)
def test_days_moments_and_pages_have_limits_which_are_refused_beyond(
    callers: Callers, service: str, method: str, arguments: dict[str, Any], expected: str
) -> None:
    answer = callers.call(service, method, arguments)

    assert (answer.code if isinstance(answer, RefusedCall) else "answered") == expected


def test_every_limit_of_a_page_stands_in_its_methods_schema() -> None:
    limits = [
        fields["limit"]
        for service, method in METHODS
        if "limit"
        in (fields := json_schema_of(methods_of(service_class(service))[method].accepts)["properties"])
    ]

    assert len(limits) > len(service_names())
    assert {(each["minimum"], each["maximum"]) for each in limits} == {(1, PAGE_MOST)}


def test_no_unknown_method_and_no_arguments_without_names_break_a_service(callers: Callers) -> None:
    proxy = callers._started["person"]

    @settings(max_examples=EXAMPLES or callers.few, derandomize=not EXAMPLES, database=None, deadline=None)
    @given(st.lists(WRONG, min_size=1, max_size=3))
    def call(sent: list[Any]) -> None:
        for name in service_names():
            with pytest.raises(RefusedCall, match=r"call\.malformed"):
                getattr(proxy, name).find_command(*sent)

    call()
