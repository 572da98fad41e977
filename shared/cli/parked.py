"""``gonghui parked``: what waits because it could not be done, trying it again, and leaving it undone."""

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible

if TYPE_CHECKING:
    from shared.projections.parking import Parked

STILL_PARKED = 1
"""The exit status where something is parked."""

Service = typer.Argument(help="服务 · The service")

app = typer.Typer(help="搁置的事件：列出、重试、跳过 · Parked events", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    service: str | None = typer.Argument(None, help="服务，缺省为全部 · A service; all unless given"),
) -> None:
    """列出搁置的事件 · What is parked, and why.

    退出码：0 没有，1 有，2 未能执行 · Exit status: 0 nothing, 1 something, 2 could not run.
    """
    from shared.cli.following import chosen, opened
    from shared.projections.parking import list_parked

    found = []
    for each in chosen(service):
        with opened(each) as following, following.house.store.read() as connection:
            found += [(each, parked) for parked in list_parked(connection)]
    show(context.obj, found)


@app.command()
def retry(
    context: typer.Context,
    service: str = Service,
    reaction: str | None = typer.Argument(None, help="反应，缺省为全部 · A reaction; all unless given"),
) -> None:
    """立即重试搁置的反应 · Try parked reactions again now, each stream in its order.

    投影不能重试，须修正后重建 · A projection is not tried again: it is mended and rebuilt.
    """
    from shared.cli.following import opened

    found = []
    with opened(service) as following:
        for each in following.reactions(reaction):
            found += [(service, parked) for parked in each.retry()]
    show(context.obj, found)


@app.command()
def skip(
    context: typer.Context,
    service: str = Service,
    reaction: str = typer.Argument(help="反应 · The reaction"),
    position: int = typer.Argument(help="搁置的事件的位置 · The parked event's position"),
    reason: str = typer.Option(..., help="原因，将公开，不得写个人信息 · Why; public, it names no person"),
) -> None:
    """跳过一个搁置的反应并记录原因 · Leave a parked reaction undone; the reason is recorded."""
    from shared.cli.following import opened
    from shared.projections.reacting import NotParkedError, WaitsError
    from shared.rules.context import Actor
    from shared.rules.refusal import Refused
    from shared.rules.skipped_reaction import SkipReaction
    from shared.runtime.commands import Request

    screen: Screen = context.obj
    with opened(service) as following:
        operator = Actor(f"operator/{getpass.getuser()}")

        def record(command: SkipReaction) -> None:
            following.house.handle(Request(command, operator))

        try:
            following.reactions(reaction)[0].skip(position, reason, record)
        except NotParkedError:
            raise Mistake(
                Sentence(f"位置 {position} 没有搁置的事件", f"nothing is parked at {position}"),
                Sentence(f"请看 gonghui parked list {service}", f"see gonghui parked list {service}"),
            ) from None
        except WaitsError:
            raise Mistake(
                Sentence("该事件在等待同一流中更早的事件", "it waits for an earlier event of its stream"),
                Sentence("请先处理更早的事件", "retry or skip the earlier one first"),
            ) from None
        except Refused as refused:
            raise Mistake(
                Sentence(refused.zh, refused.en), Sentence("请用 --reason 写明", "tell it with --reason")
            ) from None
    if screen.as_json:
        screen.put({"service": service, "subscription": reaction, "position": position, "reason": reason})
        return
    screen.say(f"已跳过 {reaction} 的位置 {position}", f"skipped {position} of {reaction}")


def show(screen: Screen, found: list[tuple[str, "Parked"]]) -> None:
    """Show what is parked; the exit status tells whether anything is."""
    from rich.table import Table

    if screen.as_json:
        screen.put([{"service": service, **asdict(each)} for service, each in found])
    elif not found:
        screen.say("没有搁置的事件", "nothing is parked")
    else:
        table = Table(
            screen.word("服务", "service"),
            screen.word("订阅", "subscription"),
            screen.word("位置", "position"),
            screen.word("流", "stream"),
            screen.word("原因", "reason"),
            screen.word("次数", "tries"),
        )
        for service, each in found:
            texts = (each.subscription, f"{each.source} {each.position}", each.stream, each.reason)
            table.add_row(service, *map(visible, texts), str(each.tries))
        screen.out.print(table)
    if found:
        raise typer.Exit(STILL_PARKED)
