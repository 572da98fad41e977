"""``gonghui call``: any method of any service, as other systems call it, under one's own login."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

if TYPE_CHECKING:
    from shared.runtime.calls import RefusedCall

ROWS_AT_A_TIME = 500
ROWS_REFUSED = 1
"""The exit status where some rows were refused."""

app = typer.Typer()


@app.command()
def call(
    context: typer.Context,
    target: str = typer.Argument(
        metavar="SERVICE[.METHOD]",
        help="服务.方法；只写服务则列出其方法 · Alone, a service lists its methods",
    ),
    arguments: list[str] = typer.Argument(
        None,
        metavar="[KEY=VALUE]…",
        help="参数，值为JSON或文本；名称=@文件.json；名称=- 随后输入且不显示"
        " · Values are JSON or text; KEY=- is typed unseen",
    ),
    rows: Path | None = typer.Option(
        None, help="含多行的JSON文件，用于 …_many 方法 · A JSON file of rows for a …_many method"
    ),
    timeout: float = typer.Option(
        20, min=0.1, max=3_600, help="等待应答的秒数 · Seconds to wait for the answer"
    ),
) -> None:
    """调用服务的方法 · Call a method of a service.

    退出码：0 已办，1 部分行被拒绝，2 被拒绝或未能执行 · Exit status: 0 done, 1 some rows refused, 2 refused.
    """
    from shared.cli.answers import show_answer, show_methods
    from shared.cli.arguments import arguments_from, method_named, methods_at, rows_in, schema_of_arguments

    screen: Screen = context.obj
    if "." not in target:
        show_methods(target, methods_at(target), screen)
        return
    service, method, declared = method_named(target)
    if (rows is not None) != (declared.kind == "commands"):
        raise Mistake(
            Sentence(
                "--rows 用于 …_many 方法，且仅用于它们", "--rows is for …_many methods, and they need it"
            ),
            Sentence(f"方法见 gonghui call {service}", f"see gonghui call {service}"),
        )
    if rows is not None:
        if arguments:
            raise Mistake(
                Sentence("--rows 不能与其他参数同用", "--rows takes no further arguments"),
                Sentence("请把值写进文件的各行", "write the values into the rows"),
            )
        send_rows(screen, service, method, rows_in(rows), timeout)
        return
    values = arguments_from(arguments or [], schema_of_arguments(declared)["properties"])
    show_answer(asked(screen, service, method, timeout, **values), screen)


def asked(screen: Screen, service: str, method: str, seconds_max: float, /, **values: Any) -> Any:
    """What the method answers to whoever logged in here. Raises Mistake."""
    from shared.cli.reaching import ask, refusals_told
    from shared.cli.session import current_token

    with screen.waiting(f"正在询问 {service}", f"asking {service}"):
        token = current_token(seconds_max)
        with refusals_told(lambda refused: hint_for(refused, service, method)):
            return ask(seconds_max, service, method, token, **values)


def send_rows(screen: Screen, service: str, method: str, rows: list[dict[str, Any]], seconds: float) -> None:
    """Send rows in pages, with a progress bar, and show what became of each."""
    from shared.cli.answers import show_outcomes

    answers: list[dict[str, Any]] = []
    with screen.progress(method, method, len(rows)) as progress:
        for start in range(0, max(len(rows), 1), ROWS_AT_A_TIME):
            page = rows[start : start + ROWS_AT_A_TIME]
            try:
                answers += asked(screen, service, method, seconds, rows=page)
            except Mistake as mistake:
                raise broken_off(mistake, start, len(page)) from None
            progress(len(answers))
    show_outcomes(answers, screen)
    if any("refused" in each for each in answers):
        raise typer.Exit(ROWS_REFUSED)


def broken_off(mistake: Mistake, done: int, sent: int) -> Mistake:
    """A mistake that tells which rows it leaves open."""
    zh, en = mistake.sentence
    hint_zh, hint_en = mistake.hint
    if done:
        zh += f"（前{done}行已办）"
        en += f" (the {done} rows before were answered)"
    hint_zh += f"；第{done + 1}至{done + sent}行是否已办尚不清楚，带 command_id 的行可放心重发"
    hint_en += (
        f"; rows {done + 1} to {done + sent} are open: those with a command_id can be sent again safely"
    )
    return Mistake(Sentence(zh, en), Sentence(hint_zh, hint_en), {**mistake.more, "rows_answered": done})


def hint_for(refused: "RefusedCall", service: str, method: str) -> Sentence:
    """What might help against a refusal."""
    code = refused.code
    known = Sentence(f"代码 {code}", f"the code is {code}")
    if code in ("access.no_token", "access.token_refused", "access.not_level"):
        more = Sentence("请登录：gonghui login 登录名", "run gonghui login NAME")
    elif code.startswith("access."):
        more = Sentence("请由有权限的人员办理", "somebody with that role and scope must do it")
    elif code.startswith(("field.", "input", "call.")) or refused.problems:
        more = Sentence(f"参数见 gonghui call {service}", f"its arguments: gonghui call {service}")
        code = ", ".join(dict.fromkeys(each["code"] for each in refused.problems)) or code
        known = Sentence(f"代码 {code}", f"the code is {code}")
    elif code == "unavailable":
        more = Sentence("请稍后再试", "try again later")
    else:
        return known
    return Sentence(f"{more.zh}（{known.zh}）", f"{more.en} ({known.en})")
