"""``gonghui journal``: the whole ledger of a service as a journal, which hledger reads and checks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TextIO

import typer

from shared.cli.reaching import reaching, refusals_told
from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible
from shared.cli.session import current_token

EVENTS_A_PAGE = 1_000

app = typer.Typer()


@app.command()
def journal(
    context: typer.Context,
    file: Path = typer.Argument(help="写入的文件 · The file to write"),
    service: str = typer.Option("assistance", help="服务 · The service"),
    timeout: float = typer.Option(
        20, min=0.1, max=3_600, help="等待应答的秒数 · Seconds to wait for each answer"
    ),
) -> None:
    """导出全部复式账，供hledger核对 · Write the ledger as a journal: hledger -f FILE check -s."""
    screen: Screen = context.obj
    after, entries, is_complete = 0, 0, True
    with (
        refusals_told(),
        reaching(timeout) as ask,
        written_whole(file) as writing,
        screen.progress("导出", "writing") as progress,
    ):
        while True:
            told = ask(service, "journal_page", current_token(timeout), after=after, limit=EVENTS_A_PAGE)
            page, known = told["answer"], told["known"][service]
            writing.write(page["text"])
            is_complete = told["complete"]
            progress(page["after"], known)
            # The first page tells the accounts even where nothing is posted yet.
            if page["after"] == after:
                break
            entries += page["entries"]
            after = page["after"]
    if screen.as_json:
        screen.put({"file": str(file), "entries": entries, "position": known, "complete": is_complete})
        return
    screen.say(
        f"已写入 {visible(str(file))}：{entries:,} 笔分录，至事件位置 {known:,}",
        f"written: {visible(str(file))}, {entries:,} entries up to position {known:,}",
    )
    if not is_complete:
        screen.say(
            "不完整：有事件搁置或待重建", "incomplete: events are parked, or a rebuild is due", "bold red"
        )


@contextmanager
def written_whole(file: Path) -> Iterator[TextIO]:
    """A file that appears once it is whole, however long that takes. Raises Mistake."""
    draft = file.with_name(f".{file.name}.{token_hex(4)}")
    try:
        with draft.open("w", encoding="utf-8") as writing:
            yield writing
            writing.flush()
            os.fsync(writing.fileno())
        draft.replace(file)
    except OSError as error:
        raise Mistake(
            Sentence(f"无法写入文件 {visible(str(file))}", f"{visible(str(file))}: {error.strerror}"),
            Sentence("请检查文件名和权限", "look at its name and rights"),
        ) from None
    finally:
        draft.unlink(missing_ok=True)
