"""Which faults come when: a pure function of a seed and of how much is to be done."""

from dataclasses import dataclass
from itertools import cycle, islice
from random import Random
from typing import Literal

from tests.suite.deployment import Kind

SERVICES = ("membership", "assistance", "staffing", "reporting")
ROUND: tuple[Kind, ...] = ("interface", "interface", "worker", "worker", "supervise")
"""How often each process of a service is killed before the next round; with a supervisor go its children."""
DELAY_SECONDS_MAX = 0.1
"""About as long as a call takes, so that many faults come in the middle of one."""

What = Literal["process", "broker", "wipe", "database"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done, and how many faults come meanwhile.

    Args:
        households: each is helped by two campaigns, so that there are twice as many disbursements.
        portion: so many households go from the draft to the payment together.
        kills: of processes; ``wipes``: of all that the broker has on disk.
    """

    households: int
    portion: int
    kills: int
    broker_kills: int
    database_kills: int
    wipes: int


SHORT = Size(households=100, portion=50, kills=20, broker_kills=1, database_kills=1, wipes=0)
LONG = Size(households=1_000, portion=25, kills=100, broker_kills=5, database_kills=3, wipes=1)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Args:
        call: after the client has begun so many calls; ``delay_seconds``: and so much later.
        service, kind: of the process that is killed.
    """

    call: int
    delay_seconds: float
    what: What
    service: str = ""
    kind: Kind = "worker"


def schedule(seed: int, size: Size, calls: int) -> list[Fault]:
    """The faults in their order: at random moments, the kills in rounds over all processes.

    Args:
        calls: so many the client is going to begin.
    """
    random = Random(seed)
    processes = [(service, kind) for service in SERVICES for kind in ROUND]
    random.shuffle(processes)
    killed = islice(cycle(processes), size.kills)
    others: list[What] = ["broker"] * size.broker_kills
    others += ["database"] * size.database_kills
    others += ["wipe"] * size.wipes

    def moment() -> tuple[int, float]:
        return random.randint(1, calls), random.uniform(0, DELAY_SECONDS_MAX)

    faults = [Fault(*moment(), "process", service, kind) for service, kind in killed]
    faults += [Fault(*moment(), what) for what in others]
    return sorted(faults, key=lambda each: (each.call, each.delay_seconds))
