"""The story that the demonstration tells: each step is done for real, counted, and shown as it went."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from demo.district import (
    FEDERATION_NAME,
    JOINED_ON,
    UNIONS,
    full_years,
    join,
    organisations,
    parameters,
    register,
    union_of,
)
from demo.people import identity_number, person
from services.membership.aggregates import language
from shared.log.entry import Answer
from shared.log.log import Log
from shared.log.verify import verify
from shared.rules.context import Actor
from shared.rules.refusal import Refused
from shared.runtime.commands import CommandHandler, Request
from shared.runtime.identities import new_identity
from shared.runtime.opening import open_log, prepare
from shared.runtime.settings import Settings, embedded_settings

PEOPLE = 300
CLERK = Actor("registrar-1", roles=("registrar",), scope="federation")
MADE_HERE = ".demonstration"
"""Marks a folder that the demonstration made and may therefore empty."""


class Unexpected(Exception):
    """A step went otherwise than it must; the demonstration has failed."""


@dataclass
class Story:
    """The teller of the demonstration.

    Args:
        folder: holds the store and its key.
        console: where it is told.
        people: how many register and join.
    """

    folder: Path
    console: Console
    people: int = PEOPLE
    persons: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)

    def tell(self) -> bool:
        """Run the whole story; whether everything went as it must and the log is whole."""
        try:
            empty(self.folder)
            settings = embedded_settings("membership", self.folder)
            head = prepare(settings, language)
            self.step(
                f"建库：日志 {head.log_id}，纪元 {head.epoch}",
                "an empty SQLite store was made, and a log founded in it with a key of its own",
            )
            log = open_log(settings, language)
            try:
                self.found_district(CommandHandler(log))
                self.admit_members(CommandHandler(log))
                self.be_refused(CommandHandler(log))
                self.repeat_a_command(log)
                whole = self.verify(log)
            finally:
                log.store.close()
            return self.look_for_numbers(settings) and whole
        except Unexpected as unexpected:
            self.console.print(Text(f"✗ {unexpected}", "bold red"))
            return False

    def found_district(self, handler: CommandHandler) -> None:
        set_ = self.send(handler, parameters())
        self.step(
            f"设定政策参数 {set_} 项（均为样例，非官方）", "policy parameters set; samples, not official"
        )
        founded = self.send(handler, organisations())
        self.step(
            f"建会：{FEDERATION_NAME}，下辖基层工会 {founded - 1} 家（{'、'.join(UNIONS.values())}）",
            f"a district federation and {founded - 1} basic unions under it were founded",
        )

    def admit_members(self, handler: CommandHandler) -> None:
        self.persons = [new_identity() for _ in range(self.people)]
        self.members = [new_identity() for _ in range(self.people)]
        started = time.perf_counter()
        registered = self.send(handler, [register(index, each) for index, each in enumerate(self.persons)])
        joined = self.send(
            handler,
            [
                join(person(index), person_id, member_id, union_of(index))
                for index, (person_id, member_id) in enumerate(zip(self.persons, self.members, strict=True))
            ],
        )
        seconds = time.perf_counter() - started
        self.step(
            f"入会：登记 {registered} 人，{joined} 人入会，用时 {seconds:.2f} 秒",
            f"{registered} people registered, {joined} joined, in {seconds:.2f} s, each decided by the rules",
        )

    def be_refused(self, handler: CommandHandler) -> None:
        """What an official sees when something must not be: a sentence, and nothing recorded."""
        twice = join(person(0), self.persons[0], new_identity(), union_of(1))
        young = replace(person(1), identity_number=identity_number(date(2009, 6, 1), 102))
        young = replace(young, born_on=date(2009, 6, 1))
        under_age = join(young, self.persons[1], new_identity(), union_of(1))
        again = register(0, new_identity())
        for zh, en, command, code in (
            ("再入一家工会", "joining a second union", twice, "member.already_a_member"),
            (
                f"{full_years(young.born_on, JOINED_ON)}岁的学徒入会",
                "an apprentice joins too young",
                under_age,
                "member.under_age",
            ),
            ("同一证件号再登记一人", "one number, two people", again, "person.already_registered"),
        ):
            try:
                handler.handle(Request(command, CLERK))
            except Refused as refused:
                if refused.code != code:
                    raise Unexpected(f"refused by {refused.code} instead of {code}") from None
                self.step(f"拒绝（{zh}）：{refused.zh}", f"refused ({en}): {refused.en}", mark="⊘")
            else:
                raise Unexpected(f"not refused: {code}")

    def repeat_a_command(self, log: Log) -> None:
        """A caller who heard no answer sends the same again."""
        command_id, handler = new_identity(), CommandHandler(log)
        command = organisations()[1]
        command = replace(command, organisation_id="repeated", name="妙峰山林场工会", credit_code=None)
        first = handler.handle(Request(command, CLERK, command_id))
        second = handler.handle(Request(command, CLERK, command_id))
        if not second.repeated or second.position != first.position or log.head().position != first.position:
            raise Unexpected("a command that was sent twice was recorded twice")
        self.step(
            f"网络中断后重发同一命令：答复相同（位置 {second.position}），没有重复记录",
            "the same command sent again gets the first answer and is recorded once",
        )

    def verify(self, log: Log) -> bool:
        started = time.perf_counter()
        verdict = verify(log.store)
        seconds = time.perf_counter() - started
        for finding in verdict.findings:
            self.console.print(Text(f"✗ {finding.code}: {finding.place}", "bold red"))
        if verdict.findings:
            return False
        self.step(
            f"核验：{verdict.events} 个事件、{verdict.commands} 条命令逐条重算，全部相符（{seconds:.2f} 秒）",
            f"verified: {verdict.events} events and {verdict.commands} commands worked out again; all agree",
        )
        self.step(f"默克尔根 {verdict.root.hex()}", "the Merkle root: whoever keeps it can tell any change")
        return True

    def look_for_numbers(self, settings: Settings) -> bool:
        """Read the store's files as a thief would."""
        files = sorted(self.folder.glob("membership.sqlite*"))
        stolen = b"".join(file.read_bytes() for file in files)
        found = [
            index
            for index in range(self.people)
            for value in (person(index).identity_number, person(index).mobile)
            if value.encode() in stolen
        ]
        if found:
            raise Unexpected(f"the store's files hold {len(found)} personal numbers in the clear")
        self.step(
            f"翻查库文件 {len(stolen):,} 字节：没有一个身份证号或手机号的明文",
            f"{len(stolen):,} bytes of {settings.service}'s store hold no number of anybody in the clear",
        )
        return True

    def send(self, handler: CommandHandler, commands: Sequence[Any]) -> int:
        """Have commands handled in bulk; the number accepted, which must be all of them."""
        outcomes = handler.handle_many([Request(command, CLERK) for command in commands])
        for outcome in outcomes:
            if not isinstance(outcome, Answer):
                raise Unexpected(str(outcome))
        return len(outcomes)

    def step(self, zh: str, en: str, mark: str = "✓") -> None:
        self.console.print(Text(f"{mark} ", "bold green" if mark == "✓" else "bold yellow") + zh)
        self.console.print(Text(f"  {en}", "dim"))


def empty(folder: Path) -> None:
    """Make a folder ready for the story. Raises Unexpected for one with files that it did not make."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker = folder / MADE_HERE
    if not marker.exists() and any(folder.iterdir()):
        raise Unexpected(f"{folder} holds other files and is left as it is")
    marker.touch()
    for file in folder.iterdir():
        if file.is_file() and file != marker:
            file.unlink()
