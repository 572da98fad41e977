"""A crowd of processes on one log, some of them held, stopped and killed, and a reader who watches it all."""

import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from sqlalchemy import func, select, text

from shared.log.store import Store
from shared.log.tables import commands
from tests.log.caller import Place, lines
from tests.log.house import House, found_house
from tests.log.reader import Reader, root_of
from tests.servers.process import ONE_OF_MANY, spawn

STOPPED_SECONDS = 2.0
END_SECONDS_MAX = 60.0
SILENT_SECONDS_MAX = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a crowd.

    Args:
        seed: with it, the same is sent again.
        findings: whatever was not as the log promises; empty when all is well.
        events, commits, answered, refused: how many; a commit is told by its moment.
        seconds: from the first process's start to the last event read.
        longest_silence_seconds: how long the reader saw nothing new at most.
    """

    seed: int
    findings: tuple[str, ...]
    events: int
    commits: int
    answered: int
    refused: int
    kills: int
    stops: int
    seconds: float
    longest_silence_seconds: float


class Processes:
    """The processes of a crowd, each in its place."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        self._lives = [count() for _ in places]
        self._running = [self._start(slot) for slot in range(len(places))]
        self._stopped: dict[int, float] = {}
        self.kills = self.stops = 0

    def _start(self, slot: int) -> subprocess.Popen[bytes]:
        place = self._places[slot]
        born = replace(place, life=next(self._lives[slot]))
        module = [sys.executable, "-m", "tests.log.caller", born.as_argument()]
        return spawn(module, log=place.file("output"), environment=ONE_OF_MANY)

    def kill_one(self, chance: Random) -> None:
        slot = chance.randrange(len(self._places))
        self._stopped.pop(slot, None)
        self._running[slot].kill()
        self._running[slot].wait()
        self._running[slot] = self._start(slot)
        self.kills += 1

    def stop_one(self, chance: Random) -> None:
        free = [slot for slot in range(len(self._places)) if slot not in self._stopped]
        if not free:
            return
        slot = chance.choice(free)
        self._running[slot].send_signal(signal.SIGSTOP)
        self._stopped[slot] = time.monotonic() + STOPPED_SECONDS
        self.stops += 1

    def continue_due(self, *, all_of_them: bool = False) -> None:
        for slot, due in list(self._stopped.items()):
            if all_of_them or time.monotonic() > due:
                self._running[slot].send_signal(signal.SIGCONT)
                del self._stopped[slot]

    def end(self, findings: list[str]) -> None:
        """Let every process finish what it is at; those that do not are killed, and it is a finding."""
        self._places[0].stop.touch()
        self.continue_due(all_of_them=True)
        deadline = time.monotonic() + END_SECONDS_MAX
        for place, process in zip(self._places, self._running, strict=True):
            try:
                code = process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            if code:
                output = place.file("output").read_text(errors="replace")[-1000:]
                findings.append(f"process {place.slot} ended with {code}: {output}")

    def kill_all(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


def crowd(
    database_url: str,
    processes: int,
    callers: int,
    events: int,
    hold_every: int,
    hold_seconds: float,
    stops: int,
    kills: int,
    seed: int,
) -> Result:
    """Have many processes append to one log while commits are held and processes stopped and killed.

    Args:
        database_url: a PostgreSQL database's owner; it is migrated and founded here.
        processes, callers: how many processes, and how many callers in each.
        events: the log's length at which they are told to finish.
        hold_every, hold_seconds: the commit that brings each so manieth position is held so long.
        stops: how often a process is stopped for two seconds and continued.
        kills: how often a process is killed and replaced.
        seed: of what is sent, and of who is stopped and killed when.
    """
    chance = Random(seed)
    house = found_house(database_url)
    hold_commits(house.store, hold_every, hold_seconds)
    reader = Reader(house)
    faults = [(chance.randrange(events // 20, events * 9 // 10), "kill") for _ in range(kills)]
    faults += [(chance.randrange(events // 20, events * 9 // 10), "stop") for _ in range(stops)]
    faults.sort(reverse=True)
    with tempfile.TemporaryDirectory(prefix="gonghui-crowd-") as folder:
        places = [
            Place(database_url=database_url, slot=slot, life=0, callers=callers, seed=seed, folder=folder)
            for slot in range(processes)
        ]
        began = seen = time.monotonic()
        silence = 0.0
        running = Processes(places)
        try:
            while reader.position < events:
                if reader.read():
                    silence, seen = max(silence, time.monotonic() - seen), time.monotonic()
                else:
                    time.sleep(0.005)
                if time.monotonic() - seen > SILENT_SECONDS_MAX:
                    reader.findings.append(f"nothing new for {SILENT_SECONDS_MAX} s at {reader.position}")
                    break
                while faults and reader.position >= faults[-1][0]:
                    _, fault = faults.pop()
                    (running.kill_one if fault == "kill" else running.stop_one)(chance)
                running.continue_due()
            running.end(reader.findings)
        finally:
            running.kill_all()
        while reader.read():
            pass
        seconds = time.monotonic() - began
        answered, refused = check_answers(house, places, reader)
    check_whole(house, reader)
    house.close()
    return Result(
        seed=seed,
        findings=tuple(reader.findings),
        events=reader.position,
        commits=len(reader.moments),
        answered=answered,
        refused=refused,
        kills=running.kills,
        stops=running.stops,
        seconds=seconds,
        longest_silence_seconds=silence,
    )


def hold_commits(store: Store, every: int, seconds: float) -> None:
    """Have the database hold each commit that brings a position divisible by ``every``."""
    with store.write() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED "
                f"FOR EACH ROW WHEN (NEW.position % {every} = 0) EXECUTE FUNCTION hold_commit()"
            )
        )


def check_answers(house: House, places: list[Place], reader: Reader) -> tuple[int, int]:
    """Compare what the callers were told with what the log holds; how many were answered and refused."""
    with house.store.read() as connection:
        rows = {
            row.id: row
            for row in connection.execute(
                select(commands.c.id, commands.c.first_position, commands.c.last_position)
            )
        }
        last_number = connection.scalar(select(func.max(commands.c.number)))
    if last_number != len(rows):
        reader.findings.append(f"{len(rows)} commands, numbered up to {last_number}")
    answered, refused = 0, 0
    for place in places:
        reader.findings += lines(place.file("findings"))
        for line in lines(place.file("answered")):
            command_id, position = line.split()
            answered += 1
            if command_id not in rows:
                reader.findings.append(f"{command_id} was answered {position} and is not in the log")
            elif rows[command_id].last_position not in (None, int(position)):
                reader.findings.append(
                    f"{command_id} was answered {position}, its row says {rows[command_id]}"
                )
        for line in lines(place.file("refused")):
            refused += 1
            if line.split()[0] in rows:
                reader.findings.append(f"{line} is in the log though refused")
    for row in rows.values():
        made = 0 if row.first_position is None else row.last_position - row.first_position + 1
        if reader.events_of[row.id] != made:
            reader.findings.append(f"{row.id} has {reader.events_of[row.id]} events, its row says {made}")
    if strangers := reader.events_of.keys() - rows.keys():
        reader.findings.append(f"events of commands that have no row: {sorted(strangers)[:5]}")
    return answered, refused


def check_whole(house: House, reader: Reader) -> None:
    """Compare the head with what the reader saw, and what he saw with what stands there now."""
    head = house.log.head()
    if (head.position, head.root) != (reader.position, root_of(reader.leaves)):
        reader.findings.append(
            f"the head at {head.position} has another root than the {reader.position} read"
        )
    again = Reader(house)
    while again.read():
        pass
    if again.leaves != reader.leaves:
        reader.findings.append("a second reading saw another log")
