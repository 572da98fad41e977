"""Settings of processes: how many workers, which side port, how long a stop may take."""

from dataclasses import dataclass

from environs import Env

from shared.runtime.settings import PREFIX, WrongSetting

PORT_MOST = 65_535


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
    env, own = Env(prefix=PREFIX), f"{service.upper()}_"

    def read(name: str, least: int, most: int, default: int, *, for_all: bool = True) -> int:
        given = env.str(f"{own}{name}", None) or (env.str(name, None) if for_all else None)
        if given is None:
            return default
        if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
            raise WrongSetting(
                f"{PREFIX}{own}{name}",
                f"应为{least}至{most}的整数",
                f"must be a whole number from {least} to {most}",
            )
        return int(given)

    return ProcessSettings(
        rpc_workers=read("RPC_WORKERS", 1, 1_000, 32),
        health_port=read("HEALTH_PORT", 0, PORT_MOST - 1, 0, for_all=False),
        health_host=env.str("HEALTH_HOST", "127.0.0.1"),
        call_seconds=read("CALL_SECONDS", 1, 55, 15),
        grace_seconds=read("GRACE_SECONDS", 1, 3_600, 30),
    )
