"""Runs the demonstration: ``python -m demo [FOLDER]``; exit status 0 only if all went as it must."""

import sys
from pathlib import Path

from rich.console import Console

from demo.story import Story

FOLDER = Path("var/demo")


def main() -> None:
    console = Console(highlight=False, soft_wrap=True)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    console.print("[bold]门头沟区的一天[/bold] [dim]· A day in Mentougou District[/dim]\n")
    whole = Story(folder, console).tell()
    console.print(
        "\n[bold green]全部相符[/bold green] [dim]· everything agrees[/dim]"
        if whole
        else "\n[bold red]未能完成[/bold red] [dim]· the demonstration failed[/dim]"
    )
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
