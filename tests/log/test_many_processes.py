"""Many processes on one log: commits are held, processes stopped and killed, and no reader sees a gap."""

from tests.log.crowd import crowd
from tests.servers.postgresql import Database

PROCESSES = 4
CALLERS = 4
EVENTS = 3_000
HOLD_EVERY = 149
HOLD_SECONDS = 0.2
STOPS = 2
KILLS = 4
SEED = 20260101


def test_the_log_of_many_processes_is_one_dense_order_whoever_is_held_stopped_or_killed(
    database: Database,
) -> None:
    result = crowd(
        database.owner_url, PROCESSES, CALLERS, EVENTS, HOLD_EVERY, HOLD_SECONDS, STOPS, KILLS, SEED
    )

    assert not result.findings, result
    assert result.events >= EVENTS
    assert result.answered > EVENTS // 2
    assert result.refused > 0
    assert (result.kills, result.stops) == (KILLS, STOPS)
