"""Runs the demonstration: ``python -m demo [FOLDER [PLAN]]``; exit status 0 only if all went as it must."""

import logging
import sys
from pathlib import Path

from shared.runtime.green import patch

FOLDER = Path("var/demo")


def main() -> None:
    # All services run in this process, so it is a green one: patched before anything else is imported.
    patch()
    from rich.console import Console

    from demo.office import LOGINS
    from demo.plan import read_plan
    from demo.story import Story
    from shared.runtime.memory import collect_rarely, give_large_blocks_back

    collect_rarely()
    give_large_blocks_back()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    console = Console(highlight=False, soft_wrap=True)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    plan = read_plan(Path(sys.argv[2])) if len(sys.argv) > 2 else read_plan()
    console.print("[bold]门头沟区的一年[/bold] [dim]· A year in Mentougou District[/dim]\n")
    whole = Story(folder, console, plan).tell()
    if not whole:
        console.print("\n[bold red]未能完成[/bold red] [dim]· the demonstration failed[/dim]")
        sys.exit(1)
    console.print("\n[bold green]全部相符[/bold green] [dim]· everything agrees[/dim]")
    console.print(
        "[dim]可在同一目录上继续运行全部服务 · all services can go on from here, in the same folder:[/dim]\n"
        f"  GONGHUI_FOLDER={folder} .venv/bin/gonghui up\n"
        f"[dim]登录名与密码 · names and passwords:[/dim] {folder / LOGINS}"
    )


if __name__ == "__main__":
    main()
