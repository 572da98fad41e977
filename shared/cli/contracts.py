"""``gonghui contracts``: writes what callers and listeners may rely on, unless a promise would be broken."""

from pathlib import Path

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

app = typer.Typer()


@app.command()
def contracts(
    context: typer.Context,
    folder: Path = typer.Option(Path("contracts"), help="写入的文件夹 · Where they are written"),
    breaking: bool = typer.Option(
        False, "--breaking", help="允许不兼容的修改 · Write even what breaks who relied on them"
    ),
) -> None:
    """写出各服务的契约 · Write the contracts of all services."""
    from shared.runtime.contract_changes import breaking_changes
    from shared.runtime.contracts import documents, read_documents, texts, write

    screen: Screen = context.obj
    broken = [] if breaking else breaking_changes(read_documents(folder), documents())
    if broken:
        places = "; ".join(broken)
        raise Mistake(
            Sentence(f"契约只能增加，不能收回：{places}", f"contracts only grow; broken would be: {places}"),
            Sentence(
                "请恢复原样；尚未发布的契约可加 --breaking",
                "restore them; --breaking is for contracts that nobody relies on yet",
            ),
        )
    files = texts()
    write(folder, files)
    if screen.as_json:
        screen.put({"folder": str(folder), "files": len(files)})
        return
    screen.say(f"已写出{len(files)}个文件：{folder}", f"wrote {len(files)} files: {folder}")
