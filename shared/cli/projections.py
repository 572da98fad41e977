"""``gonghui projections``: how far each has come, making them anew, and comparing them with their feeds."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

# What a command needs is imported when it runs, so that `gonghui --help` answers at once.
if TYPE_CHECKING:
    from shared.cli.following import Following
    from shared.projections.following import Standing
    from shared.projections.projection import Projection
    from shared.projections.reaction import Reaction
    from shared.projections.rebuilding import Report

FINDINGS = 1
"""The exit status where a projection is incomplete, or its rows differ from what they should be."""

app = typer.Typer(help="投影：列出、重建、核对 · Projections", no_args_is_help=True)

Service = typer.Argument(None, help="服务，缺省为全部 · A service; all unless given")
Name = typer.Argument(None, help="投影，缺省为全部 · A projection; all unless given")


@app.command("list")
def list_(context: typer.Context, service: str | None = Service, name: str | None = Name) -> None:
    """各投影的位置与状态 · How far each projection has come.

    退出码：0 均完整，1 有不完整的，2 未能执行 · Exit status: 0 complete, 1 not so, 2 could not run.
    """
    from shared.cli.following import chosen, opened
    from shared.projections.following import standing

    found: list[tuple[str, Standing]] = []
    for each in chosen(service):
        with opened(each) as following, following.house.store.read() as connection:
            found += [
                (each, standing(connection, following.feed(projection.source), projection))
                for projection in following.projections(name)
            ]
    show_standings(context.obj, found)
    if not all(each.complete for _, each in found):
        raise typer.Exit(FINDINGS)


@app.command()
def rebuild(
    context: typer.Context,
    service: str | None = Service,
    name: str | None = Name,
    accept_difference: bool = typer.Option(
        False, "--accept-difference", help="版本相同而内容不同时也替换 · Swap though the version is the same"
    ),
) -> None:
    """由事件重新建立投影并替换 · Make projections anew and swap them in, while all else goes on.

    退出码：0 已替换，1 有差异或失败的事件，2 未能执行 · Exit status: 0 swapped, 1 findings, 2 could not run.
    """
    from shared.projections.rebuilding import UnintendedDifferenceError
    from shared.projections.rebuilding import rebuild as make_anew

    def do(following: "Following", projection: "Projection", progress: Any) -> "Report":
        feed, store = following.feed(projection.source), following.house.store
        try:
            return make_anew(store, feed, projection, accept_difference=accept_difference, progress=progress)
        except UnintendedDifferenceError as difference:
            return difference.report

    reports = each_with_progress(context.obj, service, name, do)
    if any(each.failed or not each.swapped for each in reports):
        raise typer.Exit(FINDINGS)


@app.command()
def compare(context: typer.Context, service: str | None = Service, name: str | None = Name) -> None:
    """由事件重新计算并核对投影，不替换 · Make projections anew and compare them with the live rows.

    退出码：0 一致，1 有差异或失败的事件，2 未能执行 · Exit status: 0 the same, 1 findings, 2 could not run.
    """
    from shared.projections.rebuilding import compare as make_and_compare

    def do(following: "Following", projection: "Projection", progress: Any) -> "Report":
        feed = following.feed(projection.source)
        return make_and_compare(following.house.store, feed, projection, progress)

    reports = each_with_progress(context.obj, service, name, do)
    if any(each.failed or each.differences for each in reports):
        raise typer.Exit(FINDINGS)


@app.command()
def restart_replica(
    context: typer.Context,
    service: str = typer.Argument(help="读取事件的服务 · The service that reads"),
    source: str = typer.Argument(help="事件来源的服务 · The service whose events it reads"),
) -> None:
    """清空已停止的副本，重新读取全部事件 · Empty a replica that has stopped; all is pulled anew.

    须先查明来源的历史为何改变；之后重建投影 · Know first why the history changed; rebuild afterwards.
    """
    from shared.bus.replica import restart_replica as begin_anew
    from shared.cli.following import nothing_called, opened
    from shared.runtime.status import sources_of

    screen: Screen = context.obj
    with opened(service) as following:
        if source not in (known := sources_of(following.service)):
            raise nothing_called(source, known)
        declared: list[Projection | Reaction] = [*following.service.projections, *following.service.reactions]
        subscriptions = [str(each.name) for each in declared if each.source == source]
        begin_anew(following.house.store, source, subscriptions)
    if screen.as_json:
        screen.put({"service": service, "source": source, "subscriptions": subscriptions})
        return
    screen.say(
        f"“{service}”将重新读取“{source}”的全部事件；请随后执行 gonghui projections rebuild {service}",
        f"“{service}” pulls all events of “{source}” anew; then run gonghui projections rebuild {service}",
    )


def each_with_progress(screen: Screen, service: str | None, name: str | None, do: Any) -> list["Report"]:
    """Do something with each projection that was chosen, with a progress bar, and show its report."""
    from shared.cli.following import chosen, not_prepared, opened
    from shared.projections.alone import NotAloneError
    from shared.projections.rebuilding import NotPreparedError, OtherHistoryError
    from shared.runtime.opening import LONG_PATIENCE_SECONDS

    reports = []
    for each in chosen(service):
        with opened(each, LONG_PATIENCE_SECONDS) as following:
            for projection in following.projections(name):
                with screen.progress(projection.name, projection.name) as progress:
                    try:
                        report = do(following, projection, progress)
                    except NotPreparedError:
                        raise not_prepared(each, projection.name) from None
                    except NotAloneError:
                        raise not_alone(projection.name) from None
                    except OtherHistoryError:
                        raise other_history(projection) from None
                if not screen.as_json:
                    show_report(screen, each, report)
                reports.append((each, report))
    if screen.as_json:
        screen.put([{"service": each, **asdict(report)} for each, report in reports])
    return [report for _, report in reports]


def not_alone(name: str) -> Mistake:
    return Mistake(
        Sentence(f"投影“{name}”正在另行重建或核对", f"“{name}” is being rebuilt or compared already"),
        Sentence("请待其结束后再试", "try again when that has ended"),
    )


def other_history(projection: "Projection") -> Mistake:
    name, source = projection.name, projection.source
    return Mistake(
        Sentence(f"其间“{source}”的副本已重新开始", f"meanwhile the replica of “{source}” was begun anew"),
        Sentence(f"请再次重建“{name}”", f"rebuild “{name}” once more"),
    )


def show_standings(screen: Screen, found: list[tuple[str, "Standing"]]) -> None:
    from rich.table import Table

    if screen.as_json:
        screen.put(
            [{"service": service, **asdict(each), "complete": each.complete} for service, each in found]
        )
        return
    table = Table(
        screen.word("服务", "service"),
        screen.word("投影", "projection"),
        screen.word("来源", "source"),
        screen.word("位置", "position"),
        screen.word("末端", "head"),
        screen.word("搁置", "parked"),
        screen.word("状态", "state"),
    )
    for service, each in found:
        if each.outdated:
            state = screen.word("版本已变，待重建", "outdated: rebuild it")
        else:
            state = screen.word("完整", "complete") if each.complete else screen.word("不完整", "incomplete")
        numbers = (f"{each.position:,}", f"{each.head:,}", f"{each.parked:,}")
        table.add_row(service, each.name, each.source, *numbers, state)
    screen.out.print(table)


def show_report(screen: Screen, service: str, report: "Report") -> None:
    swapped = (
        screen.word("已替换", "swapped in") if report.swapped else screen.word("未替换", "left as it is")
    )
    screen.say(
        f"{service} {report.name}：位置 {report.position:,}，差异 {report.differences:,} 行，"
        f"失败 {report.failed:,} 个事件，{swapped}",
        f"{service} {report.name}: at {report.position:,}, {report.differences:,} rows differ, "
        f"{report.failed:,} events failed, {swapped}",
        "bold red" if report.differences or report.failed else "",
    )
    for key in report.shown:
        screen.say(f"  {key}", f"  {key}", "dim")
