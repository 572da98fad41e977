"""The audit's replay of a million events of assistance: verified, decided again, and watched by laws."""

from bench.assistance.history import history
from bench.log.honest import NotHonestError
from bench.measure import Row, figure, machine, medians_of_three
from bench.processes import run_process

TITLE = "Replay: every recorded command decided again, laws of money watched, the log verified beside it"
MILLION = 1_000_000


def measure(*, quick: bool = False) -> tuple[str, list[Row]]:
    """One row. Raises NotHonestError where the clean history has findings or not every line was paid."""
    url = history(30_000 if quick else MILLION)
    told: dict[str, float] = {}

    def run() -> dict[str, float]:
        found = run_process("bench.assistance.replaying", url=url)
        if found["findings"] or found.pop("paid") != found.pop("grants"):
            raise NotHonestError(f"{found['findings']}")
        del found["findings"]
        told.update(found)
        return found

    measured = medians_of_three(run)
    return machine("SQLite (WAL, synchronous=FULL)"), [
        Row(
            what=f"{told['events']:,} events of {told['decided']:,} commands, two cores, seconds",
            must="≤ 90; < 500 MB a process",
            measured=str(measured["seconds"]),
            beside=(
                f"{measured['per_second']} events/s; the replaying process {measured['replaying_mb']} MB, "
                f"the verifying one {figure(measured['verifying_mb'].highest)} MB at most"
            ),
        )
    ]
