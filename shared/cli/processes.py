"""``gonghui up`` and ``gonghui run``: this process becomes the one that runs the services."""

import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

app = typer.Typer()


class Only(StrEnum):
    """The two processes of a service."""

    INTERFACE = "interface"
    WORKER = "worker"


@app.command()
def up(context: typer.Context) -> None:
    """运行全部服务 · Run all services: in this process, or as children where a broker is set.

    日志写到标准错误；--json 使日志为JSON · Log lines go to the error output; --json makes them JSON.
    """
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.finding import service_names
    from shared.runtime.process_settings import SUITE, read_process_settings

    names = service_names()
    every = []
    for name in names:
        with told(name):
            every.append(settings_of(name))
            read_process_settings(SUITE if every[0].on_embedded_bus else name)
    if not every[0].on_embedded_bus:
        become(context.obj, "supervise", *names)
    check_nobody_is_in(every[0].folder)
    become(context.obj, "together", *names)


@app.command()
def run(
    context: typer.Context,
    service: str = typer.Argument(help="服务 · The service"),
    only: Only | None = typer.Option(None, help="只运行其中一个进程 · Only one of its two processes"),
    restored: bool = typer.Option(
        False, "--restored", help="库由备份恢复：先开始新纪元 · The store was brought back from a copy"
    ),
) -> None:
    """运行一个服务 · Run one service: its interface and its worker, started again when they die.

    日志写到标准错误；--json 使日志为JSON · Log lines go to the error output; --json makes them JSON.
    """
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.process_settings import read_process_settings

    with told(service):
        read_process_settings(service)
        if settings_of(service).on_embedded_bus:
            raise Mistake(
                Sentence(
                    "嵌入式总线不能连接多个进程", "the embedded bus cannot connect processes with each other"
                ),
                Sentence(
                    "请设置 GONGHUI_BUS_URL=amqp://…，或用 gonghui up",
                    "set GONGHUI_BUS_URL=amqp://…, or use gonghui up",
                ),
            )
    if restored:
        begun = subprocess.run([*command("restored"), service], check=False)  # noqa: S603 - our own program
        if begun.returncode:
            raise typer.Exit(begun.returncode)
    become(context.obj, "supervise" if only is None else only.value, service)


def check_nobody_is_in(folder: Path) -> None:
    """Tell at once, and in a sentence, what the process would find out. Raises Mistake."""
    from shared.runtime.folder_lock import lock_folder
    from shared.runtime.stopping import CannotStart

    try:
        lock_folder(folder).close()
    except CannotStart:
        raise Mistake(
            Sentence(
                f"已有进程在该文件夹中运行：{folder}",
                f"another process works in the folder already: {folder}",
            ),
            Sentence(
                "请用 gonghui status 查看，或以 GONGHUI_FOLDER 指明另一文件夹",
                "see gonghui status, or name another folder in GONGHUI_FOLDER",
            ),
        ) from None
    except OSError as error:
        raise Mistake(
            Sentence(f"无法使用文件夹 {folder}", f"the folder {folder} cannot be used: {error.strerror}"),
            Sentence("请检查 GONGHUI_FOLDER 及其权限", "look at GONGHUI_FOLDER and its rights"),
        ) from None


def become(screen: Screen, kind: str, *services: str) -> NoReturn:
    """Go on as another program; a fresh one, since a green process is patched before all else."""
    sys.stdout.flush()
    if screen.as_json:
        os.environ["GONGHUI_LOG_FORMAT"] = "json"
    os.execv(sys.executable, [*command(kind), *services])  # noqa: S606 - our own program


def command(kind: str) -> list[str]:
    return [sys.executable, "-m", "shared.runtime.start", kind]
