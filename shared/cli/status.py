"""``gonghui status``: how far each service is, what is behind or parked, and what cannot be told."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

if TYPE_CHECKING:
    from rich.table import Table

SETTLE_SECONDS = 2.0
"""What is on its way now has arrived after this long, or lags."""
TROUBLE, UNKNOWN = 1, 2
"""Exit statuses: something lags, is parked or not ready; something cannot be told."""

Report = dict[str, Any]

app = typer.Typer()


@app.command()
def status(
    context: typer.Context,
    service: str | None = typer.Argument(None, help="服务，缺省为全部 · A service; all unless given"),
    timeout: float = typer.Option(
        5, min=0.1, max=3_600, help="等待应答的秒数 · Seconds to wait for each answer"
    ),
) -> None:
    """各服务的位置、滞后、搁置和就绪状态 · How far each service is, what lags, what is parked, what is ready.

    退出码：0 正常，1 有滞后、搁置或未就绪，2 无法得知 · Exit status: 0 fine, 1 trouble, 2 cannot tell.
    """
    from shared.cli.services import settings_of
    from shared.runtime.finding import service_names

    screen: Screen = context.obj
    names = service_names()
    if service is not None:
        settings_of(service)
    with screen.waiting("正在询问各服务", "asking the services"):
        reports = look(names, timeout)
        if any(unsettled(each) for each in reports):
            time.sleep(SETTLE_SECONDS)
            reports = compared(reports, look(names, timeout))
    shown = [each for each in reports if service in (None, each["service"])]
    if screen.as_json:
        screen.put({"services": shown})
    else:
        show(shown, screen)
    raise typer.Exit(max(state_of(each) for each in shown))


def look(names: list[str], seconds_max: float) -> list[Report]:
    """How each service says that it stands, or why that cannot be told."""
    from shared.cli.services import settings_of
    from shared.runtime.finding import service_class

    settings = [settings_of(name) for name in names]
    # Loaded before any thread runs: threads that import at once may wait for each other for ever.
    service_classes = [service_class(name) for name in names]
    if len(service_classes) == 1 or settings[0].on_embedded_bus:
        reports = [look_at(name, seconds_max) for name in names]
    else:
        reports = at_once(names, lambda name: look_at(name, seconds_max))
    heads = {each["service"]: each["position"] for each in reports if each["known"]}
    for replica in (replica for each in reports if each["known"] for replica in each["replicas"]):
        head = heads.get(replica["source"])
        replica["head"] = head
        replica["events"] = None if head is None else max(head - replica["position"], 0)
        # When it was last seen level; whatever it lacks came later.
        replica["seconds"] = replica["level_seconds"] if replica["events"] else 0.0
    return reports


def at_once(names: list[str], look: Callable[[str], Report]) -> list[Report]:
    """What is found for each, all looked at together, so that one that is silent holds up no other."""
    found: dict[str, Report] = {}

    def note(name: str) -> None:
        found[name] = look(name)

    threads = [threading.Thread(target=note, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[name] for name in names]


def look_at(service: str, seconds_max: float) -> Report:
    """One service: asked where it runs, read from its store where nothing runs in its folder."""
    from shared.cli.following import opened
    from shared.cli.reaching import NotRunning, ask, refusals_told
    from shared.cli.services import settings_of
    from shared.runtime.status import status_of

    try:
        try:
            with refusals_told():
                told, running = ask(seconds_max, service, "status", token_at_hand(seconds_max)), True
        except NotRunning:
            settings = settings_of(service)
            if settings.on_sqlite and not settings.master_key_file.exists():
                raise  # nothing ever ran there
            with opened(service) as following:
                told, running = status_of(following.service, following.house), False
    except Mistake as mistake:  # also where nothing runs
        zh, en = mistake.sentence
        hint_zh, hint_en = mistake.hint
        why = {"zh": zh, "en": en, "hint_zh": hint_zh, "hint_en": hint_en}
        return {"service": service, "known": False, "running": False, "why": why}
    report = {"service": service, "known": True, "running": running, **told}
    if not running:
        others = [each for each in told["reasons"] if not each.startswith("replica.not_level")]
        report["reasons"] = ["not_running", *others]
    return report


def token_at_hand(seconds_max: float) -> str | None:
    """A service's own token where its signing key lies here, else that of whoever logged in."""
    from shared.cli.services import settings_of
    from shared.cli.session import current_token
    from shared.runtime.finding import service_names
    from shared.runtime.tokens import OwnToken
    from shared.runtime.wrong_setting import WrongSetting

    for name in service_names():
        try:
            return OwnToken(settings_of(name))()
        except WrongSetting:
            continue
    return current_token(seconds_max)


def parts_of(report: Report) -> Iterator[dict[str, Any]]:
    """All that follows something in a service: replicas and subscriptions."""
    if report["known"]:
        yield from report["replicas"]
        yield from report["subscriptions"]


def unsettled(report: Report) -> bool:
    return any(part["events"] for part in parts_of(report))


def compared(first: list[Report], second: list[Report]) -> list[Report]:
    """The second look, with ``late`` at whatever has not come as far as there was to do at the first."""
    heads = {
        (report["service"], part.get("name"), part["source"]): part["head"] or 0
        for report in first
        for part in parts_of(report)
    }
    for report in second:
        for part in parts_of(report):
            part["late"] = part["position"] < heads.get(
                (report["service"], part.get("name"), part["source"]), 0
            )
    return second


def state_of(report: Report) -> int:
    """The exit status that a report asks for."""
    if not report["known"]:
        return UNKNOWN
    late = any(part.get("late") for part in parts_of(report))
    return TROUBLE if late or report["parked"] or report["reasons"] else 0


def show(reports: list[Report], screen: Screen) -> None:
    """A table of all parts, and below it, plainly, what is wrong."""
    from rich.table import Table

    table = Table(screen.word("服务", "service"), box=None, header_style="bold")
    for title in (("位置", "position"), ("滞后事件", "events behind"), ("滞后秒", "seconds behind"),
                  ("搁置", "parked")):  # fmt: skip
        table.add_column(screen.word(*title), justify="right")
    for report in reports:
        if report["known"]:
            add_rows(table, report, screen)
    if table.rows:
        screen.out.print(table)
    for report in reports:
        name, state = report["service"], state_of(report)
        if state == UNKNOWN:
            screen.say(f"？ {name}：{report['why']['zh']}", f"? {name}: {report['why']['en']}", "bold red")
            screen.say(f"  {report['why']['hint_zh']}", f"  {report['why']['hint_en']}", "dim")
        elif state == TROUBLE:
            zh, en = zip(*troubles(report), strict=True)
            screen.say(f"✗ {name}：{'；'.join(zh)}", f"✗ {name}: {'; '.join(en)}", "bold yellow")
        else:
            screen.say(f"✓ {name}：就绪", f"✓ {name}: ready", "green")


def add_rows(table: "Table", report: Report, screen: Screen) -> None:
    parked = {each["subscription"]: each["events"] for each in report["parked"]}
    table.add_row(f"[bold]{report['service']}[/bold]", f"{report['position']:,}")
    for part in parts_of(report):
        events, seconds, name = part["events"], part["seconds"], part.get("name")
        source = "" if part["source"] == report["service"] else f" ← {part['source']}"
        table.add_row(
            f"  {name or screen.word('副本', 'replica')}{source}",
            f"{part['position']:,}",
            "?" if events is None else f"{events:,}",
            "?" if seconds is None else f"{seconds:,.1f}",
            str(parked.get(name, "")),
            style="bold yellow" if part.get("late") else "",
        )


def revive(report: Report, source: str) -> str:
    """The command that lets a stopped replica begin anew."""
    return f"gonghui projections restart-replica {report['service']} {source}"


def troubles(report: Report) -> Iterator[Sentence]:
    """What is wrong with a service."""
    for reason in report["reasons"]:
        code, _, what = reason.partition(": ")
        yield {
            "not_running": Sentence("未运行", "is not running"),
            "replica.stopped": Sentence(
                f"{what} 的历史与副本不符，已停止接收；查明原因后执行 {revive(report, what)}",
                f"takes no more events of {what}, whose history is another than before; "
                f"once you know why: {revive(report, what)}",
            ),
            "replica.not_level": Sentence(
                f"一分钟以上没有收到 {what} 的消息", f"heard nothing of {what} for over a minute"
            ),
            "projection.incomplete": Sentence(f"投影 {what} 不完整", f"the projection {what} is incomplete"),
        }.get(code, Sentence(reason, reason))
    for part in parts_of(report):
        if part.get("late"):
            name, events = part.get("name") or part["source"], part["events"]
            yield Sentence(f"{name} 滞后 {events:,} 个事件", f"{name} is {events:,} events behind")
    for each in report["parked"]:
        name, events = each["subscription"], each["events"]
        yield Sentence(f"{name} 搁置 {events:,} 个事件", f"{name} has parked {events:,} events")
