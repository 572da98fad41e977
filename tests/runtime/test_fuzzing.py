"""Whatever is sent to whichever method of whichever service: an answer or a declared refusal, and no harm.

GONGHUI_FUZZ_EXAMPLES tells how many calls each method gets; unset, a few that are always the same.
"""

import os
import time
from collections.abc import Iterator
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
from shared.runtime.schemas import json_schema_of
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.together import open_prepared
from shared.runtime.tokens import SERVICE, Grant, sign
from tests.runtime.any_argument import WRONG, rows_of, spoilt
from tests.runtime.suite import await_true, suite_settings

EXAMPLES = int(os.environ.get("GONGHUI_FUZZ_EXAMPLES", "0"))
FEW = 5
TOKEN_SECONDS = 20
UNHARMED = {INTERNAL.code, UNAVAILABLE.code}
METHODS = [(name, method) for name in service_names() for method in sorted(methods_of(service_class(name)))]
NOT_KEPT = {"access_log", "sqlite_sequence"}
"""Tables that a refused call may write to: who tried what is to be known."""


class Callers:
    """Callers of all methods, with good tokens: a person who may do everything, and a service."""

    def __init__(self, houses: dict[str, House], bus_url: str) -> None:
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


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """The interfaces of all services, embedded, and nobody who follows their logs."""
    folder: Path = tmp_path_factory.mktemp("fuzzing")
    url = "embedded://fuzzing"
    houses = {
        service: open_prepared(service, each, connections=8)
        for service, each in suite_settings(folder).items()
    }
    interface = Interface(houses, url, rpc_workers=4)
    interface.start()
    await_true(lambda: interface.reasons() == [])
    made = Callers({service.name: house for service, house in houses.items()}, url)
    yield made
    made.stop()
    assert interface.stop(5)
    for house in houses.values():
        house.close()
    embedded.drop("fuzzing")


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
        max_examples=EXAMPLES or FEW,
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


def test_no_unknown_method_and_no_arguments_without_names_break_a_service(callers: Callers) -> None:
    proxy = callers._started["person"]

    @settings(max_examples=EXAMPLES or FEW, derandomize=not EXAMPLES, database=None, deadline=None)
    @given(st.lists(WRONG, min_size=1, max_size=3))
    def call(sent: list[Any]) -> None:
        for name in service_names():
            with pytest.raises(RefusedCall, match=r"call\.malformed"):
                getattr(proxy, name).find_command(*sent)

    call()
