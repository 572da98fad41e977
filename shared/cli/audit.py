"""``gonghui audit``: the history of a service decided again from the first event, and one payment's story."""

from pathlib import Path
from typing import Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence, visible

# What a command needs is imported when it runs, so that `gonghui --help` answers at once.

FINDINGS = 1
"""The exit status where something was found."""
CLEAN = Sentence("审计通过：历史完整，每一裁定都合乎当时的规则", "clean: every decision was the rules' own")

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
    without_witnesses: bool = typer.Option(
        False, "--without-witnesses", help="不核对其他服务所知 · Do not ask what other services know"
    ),
) -> None:
    """从第一个事件起核验并重新裁定全部历史 · Verify a whole history and decide all of it again.

    核对：哈希与默克尔根、每条命令的裁定、资金规则、投影、统计总数、其他服务所知、银行账簿。
    退出码：0 无误，1 有发现，2 未能执行 · Exit status: 0 clean, 1 findings, 2 could not run.
    """
    from shared.cli.findings import findings_as_plain
    from shared.cli.following import opened
    from shared.cli.mistakes import position_of
    from shared.cli.services import language_of
    from shared.cli.witnessing import booked_in, figure_findings, projection_findings, witnesses_of
    from shared.runtime.auditing import against_witnesses, verify_and_replay
    from shared.runtime.opening import LONG_PATIENCE_SECONDS

    screen: Screen = context.obj
    audit = audit_of(service)
    tally = audit.Tally()
    # What cannot be asked is told before the history is replayed in vain.
    booked = None if bank_books is None else booked_in(bank_books)
    witnesses, findings = ([], []) if without_witnesses else witnesses_of(service)
    with opened(service, LONG_PATIENCE_SECONDS) as following:
        log, store = following.house.log, following.house.store
        with screen.progress("重演", "replaying", position_of(store)) as progress:
            verdict, replayed = verify_and_replay(
                store, language_of(service), (*audit.LAWS, tally.law()), progress
            )
        findings = [*verdict.findings, *replayed.findings, *findings]
        findings += against_witnesses(store, verdict.log_id, witnesses)
        with screen.waiting("核对投影", "comparing projections"):
            findings += projection_findings(following)
        figures = tally.figures()
        if not without_witnesses:
            with screen.waiting("核对统计数字", "comparing the figures"):
                findings += figure_findings(service, figures, log, replayed.position)
    if booked is not None:
        findings += tally.against_books(booked)
    meanings = {each.code: Sentence(each.zh, each.en) for each in audit.LAWS}
    show(
        screen,
        {
            "service": service,
            "log_id": verdict.log_id,
            "epoch": verdict.epoch,
            "events": replayed.events,
            "decided_again": replayed.decided,
            "root": verdict.root.hex(),
            "totals": figures,
            "witnesses": [each.reader for each in witnesses],
            "figures_compared": not without_witnesses,
            "bank_books": booked is not None,
            "clean": not findings,
            "findings": findings_as_plain(findings, meanings),
        },
    )
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


def show(screen: Screen, told: dict[str, Any]) -> None:
    """The verdict, the totals and the findings."""
    from shared.cli.findings import show_facts, show_findings

    if screen.as_json:
        screen.put(told)
        return
    show_facts(
        screen,
        (
            ("服务", "service", told["service"]),
            ("日志", "log", told["log_id"]),
            ("事件", "events", f"{told['events']:,}"),
            ("重新裁定的命令", "commands decided again", f"{told['decided_again']:,}"),
            ("默克尔根", "Merkle root", told["root"]),
            *((code, code, f"{value:,}") for code, value in told["totals"].items()),
            ("核对过的其他服务", "compared with what these know", ", ".join(told["witnesses"]) or "—"),
            ("核对过统计数字", "compared with the figures", "✓" if told["figures_compared"] else "—"),
            ("核对过银行账簿", "compared with the bank's books", "✓" if told["bank_books"] else "—"),
        ),
    )
    show_findings(screen, told["findings"], CLEAN)
