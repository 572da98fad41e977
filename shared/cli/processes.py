"""``gonghui up`` and ``gonghui run``: this process becomes the one that runs the services."""

import os
import subprocess
import sys
from enum import StrEnum
from typing import NoReturn

import typer

from shared.cli.sentences import Mistake, Sentence

EMBEDDED = "embedded:"

app = typer.Typer()


class Only(StrEnum):
    """The two processes of a service."""

    INTERFACE = "interface"
    WORKER = "worker"


@app.command()
def up() -> None:
    """运行全部服务 · Run all services: in this process, or as children where a broker is set."""
    from shared.cli.mistakes import told
    from shared.runtime.finding import service_names
    from shared.runtime.settings import read_settings

    names = service_names()
    buses = set()
    for name in names:
        with told(name):
            buses.add(read_settings(name).bus_url.startswith(EMBEDDED))
    become("together" if buses == {True} else "supervise", *names)


@app.command()
def run(
    service: str,
    only: Only | None = typer.Option(None, help="只运行其中一个进程 · Only one of its two processes"),
    restored: bool = typer.Option(
        False, "--restored", help="库由备份恢复：先开始新纪元 · The store was brought back from a copy"
    ),
) -> None:
    """运行一个服务 · Run one service: its interface and its worker, started again when they die."""
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of

    with told(service):
        if settings_of(service).bus_url.startswith(EMBEDDED):
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
    become("supervise" if only is None else only.value, service)


def become(kind: str, *services: str) -> NoReturn:
    """Go on as another program; a fresh one, since a green process is patched before all else."""
    sys.stdout.flush()
    os.execv(sys.executable, [*command(kind), *services])  # noqa: S606 - our own program


def command(kind: str) -> list[str]:
    return [sys.executable, "-m", "shared.runtime.start", kind]
