"""A plugin (``-p tests.servers.absent``) that leaves out whatever needs a server, and so keeps to SQLite."""

import pytest

SERVERS = {"postgresql", "rabbitmq"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if needs_a_server(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not needs_a_server(item)]


def needs_a_server(item: pytest.Item) -> bool:
    """Whether a test takes a server, or is one of two of which the other runs on SQLite."""
    chosen = getattr(item, "callspec", None)
    kinds = {each for each in chosen.params.values() if isinstance(each, str)} if chosen else set()
    return bool(SERVERS & ({*getattr(item, "fixturenames", ())} | kinds))
