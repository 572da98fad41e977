"""The entry of ``gonghui``: its commands, the options of all of them, and how mistakes are told."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from shared.cli import (
    access,
    audit,
    call,
    contracts,
    figures,
    importing,
    journal,
    log,
    parked,
    processes,
    projections,
    status,
)
from shared.cli.screen import Screen
from shared.cli.sentences import TONGUES, Mistake, Sentence

MISTAKEN = 2
"""The exit status of a command that could not be run."""
BROKEN_OFF = 130

LANG, JSON = "--lang", "--json"


class Commands(TyperGroup):
    """The commands; all take ``--lang`` and ``--json``, anywhere, and tell mistakes in that manner."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        everywhere(self)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        screen = screen_for(args)
        with told_to(screen):
            if screen.tongue != tongue_in(args):
                raise Mistake(
                    Sentence("没有这种语言", "there is no such language"),
                    Sentence("可选 --lang zh 或 --lang en", "choose --lang zh or --lang en"),
                )
            return super().make_context(info_name, args, *more, obj=screen, **extra)

    def invoke(self, ctx: Any) -> Any:
        with told_to(ctx.obj):
            return super().invoke(ctx)


def everywhere(command: Any) -> None:
    """Give a command and all below it the options of all."""
    command.params += options()
    for each in getattr(command, "commands", {}).values():
        everywhere(each)


def options() -> list[Any]:
    """The options of all commands. What they say has been read before: no function takes them."""
    alone = typer.Typer(add_completion=False)

    @alone.command()
    def declared(
        lang: str = typer.Option(TONGUES[0], LANG, help="语言 · Language: zh, en"),
        as_json: bool = typer.Option(False, JSON, help="以一个JSON文档作答 · Answer by one JSON document"),
    ) -> None: ...

    made: list[Any] = [
        each for each in typer.main.get_command(alone).params if each.name in ("lang", "as_json")
    ]
    for each in made:
        each.expose_value = False
    return made


def tongue_in(args: Sequence[str]) -> str:
    """The language that was asked for, whichever that is."""
    for each, after in zip(args, [*args[1:], ""], strict=True):
        if each == LANG:
            return after
        if each.startswith(f"{LANG}="):
            return each.partition("=")[2]
    return TONGUES[0]


def screen_for(args: Sequence[str]) -> Screen:
    """The screen that was asked for; it is known before the command is, whose mistakes it tells."""
    wanted = tongue_in(args)
    tongue = next((each for each in TONGUES if each == wanted), TONGUES[0])
    return Screen(tongue, as_json=JSON in args)


@contextmanager
def told_to(screen: Screen) -> Iterator[None]:
    try:
        yield
    except Mistake as mistake:
        screen.tell(mistake)
        raise typer.Exit(MISTAKEN) from None
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        screen.tell(of_usage(error))
        raise typer.Exit(MISTAKEN) from None
    except (KeyboardInterrupt, EOFError, typer.Abort):
        screen.tell(
            Mistake(
                Sentence("已中断", "broken off"), Sentence("没有等待结果", "the result was not waited for")
            )
        )
        raise typer.Exit(BROKEN_OFF) from None
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody is shown a traceback
        screen.tell(of_fault(error))
        raise typer.Exit(MISTAKEN) from None


def of_fault(error: Exception) -> Mistake:
    """A fault of our own: where it is, and not what it says, since that may be personal."""
    from shared.runtime.calls import without_text

    return Mistake(
        Sentence(f"程序出错（{type(error).__name__}）", f"a fault of the program ({type(error).__name__})"),
        Sentence(
            f"请把以下位置告知维护人员：{without_text(error)}",
            f"tell the maintainers its place: {without_text(error)}",
        ),
    )


def of_usage(error: typer.TyperException) -> Mistake:
    """What was typed wrongly; typer itself says it in English only."""
    parameter = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or (parameter.get_error_hint() if parameter else "")
    zh = {
        "MissingParameter": f"缺少参数 {name}",
        "NoSuchOption": f"没有选项 {name}",
        "BadParameter": f"参数 {name} 的值不合要求",
    }.get(type(error).__name__, "没有这样的命令或参数")
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context else "gonghui"
    return Mistake(
        Sentence(zh, error.format_message()),
        Sentence(f"用法见 {path} --help", f"see {path} --help"),
    )


app = typer.Typer(
    cls=Commands,
    help="工会服务的命令行 · The command line of gonghui",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(log.app, name="log")
app.add_typer(audit.app, name="audit")
app.add_typer(processes.app)
app.add_typer(figures.app)
app.add_typer(journal.app)
app.add_typer(access.app)
app.add_typer(call.app)
app.add_typer(status.app)
app.add_typer(contracts.app)
app.add_typer(importing.app)
app.add_typer(projections.app, name="projections")
app.add_typer(parked.app, name="parked")


@app.command()
def migrate(
    context: typer.Context,
    service: str = typer.Argument(help="服务 · The service"),
    role: str | None = typer.Option(
        None,
        help="授权给服务的数据库角色（PostgreSQL） · The service's own database role, to be granted rights",
    ),
) -> None:
    """升级服务的库并建立日志 · Bring a service's store up to date and found its log."""
    from shared.cli.mistakes import told
    from shared.cli.services import language_of, settings_of
    from shared.runtime.opening import prepare

    screen: Screen = context.obj
    with told(service):
        settings = settings_of(service)
        if role is not None and settings.on_sqlite:
            raise Mistake(
                Sentence("SQLite 没有数据库角色", "SQLite has no roles"),
                Sentence("请去掉 --role", "leave out --role"),
            )
        with screen.waiting("正在升级", "bringing it up to date"):
            head = prepare(settings, language_of(service), role)
    if screen.as_json:
        screen.put(log.head_as_plain(service, head))
        return
    screen.say(
        f"服务“{service}”的库已就绪：日志 {head.log_id}，纪元 {head.epoch}，位置 {head.position:,}",
        f"the store of “{service}” is ready: log {head.log_id}, epoch {head.epoch}, at {head.position:,}",
    )


def main() -> None:
    """Run what the command line asks for, and exit with its status."""
    # What is written here, stores above all, is for whoever runs it.
    os.umask(0o077)
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    sys.exit(app())
