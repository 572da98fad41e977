"""What each finding of a verification means, in a sentence."""

from shared.cli.sentences import Sentence

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
    "projection.differs": Sentence("投影与事件不符", "a projection is not what the events make"),
    "projection.failed": Sentence("有事件未能计入投影", "events could not be applied to a projection"),
    "total.differs": Sentence("统计数字与重演结果不符", "a figure is not what the replay comes to"),
    "bank.paid_twice": Sentence("银行账簿显示同一明细支付多次", "the bank paid a line more than once"),
    "bank.differs": Sentence("银行账簿与日志不符", "the bank's books and the log differ"),
}
UNEXPLAINED = Sentence("其他不符之处", "something else is not as it was recorded")


def meaning(code: str) -> Sentence:
    """What a finding's code means."""
    return MEANINGS.get(code, UNEXPLAINED)
