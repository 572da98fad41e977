"""Every environment variable that the suite reads, as one table for its readers."""

from typing import NamedTuple

from shared.runtime.process_settings import ProcessSettings

DEFAULT = ProcessSettings()


class Variable(NamedTuple):
    """One environment variable; ``<SERVICE>`` in its name stands for each service's in capitals."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable("GONGHUI_DISTRICT", "110109", "division code of the district whose house this is"),
    Variable("GONGHUI_FOLDER", "var/gonghui", "where the embedded defaults keep stores, keys and the lock"),
    Variable(
        "GONGHUI_<SERVICE>_FILES",
        "<folder>",
        "where the service hands files out and takes them in; its instances share it",
    ),
    Variable(
        "GONGHUI_BUS_URL",
        "embedded://gonghui",
        "the bus: `embedded://name`, or `amqp://user@host/vhost` of this process's own user",
    ),
    Variable("GONGHUI_BUS_PASSWORD_FILE", "", "file with the password that belongs into the bus's address"),
    Variable(
        "GONGHUI_<SERVICE>_DATABASE_URL",
        "sqlite:///<folder>/<service>.sqlite",
        "the service's own store: `sqlite:///file` or `postgresql+psycopg://user@host/database`",
    ),
    Variable(
        "GONGHUI_<SERVICE>_DATABASE_PASSWORD_FILE",
        "",
        "file with the password that belongs into the store's address",
    ),
    Variable(
        "GONGHUI_<SERVICE>_MASTER_KEY_FILE",
        "<folder>/<service>.key",
        "file with the 64 hexadecimal digits that wrap the persons' keys; it must exist on PostgreSQL",
    ),
    Variable(
        "GONGHUI_<SERVICE>_SIGNING_KEY_FILE",
        "<folder>/<service>.signing.pem",
        "file with the private key under which the service signs tokens",
    ),
    Variable("GONGHUI_PUBLIC_KEYS", "<folder>/public_keys", "folder with the public keys of all services"),
    Variable(
        "GONGHUI_RPC_WORKERS",
        str(DEFAULT.rpc_workers),
        "how many calls an interface answers at a time, 1 to 1,000",
    ),
    Variable("GONGHUI_<SERVICE>_RPC_WORKERS", "", "the same for one service"),
    Variable(
        "GONGHUI_<SERVICE>_HEALTH_PORT",
        str(DEFAULT.health_port),
        "side port of the interface, the worker's is the next; 0: none; `SUITE`: all in one process",
    ),
    Variable("GONGHUI_HEALTH_HOST", DEFAULT.health_host, "on which address side ports listen"),
    Variable(
        "GONGHUI_CALL_SECONDS",
        str(DEFAULT.call_seconds),
        "how long a call may take before it is refused, 1 to 55",
    ),
    Variable("GONGHUI_<SERVICE>_CALL_SECONDS", "", "the same for one service"),
    Variable(
        "GONGHUI_GRACE_SECONDS", str(DEFAULT.grace_seconds), "how long a process may take to stop, 1 to 3,600"
    ),
    Variable("GONGHUI_<SERVICE>_GRACE_SECONDS", "", "the same for one service"),
    Variable("GONGHUI_LOG_FORMAT", "console", "`json`: one JSON object a line; `console`: for people"),
    Variable("GONGHUI_SUPERVISOR", "", "set by a supervisor for its children: its process id"),
)
