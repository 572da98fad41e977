"""The entry of ``gonghui``: its commands, the options of all of them, and how mistakes are told."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from shared.cli import access, contracts, log, parked, processes, projections
from shared.cli.screen import Screen
from shared.cli.sentences import TONGUES, Mistake, Sentence

MISTAKEN = 2
"""The exit status of a command that could not be run."""


class Commands(TyperGroup):
    """The commands, with every mistake told as a sentence and a hint in the language chosen."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        with told_to(Screen(as_json="--json" in args)):
            return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: Any) -> Any:
        tongue = ctx.params.get("lang")
        with told_to(Screen(tongue if tongue in TONGUES else "zh", as_json=bool(ctx.params.get("json")))):
            return super().invoke(ctx)


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
app.add_typer(processes.app)
app.add_typer(access.app)
app.add_typer(contracts.app)
app.add_typer(projections.app, name="projections")
app.add_typer(parked.app, name="parked")


@app.callback()
def options(
    context: typer.Context,
    lang: str = typer.Option("zh", help="语言 · Language: zh, en"),
    json: bool = typer.Option(False, "--json", help="每行一个JSON值 · One JSON value per line"),
) -> None:
    if lang not in TONGUES:
        raise Mistake(
            Sentence("没有这种语言", "there is no such language"),
            Sentence("可选 --lang zh 或 --lang en", "choose --lang zh or --lang en"),
        )
    context.obj = Screen(lang, as_json=json)


@app.command()
def migrate(
    context: typer.Context,
    service: str,
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
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    sys.exit(app())
