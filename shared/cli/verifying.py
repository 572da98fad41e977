"""Verifying a log in front of somebody: a progress bar meanwhile, the verdict at the end."""

from math import ceil
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shared.cli.findings import meaning
from shared.cli.mistakes import position_of
from shared.cli.screen import Screen
from shared.cli.sentences import visible
from shared.log.sealing import Vault
from shared.log.store import Store
from shared.log.verify import CHUNK, Verdict, verify

SHOWN_MOST = 100
SHORT = 4 * CHUNK
"""Events for which starting another process takes as long as verifying them."""


def verify_with_progress(store: Store, processes: int, vault: Vault | None, screen: Screen) -> Verdict:
    """Verify a log with a progress bar on the error output, unless that is no terminal.

    Args:
        processes: the most that share the work; a short log is not worth starting any.
        vault: works out the digests of personal keys; None where there is no master key.
    """
    position = position_of(store)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    quiet = not screen.shows_progress
    with Progress(*columns, console=screen.errors, disable=quiet, transient=True) as progress:
        bar = progress.add_task(screen.word("核验", "verifying"), total=position)
        return verify(
            store,
            min(processes, max(ceil(position / SHORT), 1)),
            lambda done: progress.update(bar, completed=done),
            vault,
        )


def show_verdict(service: str, verdict: Verdict, screen: Screen) -> None:
    """Counts, root and findings."""
    if screen.as_json:
        screen.put(verdict_as_plain(service, verdict))
        return
    table = Table(show_header=False, box=None)
    for zh, en, value in (
        ("服务", "service", service),
        ("日志", "log", verdict.log_id),
        ("纪元", "epoch", str(verdict.epoch)),
        ("事件", "events", f"{verdict.events:,}"),
        ("命令", "commands", f"{verdict.commands:,}"),
        ("默克尔根", "Merkle root", verdict.root.hex()),
    ):
        table.add_row(Text(screen.word(zh, en), "dim"), Text(visible(value), overflow="fold"))
    screen.out.print(table)
    if not verdict.findings:
        screen.say("核验无误：日志完整，未被改动", "clean: the log is whole and unchanged", "bold green")
        return
    count = len(verdict.findings)
    screen.say(f"发现 {count:,} 处不符", f"{count:,} findings", "bold red")
    found = Table(
        *(screen.word(*title) for title in (("代码", "code"), ("说明", "meaning"), ("位置", "place")))
    )
    for finding in verdict.findings[:SHOWN_MOST]:
        found.add_row(
            Text(finding.code), meaning(finding.code).spoken(screen.tongue), Text(visible(finding.place))
        )
    screen.out.print(found)
    if count > SHOWN_MOST:
        screen.say(
            f"另有 {count - SHOWN_MOST:,} 处；全部见 --json", f"{count - SHOWN_MOST:,} more; all with --json"
        )


def verdict_as_plain(service: str, verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON data."""
    return {
        "service": service,
        "log_id": verdict.log_id,
        "epoch": verdict.epoch,
        "events": verdict.events,
        "commands": verdict.commands,
        "root": verdict.root.hex(),
        "clean": not verdict.findings,
        "findings": [
            {"code": each.code, "place": each.place, **meaning(each.code)._asdict()}
            for each in verdict.findings
        ],
    }
