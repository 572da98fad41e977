"""The screen: what a command says goes here, in the language chosen, for people or as JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from shared.cli.sentences import Mistake, Sentence, Tongue


class Screen:
    """Where one command speaks.

    Args:
        as_json: one JSON document on the output, and nothing else there, instead of text for people.
    """

    def __init__(self, tongue: Tongue = "zh", *, as_json: bool = False) -> None:
        self.tongue = tongue
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=True)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def word(self, zh: str, en: str) -> str:
        """Whichever of the two is spoken."""
        return Sentence(zh, en).spoken(self.tongue)

    def say(self, zh: str, en: str, style: str = "") -> None:
        self.out.print(Text(self.word(zh, en), style))

    def put(self, value: Any) -> None:
        """One JSON value on a line of its own: the whole answer, but for what goes on without end."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    @property
    def shows_progress(self) -> bool:
        """Whether somebody watches: progress is shown on the error output, if that is a terminal."""
        return self.errors.is_terminal and not self.as_json

    @contextmanager
    def waiting(self, zh: str, en: str) -> Iterator[None]:
        """Show meanwhile that something is waited for."""
        if not self.shows_progress:
            yield
            return
        with self.errors.status(Text(self.word(zh, en), "dim")):
            yield

    @contextmanager
    def progress(self, zh: str, en: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """Show meanwhile how far it is: what is given is told how much is done, and of how much.

        Args:
            total: of how much; None: that is not known yet.
        """
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(
            *columns, console=self.errors, disable=not self.shows_progress, transient=True
        ) as progress:
            bar = progress.add_task(self.word(zh, en), total=total)

            def tell(done: int, of: int | None = None) -> None:
                progress.update(bar, completed=done, total=of)

            yield tell

    def tell(self, mistake: Mistake) -> None:
        """Why a command could not be run."""
        sentence, hint = mistake.sentence, mistake.hint
        if self.as_json:
            told = {"zh": sentence.zh, "en": sentence.en, "hint_zh": hint.zh, "hint_en": hint.en}
            self.put({"error": told | mistake.more})
            return
        self.errors.print(Text(self.word("错误：", "Error: "), "bold red") + sentence.spoken(self.tongue))
        self.errors.print(Text(self.word("提示：", "Hint: "), "dim") + hint.spoken(self.tongue))
