"""How events look on a screen: one in two lines, one in full, or as plain data; personal values never."""

from datetime import datetime
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from shared.cli.screen import Screen
from shared.cli.sentences import visible
from shared.log.envelope import HOUSE_TIME, Envelope

PERSONAL = "‹personal›"


def as_plain(envelope: Envelope) -> dict[str, Any]:
    """An event as JSON data, with its personal fields named but not shown.

    An event that cannot be read, since somebody changed it, has the columns only.
    """
    plain: dict[str, Any] = {
        "position": envelope.position,
        "recorded_at": envelope.recorded_at,
        "stream": envelope.stream,
        "version": envelope.version,
        "type": envelope.type,
        "leaf": envelope.leaf.hex(),
    }
    try:
        facts = envelope.facts
        personal = msgspec.json.decode(envelope.sealed, type=dict[str, dict[str, str]])
    except msgspec.MsgspecError:
        return plain | {"readable": False}
    data = facts.data | {path: PERSONAL for boxes in personal.values() for path in boxes}
    return plain | {
        "readable": True,
        "id": envelope.id,
        "epoch": facts.epoch,
        "schema": facts.schema,
        "actor_id": facts.actor_id,
        "effective_on": facts.effective_on.isoformat(),
        "command_id": facts.command_id,
        "correlation_id": facts.correlation_id,
        "causation_id": facts.causation_id,
        "data": data,
    }


def in_two_lines(envelope: Envelope, screen: Screen) -> Text:
    """An event for a list: position, moment, stream, type and who; its fields below."""
    plain = as_plain(envelope)
    line = Text(f"{envelope.position:>9,}  ", "bold")
    line.append(f"{house_moment(envelope.recorded_at)}  ", "dim")
    line.append(visible(envelope.stream), "cyan")
    line.append(f" #{envelope.version}  ")
    line.append(visible(envelope.type), "green")
    if not plain["readable"]:
        return line.append("\n" + " " * 11 + screen.word("无法读取", "cannot be read"), "red")
    line.append(f"  {visible(plain['actor_id'])}", "magenta")
    fields = "  ".join(f"{visible(name)}={told(value)}" for name, value in plain["data"].items())
    return line.append("\n" + " " * 11 + fields, "dim")


def in_full(envelope: Envelope, screen: Screen) -> Table:
    """Everything that is known of one event, but for its personal values."""
    plain = as_plain(envelope)
    table = Table(show_header=False, box=None, title_justify="left", title_style="bold green")
    table.title = f"{envelope.position:,}  {visible(envelope.type)}"
    rows = [
        (screen.word("流", "stream"), f"{plain['stream']} #{plain['version']}"),
        (screen.word("记录时间", "recorded at"), house_moment(envelope.recorded_at)),
    ]
    if plain["readable"]:
        rows += [
            (screen.word("生效日期", "effective on"), plain["effective_on"]),
            (screen.word("经办人", "actor"), plain["actor_id"]),
            (screen.word("命令", "command"), plain["command_id"]),
            (screen.word("纪元", "epoch"), str(plain["epoch"])),
            (screen.word("叶哈希", "leaf"), plain["leaf"]),
            *((f"  {name}", told(value)) for name, value in plain["data"].items()),
        ]
    else:
        rows.append((screen.word("内容", "content"), screen.word("无法读取", "cannot be read")))
    for name, value in rows:
        table.add_row(Text(visible(name), "dim"), Text(visible(value), overflow="fold"))
    return table


def told(value: Any) -> str:
    """A field's value in a line."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return visible(text)


def house_moment(moment: str) -> str:
    """A recorded moment in the house's time, to the second; as it stands if it is none."""
    try:
        return datetime.fromisoformat(moment).astimezone(HOUSE_TIME).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return visible(moment)
