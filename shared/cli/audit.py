"""``gonghui audit``: the history of a service decided again from the first event, and one payment's story."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible

# What a command needs is imported when it runs, so that `gonghui --help` answers at once.
if TYPE_CHECKING:
    from shared.log.store import Store
    from shared.log.verify_chunk import Finding
    from shared.runtime.auditing import Witness

FINDINGS = 1
"""The exit status where something was found."""
SHOWN_MOST = 100
EVER = {"from_on": "1900-01-01", "to_on": "9999-12-31"}
COUNTS = "reporting"
"""The service whose figures are compared."""
LOGINS = "staffing"
"""The service under whose key a token is good everywhere."""

app = typer.Typer(
    help="审计：重演历史、说明一笔支付 · Audit: replay a history, tell a payment's story",
    no_args_is_help=True,
)

Service = typer.Option("assistance", help="服务 · The service")


@app.command()
def replay(
    context: typer.Context,
    service: str = Service,
    bank_books: Path | None = typer.Option(
        None, help="银行账簿（csv：line_id,amount_fen） · What the bank booked as paid, a line each"
    ),
) -> None:
    """从第一个事件起核验并重新裁定全部历史 · Verify a whole history and decide all of it again.

    核对：哈希与默克尔根、每条命令的裁定、资金规则、投影、统计总数、其他服务所知、银行账簿。
    退出码：0 无误，1 有发现，2 未能执行 · Exit status: 0 clean, 1 findings, 2 could not run.
    """
    from shared.cli.following import opened
    from shared.cli.services import language_of
    from shared.projections.rebuilding import compare
    from shared.runtime.auditing import against_witnesses, verify_and_replay
    from shared.runtime.opening import LONG_PATIENCE_SECONDS

    screen: Screen = context.obj
    audit = audit_of(service)
    tally = audit.Tally()
    with opened(service, LONG_PATIENCE_SECONDS) as following:
        store = following.house.store
        with bar(screen, store) as advance:
            verdict, replayed = verify_and_replay(
                store, language_of(service), (*audit.LAWS, tally.law()), advance
            )
        findings = [*verdict.findings, *replayed.findings]
        witnesses = witnesses_of(service)
        findings += against_witnesses(store, verdict.log_id, witnesses)
        with screen.waiting("核对投影", "comparing projections"):
            for projection in following.projections(None):
                report = compare(store, following.feed(projection.source), projection)
                findings += projection_findings(projection.name, report)
    figures = tally.figures()
    counted = counted_by_others()
    findings += figure_findings(figures, counted)
    if bank_books is not None:
        findings += tally.against_books(booked_in(bank_books))
    told = {
        "service": service,
        "log_id": verdict.log_id,
        "epoch": verdict.epoch,
        "events": replayed.events,
        "decided_again": replayed.decided,
        "root": verdict.root.hex(),
        "totals": figures,
        "witnesses": [each.reader for each in witnesses],
        "figures_compared": counted is not None,
        "bank_books": bank_books is not None,
        "clean": not findings,
        "findings": [
            {"code": each.code, "place": each.place, **sentence_of(each.code, audit)._asdict()}
            for each in findings
        ],
    }
    show(screen, told)
    if findings:
        raise typer.Exit(FINDINGS)


@app.command()
def explain(
    context: typer.Context,
    payment: str = typer.Argument(help="救助编号（grant_id） · The grant that was paid"),
    service: str = Service,
) -> None:
    """一笔支付的来龙去脉 · One payment's story, each step with who took it and its event's position."""
    from shared.cli.following import opened
    from shared.rules.refusal import Refused

    screen: Screen = context.obj
    audit = audit_of(service)
    with opened(service) as following:
        try:
            story = audit.explain(following.house.log, payment)
        except Refused as refused:
            raise Mistake(
                Sentence(refused.zh, refused.en),
                Sentence(
                    "编号见 gonghui figure relief.person_times 的 grant_id 列",
                    "gonghui figure relief.person_times lists the grant_ids",
                ),
            ) from None
    if screen.as_json:
        screen.put({"service": service, "payment": payment, "story": story})
        return
    for step in story:
        sentence = visible(screen.word(step["zh"], step["en"]))
        screen.out.print(f"{step['on']}  [dim]{step['position']:>9,}[/dim]  ", end="")
        screen.say(sentence, sentence)


def audit_of(service: str) -> Any:
    """A service's audit. Raises Mistake where it has none."""
    from shared.cli.services import part_of

    audit = part_of(service, "audit")
    if audit is None:
        raise Mistake(
            Sentence(f"服务“{service}”没有审计规则", f"“{service}” has no laws to audit by"),
            Sentence("其日志可用 gonghui log verify 核验", "its log is verified by gonghui log verify"),
        )
    return audit


def witnesses_of(service: str) -> "list[Witness]":
    """What the other services' replicas know of a log; those that cannot be opened are passed over."""
    from shared.cli.following import opened
    from shared.runtime.auditing import witness
    from shared.runtime.finding import service_names

    known = []
    for reader in service_names():
        if reader == service:
            continue
        try:
            with opened(reader) as other:
                known.append(witness(other.house.store, reader, service))
        except Mistake:
            continue
    return [each for each in known if each is not None]


def projection_findings(name: str, report: Any) -> "list[Finding]":
    """Rows that are not what the events make of them, and events that could not be applied."""
    from shared.log.verify_chunk import Finding

    found = []
    if report.differences:
        found.append(Finding("projection.differs", f"{name}: {report.differences} rows"))
    if report.failed:
        found.append(Finding("projection.failed", f"{name}: {report.failed} events"))
    return found


def counted_by_others() -> dict[str, int | None] | None:
    """The figures by their codes; None where nobody counts here. Raises Mistake where they are refused."""
    from contextlib import ExitStack

    from shared.cli.following import opened
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.calls import RefusedCall
    from shared.runtime.local import Local, token_of_the_house

    with ExitStack() as stack:
        try:
            counting = stack.enter_context(opened(COUNTS))
        except Mistake:
            return None
        with told(LOGINS):
            token = token_of_the_house(settings_of(LOGINS), "auditor")
        try:
            answer = Local(counting.service, counting.house, token).call("figures", **EVER)
        except RefusedCall as refused:
            raise Mistake(
                Sentence(f"统计数字无法核对：{refused.zh}", f"the figures cannot be compared: {refused.en}"),
                Sentence("请查看 gonghui status", "look at gonghui status"),
            ) from None
    return {each["code"]: each["value"] for each in answer["answer"]}


def figure_findings(totals: dict[str, int], counted: "dict[str, int | None] | None") -> "list[Finding]":
    """Totals that are not what the figures say; where nobody counts, nothing is compared."""
    from shared.log.verify_chunk import Finding

    if counted is None:
        return []
    return [
        Finding("total.differs", f"{code}: replay {value}, figures {counted.get(code)}")
        for code, value in totals.items()
        if counted.get(code) != value
    ]


def booked_in(file: Path) -> list[tuple[str, int]]:
    """Line and fen of each payment that the bank booked. Raises Mistake."""
    import csv

    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            booked = [(row["line_id"], int(row["amount_fen"])) for row in reader]
            # A file without a row may be any file at all: its headings tell.
            headings = set(reader.fieldnames or ())
    except (OSError, KeyError, TypeError, ValueError):
        headings, booked = set(), []
    if not {"line_id", "amount_fen"} <= headings:
        raise Mistake(
            Sentence(f"无法读取银行账簿 {file}", f"the bank's books {file} cannot be read"),
            Sentence("应为csv，首行 line_id,amount_fen", "a csv is expected that begins line_id,amount_fen"),
        )
    return booked


def bar(screen: Screen, store: "Store") -> Any:
    """A progress bar over the log's events, where somebody watches."""
    from contextlib import contextmanager

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from shared.cli.mistakes import position_of

    @contextmanager
    def shown() -> Any:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(
            *columns, console=screen.errors, disable=not screen.shows_progress, transient=True
        ) as progress:
            done = progress.add_task(screen.word("重演", "replaying"), total=position_of(store))
            yield lambda events: progress.update(done, completed=events)

    return shown()


def sentence_of(code: str, audit: Any) -> Sentence:
    """What a finding's code means."""
    from shared.cli.findings import meaning

    for law in audit.LAWS:
        if law.code == code:
            return Sentence(law.zh, law.en)
    return meaning(code)


def show(screen: Screen, told: dict[str, Any]) -> None:
    """The verdict, the totals and the findings."""
    from rich.table import Table
    from rich.text import Text

    if screen.as_json:
        screen.put(told)
        return
    table = Table(show_header=False, box=None)
    for zh, en, value in (
        ("服务", "service", told["service"]),
        ("日志", "log", told["log_id"]),
        ("事件", "events", f"{told['events']:,}"),
        ("重新裁定的命令", "commands decided again", f"{told['decided_again']:,}"),
        ("默克尔根", "Merkle root", told["root"]),
        *((code, code, f"{value:,}") for code, value in told["totals"].items()),
        ("核对过的其他服务", "compared with what these know", ", ".join(told["witnesses"]) or "—"),
        ("核对过统计数字", "compared with the figures", "✓" if told["figures_compared"] else "—"),
        ("核对过银行账簿", "compared with the bank's books", "✓" if told["bank_books"] else "—"),
    ):
        table.add_row(Text(screen.word(zh, en), "dim"), Text(visible(value), overflow="fold"))
    screen.out.print(table)
    if told["clean"]:
        screen.say(
            "审计通过：历史完整，每一裁定都合乎当时的规则",
            "clean: every decision was the rules' own",
            "bold green",
        )
        return
    findings = told["findings"]
    screen.say(f"发现 {len(findings):,} 处问题", f"{len(findings):,} findings", "bold red")
    found = Table(
        *(screen.word(*each) for each in (("代码", "code"), ("说明", "meaning"), ("位置", "place")))
    )
    for each in findings[:SHOWN_MOST]:
        found.add_row(Text(each["code"]), screen.word(each["zh"], each["en"]), Text(visible(each["place"])))
    screen.out.print(found)
    if len(findings) > SHOWN_MOST:
        more = len(findings) - SHOWN_MOST
        screen.say(f"另有 {more:,} 处；全部见 --json", f"{more:,} more; all with --json")
