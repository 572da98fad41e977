"""The door and the side port stay open when a caller could not be let in."""

import errno
import socket
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.runtime.calls import MALFORMED
from shared.runtime.door import SOCKET_FILE, Door
from shared.runtime.health import SidePort, pages_of
from shared.runtime.listening import callers
from tests.servers.process import free_port


class Refusing:
    """A listener that fails to let in its first caller."""

    def __init__(self, listener: Any, error: int) -> None:
        self._listener = listener
        self._error = error

    def accept(self) -> Any:
        error, self._error = self._error, 0
        if error:
            raise OSError(error, "CAUSE")
        return self._listener.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.listening.WAIT_SECONDS", 0.01)


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ECONNABORTED])
def test_the_side_port_answers_after_a_caller_could_not_be_let_in(
    error: int, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    side_port = SidePort("127.0.0.1", port, pages_of(list, lambda: (200, "text/plain", b"")))
    side_port._listener = Refusing(side_port._listener, error)  # type: ignore[assignment]
    side_port.start()

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        assert answer.read() == b"[]"
    assert "the side port let a caller wait: CAUSE" in caplog.text
    side_port.close()


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ECONNABORTED])
def test_the_door_answers_after_a_caller_could_not_be_let_in(
    error: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(tmp_path, {})
    door._listener = Refusing(door._listener, error)  # type: ignore[assignment]
    door.start()

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(5)
        caller.connect(str(tmp_path / SOCKET_FILE))
        caller.sendall(b"{}\n")
        assert msgspec.json.decode(caller.recv(1_000)) == {"refused": MALFORMED().as_plain()}
    assert "the door let a caller wait: CAUSE" in caplog.text
    door.close()


def test_who_listens_no_more_lets_nobody_in() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.close()

    assert list(callers(listener, "nobody")) == []
