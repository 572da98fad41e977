"""Verifying a log in front of somebody: a progress bar meanwhile, the verdict at the end."""

from math import ceil
from typing import Any

from shared.cli.findings import findings_as_plain, show_facts, show_findings
from shared.cli.mistakes import position_of
from shared.cli.screen import Screen
from shared.cli.sentences import Sentence
from shared.log.sealing import Vault
from shared.log.store import Store
from shared.log.verify import CHUNK, Verdict, verify

CLEAN = Sentence("核验无误：日志完整，未被改动", "clean: the log is whole and unchanged")
SHORT = 4 * CHUNK
"""Events for which starting another process takes as long as verifying them."""


def verify_with_progress(store: Store, processes: int, vault: Vault | None, screen: Screen) -> Verdict:
    """Verify a log with a progress bar on the error output, unless that is no terminal.

    Args:
        processes: the most that share the work; a short log is not worth starting any.
        vault: works out the digests of personal keys; None where there is no master key.
    """
    position = position_of(store)
    with screen.progress("核验", "verifying", position) as progress:
        return verify(store, min(processes, max(ceil(position / SHORT), 1)), progress, vault)


def show_verdict(service: str, verdict: Verdict, screen: Screen) -> None:
    """Counts, root and findings."""
    told = verdict_as_plain(service, verdict)
    if screen.as_json:
        screen.put(told)
        return
    show_facts(
        screen,
        (
            ("服务", "service", service),
            ("日志", "log", verdict.log_id),
            ("纪元", "epoch", str(verdict.epoch)),
            ("事件", "events", f"{verdict.events:,}"),
            ("命令", "commands", f"{verdict.commands:,}"),
            ("默克尔根", "Merkle root", verdict.root.hex()),
        ),
    )
    show_findings(screen, told["findings"], CLEAN)


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
        "findings": findings_as_plain(verdict.findings),
    }
