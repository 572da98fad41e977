"""What was found wrong: what each finding means, in a sentence, and how findings are told."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shared.cli.screen import Screen
from shared.cli.sentences import Sentence, visible

if TYPE_CHECKING:
    from shared.log.verify_chunk import Finding

SHOWN_MOST = 100

MEANINGS = {
    "event.leaf": Sentence(
        "事件内容与其哈希不符：内容或哈希被改动",
        "an event does not match its hash: its content or the hash was changed",
    ),
    "event.column": Sentence(
        "事件的某一列与其原文不符：该列被改动", "a column of an event differs from its text: it was changed"
    ),
    "event.gap": Sentence("缺少事件：位置不连续", "an event is missing: the positions have a gap"),
    "event.moment": Sentence(
        "事件的记录时间早于前一事件", "an event is recorded earlier than the one before it"
    ),
    "event.unreadable": Sentence("事件原文无法读取", "an event's text cannot be read"),
    "command.digest": Sentence(
        "命令内容与其摘要不符：内容或摘要被改动",
        "a command does not match its digest: its content or the digest was changed",
    ),
    "command.column": Sentence(
        "命令的某一列与其原文不符：该列被改动", "a column of a command differs from its text: it was changed"
    ),
    "command.gap": Sentence("缺少命令：编号不连续", "a command is missing: the numbers have a gap"),
    "command.event": Sentence(
        "事件与产生它的命令对不上", "an event and the command that made it do not agree"
    ),
    "command.idle": Sentence(
        "已受理但未产生事件的命令被增删或改动",
        "commands that were accepted and decided nothing were added, removed or changed",
    ),
    "command.unreadable": Sentence("命令原文无法读取", "a command's text cannot be read"),
    "head.column": Sentence(
        "日志头与由事件重新算出的结果不符", "the head differs from what is worked out from the events"
    ),
    "stream.gap": Sentence("流的版本号不连续", "the versions of a stream have a gap"),
    "keys.differ": Sentence(
        "唯一键表与日志记载的占用和释放不符",
        "the table of unique keys differs from what the log says was taken and released",
    ),
    "replay.no_command": Sentence("事件没有产生它的命令", "no command made this event"),
    "replay.unreadable": Sentence("命令或事件无法读取，不能重新裁定", "a command or event cannot be read"),
    "replay.refused": Sentence(
        "按当时的规则这条命令应被拒绝", "the rules then in force would have refused this command"
    ),
    "replay.undecidable": Sentence(
        "规则无法对这条命令作出裁定：内容或前提不可能如此",
        "the rules cannot decide this command at all: it cannot have been so",
    ),
    "replay.other_events": Sentence(
        "按当时的规则会作出不同的裁定", "the rules then in force decide otherwise than was recorded"
    ),
    "replay.other_parameters": Sentence(
        "裁定所用政策参数与历史不符", "the decision used other policy parameters than history has"
    ),
    "replay.other_states": Sentence(
        "裁定所见状态与历史不符", "the decision saw other states than history has"
    ),
    "witness.other_log": Sentence("其他服务所知的是另一个日志", "another service knows another log"),
    "witness.cut_off": Sentence(
        "日志末尾被截去：其他服务知道更多事件", "the log was cut off: another service knows more events"
    ),
    "witness.other_root": Sentence(
        "与其他服务记得的默克尔根不符", "another service remembers another Merkle root"
    ),
    "witness.silent": Sentence(
        "其他服务应当知道该日志，却一无所知", "another service should know the log, and knows nothing of it"
    ),
    "projection.differs": Sentence("投影与事件不符", "a projection is not what the events make"),
    "projection.failed": Sentence("有事件未能计入投影", "events could not be applied to a projection"),
    "total.differs": Sentence("统计数字与重演结果不符", "a figure is not what the replay comes to"),
    "total.behind": Sentence(
        "统计服务尚未知道全部事件，统计数字无法核对",
        "the service that counts does not know all events yet, so that its figures cannot be compared",
    ),
    "bank.paid_twice": Sentence("银行账簿显示同一明细支付多次", "the bank paid a line more than once"),
    "bank.differs": Sentence("银行账簿与日志不符", "the bank's books and the log differ"),
}
UNEXPLAINED = Sentence("其他不符之处", "something else is not as it was recorded")


def meaning(code: str) -> Sentence:
    """What a finding's code means."""
    return MEANINGS.get(code, UNEXPLAINED)


def findings_as_plain(
    findings: "Sequence[Finding]", further: Mapping[str, Sentence] | None = None
) -> list[dict[str, Any]]:
    """Findings as JSON data, each with its meaning.

    Args:
        further: what codes mean that only one service knows.
    """
    known = further or {}
    return [
        {"code": each.code, "place": each.place, **known.get(each.code, meaning(each.code))._asdict()}
        for each in findings
    ]


def show_facts(screen: Screen, facts: Sequence[tuple[str, str, str]]) -> None:
    """What stands above the findings: for each line its name in both languages, and its value."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None)
    for zh, en, value in facts:
        table.add_row(Text(screen.word(zh, en), "dim"), Text(visible(value), overflow="fold"))
    screen.out.print(table)


def show_findings(screen: Screen, findings: Sequence[Mapping[str, Any]], clean: Sentence) -> None:
    """Findings as ``findings_as_plain`` gives them, or what is said where there are none."""
    from rich.table import Table
    from rich.text import Text

    if not findings:
        screen.say(*clean, "bold green")
        return
    count, more = len(findings), len(findings) - SHOWN_MOST
    screen.say(f"发现 {count:,} 处问题", f"{count:,} findings", "bold red")
    headings = (("代码", "code"), ("说明", "meaning"), ("位置", "place"))
    table = Table(*(screen.word(*each) for each in headings))
    for each in findings[:SHOWN_MOST]:
        table.add_row(Text(each["code"]), screen.word(each["zh"], each["en"]), Text(visible(each["place"])))
    screen.out.print(table)
    if more > 0:
        screen.say(f"另有 {more:,} 处；全部见 --json", f"{more:,} more; all with --json")
