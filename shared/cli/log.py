"""``gonghui log``: looking at a service's log, verifying it, and beginning a new epoch after a restore."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible

# What a command needs is imported when it runs, so that `gonghui --help` answers at once.
if TYPE_CHECKING:
    from shared.log.envelope import Envelope
    from shared.log.log import Head
    from shared.log.store import Store

FOLLOW_SECONDS = 0.5
PAGE = 1_000
FINDINGS = 1
"""The exit status of a verification that found something."""

Service = typer.Argument(help="服务 · The service")

app = typer.Typer(help="查看和核验服务的日志 · Look at a service's log and verify it", no_args_is_help=True)


@app.command()
def tail(
    context: typer.Context,
    service: str = Service,
    after: int | None = typer.Option(None, min=0, help="从该位置之后开始 · Start behind this position"),
    limit: int = typer.Option(20, min=1, max=100_000, help="最多显示的事件数 · The most events shown"),
    follow: bool = typer.Option(False, help="继续显示新事件，按 Ctrl-C 结束 · Go on with what is recorded"),
) -> None:
    """日志的最后若干事件 · The last events of a log.

    --json：一个列表；与 --follow 同用时每行一个事件 · A list; with --follow, an event a line without end.
    """
    from shared.cli.mistakes import position_of
    from shared.cli.showing import as_plain
    from shared.log.log import read_events

    screen: Screen = context.obj
    listed: list[dict[str, Any]] = []
    with opened(service) as store:
        seen, left = max(position_of(store) - limit, 0) if after is None else after, limit
        while left or follow:
            with store.read() as connection:
                page = read_events(connection, seen, PAGE if not left else min(left, PAGE))
            for envelope in page:
                if screen.as_json and not follow:
                    listed.append(as_plain(envelope))
                else:
                    show_in_list(screen, envelope)
                seen = envelope.position
            left = max(left - len(page), 0)
            if not page and (not follow or not rested()):
                break
    if screen.as_json and not follow:
        screen.put(listed)


@app.command()
def show(
    context: typer.Context,
    service: str = Service,
    what: str = typer.Argument(metavar="POSITION|STREAM", help="位置或流 · A position, or a stream"),
) -> None:
    """一个事件，或一个流的全部事件 · One event, or all events of a stream."""
    from sqlalchemy import select

    from shared.cli.showing import as_plain, in_full
    from shared.log.envelope import Envelope
    from shared.log.tables import events

    screen: Screen = context.obj
    with opened(service) as store, store.read() as connection:
        page = select(events).order_by(events.c.position)
        chosen = events.c.position == int(what) if is_position(what) else events.c.stream == what
        found = [Envelope(*row) for row in connection.execute(page.where(chosen))]
    if not found:
        raise Mistake(
            Sentence(f"日志中没有“{visible(what)}”", f"the log holds no “{visible(what)}”"),
            Sentence(
                "请给出位置（如 12）或流（如 member/…）；最后的事件见 gonghui log tail",
                "give a position (12) or a stream (member/…); the last events: gonghui log tail",
            ),
        )
    if screen.as_json:
        screen.put([as_plain(envelope) for envelope in found])
        return
    for envelope in found:
        screen.out.print(in_full(envelope, screen))


@app.command()
def verify(
    context: typer.Context,
    service: str = Service,
    processes: int = typer.Option(
        len(os.sched_getaffinity(0)), min=1, max=64, help="并行进程数 · Processes that share the work"
    ),
) -> None:
    """逐条重新计算并核对整个日志 · Work out a whole log again and compare it.

    有主密钥时，个人唯一键的摘要也逐条重算；没有时只核对数目。
    With the master key the digests of personal keys are worked out, too; without it they are counted.
    退出码：0 无误，1 有发现，2 未能执行 · Exit status: 0 clean, 1 findings, 2 could not run.
    """
    from shared.cli.services import settings_of
    from shared.cli.verifying import show_verdict, verify_with_progress
    from shared.runtime.opening import LONG_PATIENCE_SECONDS, vault_if_any

    screen: Screen = context.obj
    with opened(service, LONG_PATIENCE_SECONDS) as store:
        verdict = verify_with_progress(store, processes, vault_if_any(settings_of(service)), screen)
    show_verdict(service, verdict, screen)
    if verdict.findings:
        raise typer.Exit(FINDINGS)


@app.command()
def restored(context: typer.Context, service: str = Service) -> None:
    """库由备份恢复后开始新纪元 · Begin a new epoch after the store was brought back from a copy."""
    from shared.cli.mistakes import told
    from shared.cli.services import language_of, settings_of
    from shared.runtime.founding import found
    from shared.runtime.opening import open_log

    screen: Screen = context.obj
    with told(service):
        log = open_log(settings_of(service), language_of(service))
        try:
            before = log.head()
            head = found(log, restored=True)
        finally:
            log.store.close()
    if screen.as_json:
        screen.put(head_as_plain(service, head))
        return
    screen.say(
        f"服务“{service}”：纪元 {before.epoch} → {head.epoch}，自位置 {head.position:,} 起",
        f"“{service}”: epoch {before.epoch} → {head.epoch}, from position {head.position:,} on",
    )


@contextmanager
def opened(service: str, patience_seconds: float | None = None) -> "Iterator[Store]":
    """A service's store for reading; what goes wrong with it is told as a mistake.

    Args:
        patience_seconds: how long an answer of the database is waited for; None: as a service waits.
    """
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.log.store import PATIENCE_SECONDS
    from shared.runtime.opening import open_store

    with told(service):
        store = open_store(settings_of(service), patience_seconds=patience_seconds or PATIENCE_SECONDS)
        try:
            yield store
        finally:
            store.close()


def is_position(text: str) -> bool:
    """Whether a text is a position's number and not a stream's name; no log has one of more digits."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def show_in_list(screen: Screen, envelope: "Envelope") -> None:
    from shared.cli.showing import as_plain, in_two_lines

    if screen.as_json:
        screen.put(as_plain(envelope))
    else:
        screen.out.print(in_two_lines(envelope, screen))


def rested() -> bool:
    """Wait before looking again; False when the wait is broken off."""
    try:
        time.sleep(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        return False
    return True


def head_as_plain(service: str, head: "Head") -> dict[str, Any]:
    """Where a log stands, as JSON data."""
    return {
        "service": service,
        "log_id": head.log_id,
        "epoch": head.epoch,
        "position": head.position,
        "recorded_at": head.recorded_at,
        "root": head.root.hex(),
    }
