"""``gonghui import``: the rows of a spreadsheet into a service, each new, changed, unchanged or refused."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible

if TYPE_CHECKING:
    from shared.files.layout import Fields, Headings, Layout
    from shared.files.pages import Page
    from shared.files.sheet import Row

ROWS_A_CALL = 1_000
CALL_SECONDS_MAX = 60.0
SHOWN_MOST = 20
FINDINGS = 1
"""The exit status where rows were refused."""
WORDS = {"new": "新增", "changed": "变更", "unchanged": "未变", "refused": "退回"}

app = typer.Typer()


@dataclass
class Importing:
    """One file on its way in.

    Args:
        rows: those that say something, with their cells by field.
        refused: why rows were refused, by index.
    """

    layout: "Layout"
    headings: "Headings"
    rows: list[tuple["Row", "Fields"]]
    counts: Counter[str] = field(default_factory=Counter)
    refused: dict[int, str] = field(default_factory=dict)

    def refuse(self, index: int, reason: str) -> None:
        self.counts["refused"] += 1
        self.refused[index] = reason


@app.command("import")
def import_(
    context: typer.Context,
    service: str = typer.Argument(help="服务，如 membership · The service"),
    kind: str = typer.Argument(help="表格种类，如 members、organisations · The kind of sheet"),
    file: Path = typer.Argument(help="xlsx、xls、ods或csv文件 · The spreadsheet"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只检查，不登记 · Only say what would happen"),
    refused: Path | None = typer.Option(
        None, help="把退回的行写入此xlsx，附错误原因 · Write the refused rows into this xlsx"
    ),
    as_of: str | None = typer.Option(
        None, help="名册日期，变更自该日起生效，缺省为今天 · The day on which the roster stands"
    ),
) -> None:
    """导入表格：xlsx、xls、ods或csv · Import a spreadsheet, such as: import membership members FILE.

    同一文件可重复导入，已登记的不再变动 · The same file again changes nothing.
    退出码：0 全部接受，1 有退回的行，2 未能执行 · 0 all accepted, 1 some refused, 2 could not run.
    """
    screen: Screen = context.obj
    if refused is not None and refused.suffix.lower() != ".xlsx":
        raise Mistake(
            Sentence("退回的行只能写成xlsx", "refused rows are written as xlsx"),
            Sentence("例如 --refused 退回.xlsx", "for example --refused refused.xlsx"),
        )
    layout = layout_of(service, kind)
    with unreadable_told():
        importing = read(file, layout)
    tell_of_headings(screen, importing)
    given: dict[str, Any] = {"dry_run": dry_run} | ({} if as_of is None else {"as_of": as_of})
    send(screen, service, importing, given)
    if refused is not None and importing.refused:
        return_refused(refused, importing)
    tell(screen, importing, dry_run=dry_run, written=refused)
    if importing.refused:
        raise typer.Exit(FINDINGS)


def layout_of(service: str, kind: str) -> "Layout":
    """The layout of a kind of sheet. Raises Mistake where a service takes no such sheets."""
    from shared.cli.services import part_of

    # Not all that a service takes in are spreadsheets: assistance reads the bank's files.
    layouts = getattr(part_of(service, "imports"), "LAYOUTS", {})
    if kind not in layouts:
        kinds = ", ".join(layouts) or "-"
        raise Mistake(
            Sentence(f"服务“{service}”不导入“{visible(kind)}”", f"“{service}” takes no {visible(kind)} in"),
            Sentence(f"可导入：{kinds}", f"it takes: {kinds}"),
        )
    layout: Layout = layouts[kind]
    return layout


def read(file: Path, layout: "Layout") -> Importing:
    """The file's rows below its headings. Raises Unreadable."""
    from shared.files.layout import Fields, find_headings
    from shared.files.reading import read_sheets
    from shared.files.sheet import Row

    sheet, headings = find_headings(layout, read_sheets(file))
    below = [each for each in sheet.rows if each.number > headings.row.number]
    rows: list[tuple[Row, Fields]] = [(each, headings.read(each)) for each in below if not each.is_blank]
    return Importing(layout, headings, rows)


def send(screen: Screen, service: str, importing: Importing, given: dict[str, Any]) -> None:
    """Have all rows judged, page by page; a row about the same as an earlier one is not sent."""
    from shared.files.pages import pages_of

    first = without_repeated(screen, importing)
    sent = [importing.rows[index][1] for index in first]
    done = 0
    with screen.progress("导入", "importing", len(sent)) as progress:
        for page in pages_of(importing.layout.parents(sent), ROWS_A_CALL):
            answers = ask_for(service, importing, [sent[index] for index in page.indexes], given)
            take(screen, importing, first, page, answers)
            done += len(page.own)
            progress(done)


def without_repeated(screen: Screen, importing: Importing) -> list[int]:
    """The indexes of the rows to send; those about the same as an earlier one are refused."""
    seen: dict[str, int] = {}
    first = []
    for index, (row, fields) in enumerate(importing.rows):
        key = importing.layout.key(fields)
        if key is None or key not in seen:
            first.append(index)
            if key is not None:
                seen[key] = row.number
        else:
            number = seen[key]
            zh = f"与第{number}行所指相同，同一文件中只能有一行"
            importing.refuse(index, screen.word(zh, f"is about the same as row {number}; a file has one row"))
    return first


def ask_for(service: str, importing: Importing, rows: list["Fields"], given: dict[str, Any]) -> list[Any]:
    from shared.cli.reaching import ask, refusals_told
    from shared.cli.session import current_token

    method = importing.layout.method
    try:
        token = current_token(CALL_SECONDS_MAX)
        with refusals_told():
            answers: list[Any] = ask(CALL_SECONDS_MAX, service, method, token, rows=rows, **given)
    except Mistake as mistake:
        done, hint = importing.counts.total(), mistake.hint
        raise Mistake(
            mistake.sentence,
            Sentence(
                f"{hint.zh}。已处理{done:,}行；再次导入同一文件即可继续",
                f"{hint.en}. {done:,} rows are done; import the same file again to go on",
            ),
        ) from None
    return answers


def take(screen: Screen, importing: Importing, first: list[int], page: "Page", answers: list[Any]) -> None:
    """Note what became of a page's own rows."""
    for index, answer in zip(page.indexes, answers, strict=True):
        if index not in page.own:
            continue
        if answer["row"] == "refused":
            importing.refuse(first[index], reason_of(screen, importing.layout, answer["refused"]))
        else:
            importing.counts[answer["row"]] += 1


def reason_of(screen: Screen, layout: "Layout", refused: dict[str, Any]) -> str:
    """Why a row was refused, in the words of its headings."""
    sentences = []
    for each in refused.get("problems") or [refused]:
        sentence = screen.word(each["zh"], each["en"])
        heading = layout.heading_of(each["field"]) if each["field"] else ""
        sentences.append(f"{heading}{screen.word('：', ': ')}{sentence}" if heading else sentence)
    return screen.word("；", "; ").join(sentences)


def return_refused(file: Path, importing: Importing) -> None:
    from shared.files.returning import return_rows

    try:
        rows = [(importing.rows[index][0], reason) for index, reason in sorted(importing.refused.items())]
        return_rows(file, importing.headings, rows)
    except OSError:
        raise Mistake(
            Sentence("退回的行无法写入该文件", "the refused rows cannot be written to that file"),
            Sentence(
                "请检查路径和权限，再次导入无妨", "look at its path and rights; importing again is harmless"
            ),
        ) from None


def tell_of_headings(screen: Screen, importing: Importing) -> None:
    """What of the sheet is not read, and what it lacks; before the rows, so that one can stop."""
    headings = importing.headings
    if screen.as_json:
        return
    screen.say(
        f"标题行为第{headings.row.number}行，其下有内容的共{len(importing.rows):,}行",
        f"the headings stand in row {headings.row.number}, below them {len(importing.rows):,} rows",
    )
    if headings.unknown:
        names = "、".join(map(visible, headings.unknown))
        screen.say(f"未读取的栏目：{names}", f"columns that are not read: {names}", "dim")
    if headings.missing:
        names = "、".join(each.heading for each in headings.missing)
        screen.say(
            f"没有的栏目：{names}；需要它们的行将被退回",
            f"columns that are not there: {names}; rows that need them are refused",
            "dim",
        )


def tell(screen: Screen, importing: Importing, *, dry_run: bool, written: Path | None) -> None:
    """What became of the rows."""
    reasons = [(importing.rows[index][0].number, each) for index, each in sorted(importing.refused.items())]
    counts = {word: importing.counts[word] for word in WORDS}
    if screen.as_json:
        headings = importing.headings
        screen.put(
            {
                "dry_run": dry_run,
                "headings_row": headings.row.number,
                "columns_not_read": headings.unknown,
                "columns_missing": [each.heading for each in headings.missing],
                "rows": counts,
                "refused": [{"row": number, "reason": reason} for number, reason in reasons],
            }
        )
        return
    for number, reason in reasons[:SHOWN_MOST]:
        screen.say(f"  第{number}行 {visible(reason)}", f"  row {number}: {visible(reason)}", "yellow")
    if len(reasons) > SHOWN_MOST:
        more = len(reasons) - SHOWN_MOST
        screen.say(f"  另有{more:,}行", f"  and {more:,} more", "yellow")
    zh = "，".join(f"{WORDS[word]}{count:,}" for word, count in counts.items())
    en = ", ".join(f"{count:,} {word}" for word, count in counts.items())
    if dry_run:
        screen.say(f"试运行，未登记任何内容：{zh}", f"a dry run, nothing was recorded: {en}", "bold")
    else:
        screen.say(f"已导入：{zh}", f"imported: {en}", "bold")
    if reasons and written is not None:
        screen.say(f"退回的行及错误原因：{written}", f"the refused rows with their reasons: {written}")
    elif reasons:
        screen.say(
            "加 --refused 文件.xlsx 可取回退回的行", "--refused FILE.xlsx gives the refused rows back", "dim"
        )


@contextmanager
def unreadable_told() -> Iterator[None]:
    from shared.files.unreadable import Unreadable

    try:
        yield
    except Unreadable as unreadable:
        raise Mistake(
            Sentence(unreadable.zh, unreadable.en), Sentence(unreadable.hint_zh, unreadable.hint_en)
        ) from None
