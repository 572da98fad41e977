"""Settings of processes: how many workers, which side port, how long a stop may take."""

import os
from dataclasses import dataclass

from shared.runtime.wrong_setting import PREFIX, WrongSetting

PORT_MOST = 65_535
DIGITS_MOST = 9
SUITE = "suite"
"""In the place of a service's name: all of them in one process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """What the processes of one service are told from outside.

    Args:
        rpc_workers: how many calls an interface answers at a time; also how many it is handed beforehand.
        health_port: of the interface; the worker's is the next one. 0: no side port.
        health_host: on which address the side port listens.
        call_seconds: how long a call may take before its caller is told that it took too long.
        grace_seconds: how long a process may take to stop before it is killed.
    """

    rpc_workers: int = 32
    health_port: int = 0
    health_host: str = "127.0.0.1"
    call_seconds: int = 15
    grace_seconds: int = 30

    @property
    def connections(self) -> int:
        """How many connections to its store an interface needs: no worker ever waits for one."""
        return self.rpc_workers + 2


def read_process_settings(service: str) -> ProcessSettings:
    """From the environment: ``GONGHUI_<SERVICE>_<NAME>``, else ``GONGHUI_<NAME>``, else the default.

    The health port has no value for all services, since each process needs one of its own.

    Raises:
        WrongSetting: a number is none, or out of its range.
    """

    def read(name: str, least: int, most: int, default: int, *, for_all: bool = True) -> int:
        variables = [f"{PREFIX}{service.upper()}_{name}", *([f"{PREFIX}{name}"] if for_all else [])]
        variable = next((each for each in variables if os.environ.get(each)), None)
        if variable is None:
            return default
        given = os.environ[variable]
        number = int(given) if given.isascii() and given.isdigit() and len(given) <= DIGITS_MOST else -1
        if not least <= number <= most:
            raise WrongSetting(
                variable,
                f"应为{least}至{most}的整数",
                f"must be a whole number from {least} to {most}",
            )
        return number

    default = ProcessSettings()
    return ProcessSettings(
        rpc_workers=read("RPC_WORKERS", 1, 1_000, default.rpc_workers),
        health_port=read("HEALTH_PORT", 0, PORT_MOST - 1, default.health_port, for_all=False),
        health_host=os.environ.get(f"{PREFIX}HEALTH_HOST") or default.health_host,
        call_seconds=read("CALL_SECONDS", 1, 55, default.call_seconds),
        grace_seconds=read("GRACE_SECONDS", 1, 3_600, default.grace_seconds),
    )
