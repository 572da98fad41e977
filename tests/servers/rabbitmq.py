"""A private RabbitMQ node: own name server, ports and folder, users from a file, ended with the tests."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.servers.process import free_port, needed, spawn, wait_until_ready

START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 30
PROGRAMS = Path("/usr/lib/rabbitmq/bin")
# Each service has a user of its own; the administrator may do everything.
USERS = ("administrator", "membership", "assistance", "staffing", "reporting")


class RabbitMQ:
    """A node of our own. Users return after a reset, because they are loaded from a file at each boot."""

    def __init__(self) -> None:
        self._server = needed(PROGRAMS / "rabbitmq-server", "rabbitmq-server")
        self.folder = Path(tempfile.mkdtemp(prefix="gonghui-rabbitmq-"))
        self.port, self._distribution_port, self._epmd_port = free_port(), free_port(), free_port()
        self.node = f"gonghui{self.port}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._tests_process_id = os.getpid()
        atexit.register(self.close)
        self._write_configuration()

    @property
    def log(self) -> Path:
        """The file that the node's console output goes to."""
        return self.folder / "console.log"

    def url(self, user: str = "administrator") -> str:
        """AMQP address for that user of `USERS`."""
        return f"amqp://{user}:{user}@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Boot the node and return when it takes connections; 4 to 10 s."""
        self._start_epmd()
        self._process = spawn([self._server], log=self.log, environment=self._environment())
        wait_until_ready(self._process, self._booted, log=self.log, seconds=START_SECONDS_MAX)

    def stop(self) -> None:
        """Stop in good order: queues are closed, connections are told."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node as a power cut would (SIGKILL); `start` boots it again on what is on disk."""
        self._end(signal.SIGKILL)

    def reset(self) -> None:
        """Stop, wipe everything the node has on disk, and boot: an empty broker with its users."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder / "mnesia", ignore_errors=True)
        self.start()

    def close(self) -> None:
        """End the node and its name server, remove the folder; harmless when repeated or forked."""
        if os.getpid() != self._tests_process_id:
            return
        self._end(signal.SIGKILL)
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints; raises `subprocess.CalledProcessError` when it fails."""
        return subprocess.run(
            [PROGRAMS / "rabbitmqctl", "--quiet", *arguments],
            env={**os.environ, **self._environment()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=STOP_SECONDS_MAX,
        ).stdout

    def list_queues(self, vhost: str = "/") -> dict[str, int]:
        """How many messages lie in each queue, delivered but unacknowledged ones included."""
        rows = json.loads(self.ctl("list_queues", "--vhost", vhost, "--formatter=json", "name", "messages"))
        return {row["name"]: row["messages"] for row in rows}

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "node.pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
            # The script then becomes the node instead of staying its parent: our child is the node itself.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _write_configuration(self) -> None:
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "advanced.config").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(
            "raft.wal_max_size_bytes = 33554432\n"
            "vm_memory_high_watermark.absolute = 512MB\n"
            "disk_free_limit.absolute = 100MB\n"
            f"load_definitions = {self.folder / 'definitions.json'}\n"
        )
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        definitions = {
            "users": [
                {"name": user, "password": user, "tags": ["administrator"] if user == "administrator" else []}
                for user in USERS
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [{"user": user, "vhost": "/", **everything} for user in USERS],
        }
        (self.folder / "definitions.json").write_text(json.dumps(definitions))

    def _start_epmd(self) -> None:
        """The name server outlives its node unless it is our own child."""
        if self._epmd is not None:
            return
        program = shutil.which("epmd")
        needed(Path(program) if program else None, "erlang-base")
        self._epmd = spawn(
            [str(program), "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            log=self.folder / "epmd.log",
        )
        wait_until_ready(
            self._epmd, lambda: _listens(self._epmd_port), log=self.folder / "epmd.log", seconds=10
        )

    def _booted(self) -> bool:
        """The pid file is written early; the listener comes last, after users are loaded."""
        return _listens(self.port)

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal_number)
            self._process.wait(timeout=STOP_SECONDS_MAX)
        self._process = None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
