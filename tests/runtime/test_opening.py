"""A service is opened with a connection for each call, and without the weight of what only prepares it."""

import subprocess
import sys
from pathlib import Path

from shared.runtime.door import CALLERS_MOST
from shared.runtime.opening import open_store, prepare
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.together import Together
from tests.runtime.suite import suite_settings

NEEDLESS = "import sys, shared.runtime.interface, shared.runtime.worker; print('alembic' in sys.modules)"


def test_each_call_also_at_the_door_has_a_connection_and_two_are_left_for_the_probe(tmp_path: Path) -> None:
    """Source: faults.md T-34."""
    together = Together(suite_settings(tmp_path), ProcessSettings(rpc_workers=5))

    sizes = {house.store.engine.pool.size() for house in together.houses.values()}  # type: ignore[attr-defined]
    for house in together.houses.values():
        house.close()

    assert sizes == {5 + 2 + CALLERS_MOST}


def test_a_store_is_opened_with_as_many_connections_as_it_is_told(tmp_path: Path) -> None:
    service, settings = next(iter(suite_settings(tmp_path).items()))
    prepare(settings, service.language)

    store = open_store(settings, connections=3)

    assert store.engine.pool.size() == 3  # type: ignore[attr-defined]
    store.close()


def test_who_only_serves_never_loads_what_migrates() -> None:
    done = subprocess.run([sys.executable, "-c", NEEDLESS], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
