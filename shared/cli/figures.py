"""``gonghui figures`` and ``gonghui figure``: the district's figures, and what stands behind each of them."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import typer

from shared.cli.reaching import Ask, reaching, refusals_told
from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible
from shared.cli.session import current_token
from shared.standards.money import format_yuan

FIGURES = "reporting"
"""The service that counts."""
YUAN = "元"
BARS_MOST = 15
PAGE = 1_000
WIDEST = 1_000

app = typer.Typer()

From = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="起始日，缺省为当年1月1日 · First day")
To = typer.Option(None, "--to", formats=["%Y-%m-%d"], help="截止日，缺省为今天 · Last day")
Organisation = typer.Option(None, help="工会组织编号，含其全部下级 · An organisation with all below it")
Programme = typer.Option(None, help="项目，如 winter_warmth · A programme")
AsOf = typer.Option(
    None,
    formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    help="按当时已登记的事件统计；只写日期指当日结束 · As recorded by then; a day means its end",
)
Timeout = typer.Option(20, min=0.1, max=3_600, help="等待应答的秒数 · Seconds to wait for each answer")


@app.command()
def figures(
    context: typer.Context,
    from_: datetime | None = From,
    to: datetime | None = To,
    organisation: str | None = Organisation,
    programme: str | None = Programme,
    chart: str = typer.Option("relief.person_times", help="图表的指标 · The figure of the chart"),
    xlsx: Path | None = typer.Option(None, help="另存为Excel文件 · Also write a workbook"),
    html: Path | None = typer.Option(None, help="另存为网页，含图表 · Also write a page with a chart"),
    as_of: datetime | None = AsOf,
    timeout: float = Timeout,
) -> None:
    """某时期的全部统计数字 · All figures of a period, for an organisation and all below it.

    指定项目时，不分项目的指标（会员、物资）不列数值 · Under a programme, what belongs to none is left out.
    """
    from shared.files.figures_page import figures_page
    from shared.files.figures_workbook import write_figures

    screen: Screen = context.obj
    period = period_of(from_, to)
    moment, then = moment_of(as_of), "_as_of" if as_of else ""
    chosen = period | {"organisation_id": organisation, "programme": programme, "moment": moment}
    with refusals_told(), screen.waiting("正在统计", "counting"), reaching(timeout) as ask:
        told = answer(ask, timeout, f"figures{then}", **chosen)
        parts: list[dict[str, Any]] = []
        if html is not None:
            parts = answer(ask, timeout, f"figure_parts{then}", code=chart, **chosen)["answer"]
    found = told["answer"]
    title = f"{screen.word('统计数字', 'Figures')} {period['from_on']} – {period['to_on']}"
    note = known(told, screen, moment)
    if programme is not None:
        note += screen.word("；不分项目的指标未列数值", "; what belongs to no programme is left out")
    if xlsx is not None:
        write_figures(xlsx, title, lines(found, screen), note)
    if html is not None:
        of = next((each for each in found if each["code"] == chart), None)
        unit = of["unit"] if of else ""
        html.write_text(
            figures_page(
                title,
                lines(found, screen),
                f"{screen.word(of['zh'], of['en'])}（{unit}）" if of else chart,
                [bar(each, unit) for each in parts[:BARS_MOST]],
                note,
                lang="zh-CN" if screen.tongue == "zh" else "en",
            ),
            encoding="utf-8",
        )
    if screen.as_json:
        screen.put(told | period | {"as_of": moment})
        return
    show(title, found, note, screen)
    for file in (xlsx, html):
        if file is not None:
            screen.say(f"已写入 {file}", f"written: {file}", "dim")


@app.command()
def figure(
    context: typer.Context,
    code: str = typer.Argument(help="指标代码，如 relief.amount · A figure's code"),
    from_: datetime | None = From,
    to: datetime | None = To,
    organisation: str | None = Organisation,
    programme: str | None = Programme,
    as_of: datetime | None = AsOf,
    limit: int = typer.Option(20, min=1, max=1_000_000, help="最多显示的行数 · The most rows shown"),
    timeout: float = Timeout,
) -> None:
    """一个数字背后的逐笔事实及其事件位置 · The facts behind a figure, each with its event's position."""
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    screen: Screen = context.obj
    period = period_of(from_, to)
    moment, then = moment_of(as_of), "_as_of" if as_of else ""
    given = period | {"organisation_id": organisation, "programme": programme, "moment": moment}
    rows: list[dict[str, Any]] = []
    with refusals_told(), screen.waiting("正在查找", "looking"), reaching(timeout) as ask:
        while len(rows) < limit:
            after = rows[-1]["position"] if rows else 0
            page = answer(
                ask,
                timeout,
                f"figure_rows{then}",
                code=code,
                after=after,
                limit=min(PAGE, limit - len(rows)),
                **given,
            )["answer"]
            rows += page
            if not page:
                break
    if screen.as_json:
        screen.put({"code": code, **period, "as_of": moment, "rows": rows})
        return
    if not rows:
        screen.say("没有相应的事实", "there are no facts behind it")
        return
    table = Table()
    # The first of the positions is that by which pages are asked for; nobody needs to read it twice.
    columns = [name for name in rows[0] if name != "position"]
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(in_words(row[name]))) for name in columns))
    if not screen.out.is_terminal:
        # What is read by a program, such as grep, is not folded.
        wide = screen.out.options.update_width(WIDEST)
        table.width = Measurement.get(screen.out, wide, table).maximum
    screen.out.print(table, crop=False)
    screen.say(
        "事件原文：gonghui log show 服务 位置（positions 列）",
        "the events themselves: gonghui log show SERVICE POSITION (the column “positions”)",
        "dim",
    )


def in_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def answer(ask: Ask, timeout: float, method: str, **arguments: Any) -> Any:
    """What the counting service answers to whoever logged in."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return ask(FIGURES, method, current_token(timeout), **given)


def period_of(from_: datetime | None, to: datetime | None) -> dict[str, str]:
    """The period's days as the service takes them. Raises Mistake."""
    from shared.log.envelope import HOUSE_TIME

    last: date = to.date() if to else datetime.now(HOUSE_TIME).date()
    first: date = from_.date() if from_ else date(last.year, 1, 1)
    if first > last:
        raise Mistake(
            Sentence("起始日晚于截止日", "the period begins after it ends"),
            Sentence("请检查 --from 和 --to", "see --from and --to"),
        )
    return {"from_on": first.isoformat(), "to_on": last.isoformat()}


def moment_of(as_of: datetime | None) -> str | None:
    """The moment that was asked for, in the house's time; a day alone means its end."""
    from shared.log.envelope import HOUSE_TIME

    if as_of is None:
        return None
    if as_of.time() == time.min:
        as_of = datetime.combine(as_of, time.max)
    return as_of.replace(tzinfo=HOUSE_TIME).isoformat()


def shown(value: int | None, unit: str) -> str:
    """A value as people read it: fen as yuan, thousands apart, nothing counted as a dash."""
    if value is None:
        return "—"
    return format_yuan(value) if unit == YUAN else f"{value:,}"


def lines(found: list[dict[str, Any]], screen: Screen) -> list[Any]:
    """The figures as lines of a page."""
    from shared.files.figures_page import Line

    return [
        Line(
            screen.word(each["zh"], each["en"]),
            shown(each["value"], each["unit"]),
            each["unit"],
            each["code"],
        )
        for each in found
    ]


def bar(part: dict[str, Any], unit: str) -> Any:
    from shared.files.figures_page import Bar

    return Bar(part["name"], part["value"], shown(part["value"], unit))


def known(told: dict[str, Any], screen: Screen, moment: str | None = None) -> str:
    """How far the figures know, or knew at a moment, in a sentence."""
    far = "、".join(f"{source} {position:,}" for source, position in sorted(told["known"].items()))
    note = screen.word(f"已统计至事件位置：{far}", f"counted up to the positions: {far}")
    if moment is not None:
        then = moment[:19].replace("T", " ")
        note = screen.word(f"截至{then}已登记者；{note}", f"as recorded by {then}; {note}")
    if told["complete"]:
        return note
    return note + screen.word(
        "（不完整：有事件搁置或待重建）", " (incomplete: events are parked, or a rebuild is due)"
    )


def show(title: str, found: list[dict[str, Any]], note: str, screen: Screen) -> None:
    """The figures as a page in the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left")
    for name, justify in (("指标", "left"), ("数值", "right"), ("单位", "left"), ("代码", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for line in lines(found, screen):
        table.add_row(Text(line.name), Text(line.value), Text(line.unit), Text(line.code, "dim"))
    screen.out.print(table)
    screen.out.print(Text(note, "dim"))
