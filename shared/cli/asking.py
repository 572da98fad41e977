"""What is typed: asked for at a terminal, where no secret is shown, or read from a script line by line."""

import sys

import typer

from shared.cli.sentences import Mistake, Sentence


def asked(question: str, *, is_secret: bool = False, is_new: bool = False) -> str:
    """What is typed; a secret is not shown, and a new one is typed twice; scripts give a line each.

    Args:
        question: in both languages, with `` · `` between them.

    Raises:
        Mistake: nothing was typed, or twice different things.
    """
    if not sys.stdin.isatty():
        lines = [sys.stdin.readline() for _ in range(1 + is_new)]
        if not all(lines) or len(set(lines)) > 1:
            raise Mistake(
                Sentence(
                    f"没有读到：{question.partition(' · ')[0]}", f"not read: {question.partition(' · ')[2]}"
                ),
                Sentence(
                    "请在终端中输入，或经标准输入逐行给出（新密码两行）",
                    "type it at a terminal, or give it line by line on the input (new passwords twice)",
                ),
            )
        return lines[0].rstrip("\r\n")
    answer: str = typer.prompt(question, hide_input=is_secret, confirmation_prompt=is_new, err=True)
    return answer
