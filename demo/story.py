"""The story that the demonstration tells: each step is done for real, counted, and shown as it went."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from nameko.standalone.rpc import ClusterRpcProxy
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
from demo.typed import typed
from shared.log.verify import verify
from shared.projections.rebuilding import UnintendedDifferenceError, rebuild
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_class, service_names
from shared.runtime.folder_lock import LOCK_FILE, lock_folder
from shared.runtime.house import House
from shared.runtime.identities import new_identity
from shared.runtime.local import token_of_the_house
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.settings import embedded_settings
from shared.runtime.stopping import CannotStart
from shared.runtime.together import Together

PEOPLE = 300
CLERK = "registrar-1"
ROLES_HELD = ("administrator", "auditor", "clerk", "statistician")
MADE_HERE = ".demonstration"
"""Marks a folder that the demonstration made and may therefore empty."""
START_SECONDS_MAX = 10
STOP_SECONDS_MAX = 10
CALL_SECONDS_MAX = 30


class Unexpected(Exception):
    """A step went otherwise than it must; the demonstration has failed."""


@dataclass
class Story:
    """The teller of the demonstration.

    Args:
        folder: holds the stores and their keys.
        console: where it is told.
        people: how many register and join.
    """

    folder: Path
    console: Console
    people: int = PEOPLE
    persons: list[str] = field(default_factory=list)

    def tell(self) -> bool:
        """Run the whole story; whether everything went as it must and every log is whole."""
        try:
            with emptied(self.folder):
                with self.services() as (houses, call):
                    self.found_district(call)
                    self.admit_members(call)
                    self.be_refused(call)
                    self.repeat_a_command(call)
                    whole = self.verify(houses)
                    self.rebuild(houses)
                self.look_for_numbers()
        except Unexpected as unexpected:
            self.console.print(Text(f"✗ {unexpected}", "bold red"))
            return False
        return whole

    @contextmanager
    def services(self) -> Iterator[tuple[dict[str, House], Any]]:
        """All services, running in this process; their houses by name, and a caller of theirs."""
        settings = {service_class(name): embedded_settings(name, self.folder) for name in service_names()}
        together = Together(settings, ProcessSettings())
        together.start()
        try:
            deadline = time.monotonic() + START_SECONDS_MAX
            while reasons := together.reasons():
                if time.monotonic() > deadline:
                    raise Unexpected(f"the services do not start: {', '.join(reasons)}")
                time.sleep(0.02)
            houses = {service.name: house for service, house in together.houses.items()}
            self.step(
                f"开门：{len(houses)} 个服务同在一个进程（{'、'.join(houses)}），各有自己的库、日志和主密钥",
                f"{len(houses)} services run in this process, each with a store, a log and a key of its own",
            )
            (bus_url,) = {each.bus_url for each in settings.values()}
            token = self.log_in(bus_url, houses["staffing"])
            with calling(bus_url, token) as call:
                yield houses, call
        finally:
            stopped = together.stop(STOP_SECONDS_MAX)
        if not stopped:
            raise Unexpected("the services did not stop in time")

    def log_in(self, bus_url: str, staffing: House) -> str:
        """The first login is opened by the house itself; from then on everybody says who they are."""
        password = token_urlsafe(16)
        with calling(bus_url, token_of_the_house(staffing.settings, "administrator")) as call:
            opened = call.staffing.open_login(person_id=CLERK, name="registrar")
            login_id = next(iter(opened["streams"])).partition("/")[2]
            call.staffing.set_password(login_id=login_id, password=password)
            accepted(
                call.staffing.grant_role_many,
                [{"login_id": login_id, "role": role, "begins_on": "2024-01-01"} for role in ROLES_HELD],
            )
        with calling(bus_url) as call:
            try:
                call.membership.log_head()
            except RefusedCall as refused:
                self.step(f"拒绝（未登录）：{refused.zh}", f"refused (not logged in): {refused.en}", mark="⊘")
            else:
                raise Unexpected("a call without a token was answered")
            token: str = call.staffing.log_in(name="registrar", password=password)["token"]
        self.step(
            f"登录：经办人凭密码取得五分钟有效的签名凭证，角色 {len(ROLES_HELD)} 个",
            f"logged in: a signed token, good for five minutes everywhere, with {len(ROLES_HELD)} roles",
        )
        return token

    def found_district(self, call: Any) -> None:
        set_ = accepted(call.membership.set_parameter_many, [typed(each) for each in parameters()])
        self.step(
            f"设定政策参数 {len(set_)} 项（样例，非官方）", "policy parameters set; samples, not official"
        )
        founded = accepted(call.membership.found_organisation_many, [typed(each) for each in organisations()])
        self.step(
            f"建会：{FEDERATION_NAME}，下辖基层工会 {len(founded) - 1} 家（{'、'.join(UNIONS.values())}）",
            f"a district federation and {len(founded) - 1} basic unions under it were founded",
        )

    def admit_members(self, call: Any) -> None:
        """Members join in one service, and another has counted them as soon as it is asked."""
        started = time.perf_counter()
        registered = accepted(
            call.membership.register_person_many,
            [typed(register(index, ""), "person_id") for index in range(self.people)],
        )
        self.persons = [next(iter(each["streams"])).partition("/")[2] for each in registered]
        joined = accepted(
            call.membership.join_member_many,
            [
                typed(join(person(index), person_id, "", union_of(index)), "member_id")
                for index, person_id in enumerate(self.persons)
            ],
        )
        seconds = time.perf_counter() - started
        self.step(
            f"入会：登记 {len(registered)} 人，{len(joined)} 人入会，用时 {seconds:.2f} 秒",
            f"{len(registered)} people registered, {len(joined)} joined, in {seconds:.2f} s, "
            "each decided by the rules",
        )
        started = time.perf_counter()
        at_least = {name: joined[-1][name] for name in ("source", "epoch", "position")}
        counted = call.reporting.member_count(at_least=at_least)
        seconds = time.perf_counter() - started
        members = counted["answer"]["members"]
        if members != len(joined) or not counted["complete"]:
            raise Unexpected(f"membership recorded {len(joined)}, reporting counted {members}")
        self.step(
            f"统计：会员服务登记 {len(joined)} 人，事件经总线送达，统计服务计得 {members} 人"
            f"（又 {seconds:.2f} 秒）",
            f"membership recorded {len(joined)}, reporting counted {members}: "
            "the events travelled over the bus, and the query waited for the last of them",
        )

    def be_refused(self, call: Any) -> None:
        """What an official sees when something must not be: a sentence, and nothing recorded."""
        twice = typed(join(person(0), self.persons[0], "", union_of(1)), "member_id")
        young = replace(person(1), identity_number=identity_number(date(2009, 6, 1), 102))
        young = replace(young, born_on=date(2009, 6, 1))
        under_age = typed(join(young, self.persons[1], "", union_of(1)), "member_id")
        again = typed(register(0, ""), "person_id")
        for zh, en, method, given, code in (
            ("再入一家工会", "joining a second union", "join_member", twice, "member.already_a_member"),
            (
                f"{full_years(young.born_on, JOINED_ON)}岁的学徒入会",
                "an apprentice joins too young",
                "join_member",
                under_age,
                "member.under_age",
            ),
            (
                "同一证件号再登记一人",
                "one number, two people",
                "register_person",
                again,
                "person.already_registered",
            ),
        ):
            try:
                getattr(call.membership, method)(**given)
            except RefusedCall as refused:
                if refused.code != code:
                    raise Unexpected(f"refused by {refused.code} instead of {code}") from None
                self.step(f"拒绝（{zh}）：{refused.zh}", f"refused ({en}): {refused.en}", mark="⊘")
            else:
                raise Unexpected(f"not refused: {code}")

    def repeat_a_command(self, call: Any) -> None:
        """A caller who heard no answer sends the same again."""
        command = organisations()[1]
        command = replace(command, organisation_id="repeated", name="妙峰山林场工会", credit_code=None)
        given = typed(command) | {"command_id": new_identity()}
        first = call.membership.found_organisation(**given)
        second = call.membership.found_organisation(**given)
        position = call.membership.log_head()["position"]
        if second != first | {"repeated": True} or first["position"] != position:
            raise Unexpected("a command that was sent twice was recorded twice")
        self.step(
            f"网络中断后重发同一命令：答复相同（位置 {position}），没有重复记录",
            "the same command sent again gets the first answer and is recorded once",
        )

    def verify(self, houses: dict[str, House]) -> bool:
        started = time.perf_counter()
        verdicts = {name: verify(house.store) for name, house in houses.items()}
        seconds = time.perf_counter() - started
        findings = [(name, each) for name, verdict in verdicts.items() for each in verdict.findings]
        for name, finding in findings:
            self.console.print(Text(f"✗ {name}: {finding.code}: {finding.place}", "bold red"))
        if findings:
            return False
        events = sum(each.events for each in verdicts.values())
        commands = sum(each.commands for each in verdicts.values())
        self.step(
            f"核验：{len(verdicts)} 个日志共 {events} 个事件、{commands} 条命令逐条重算，"
            f"全部相符（{seconds:.2f} 秒）",
            f"verified: {events} events and {commands} commands of {len(verdicts)} logs worked out again; "
            "all agree",
        )
        self.step(
            f"默克尔根 {verdicts['membership'].root.hex()}",
            "the Merkle root of membership's log: whoever keeps it can tell any change",
        )
        return True

    def rebuild(self, houses: dict[str, House]) -> None:
        """Make every projection anew from the events alone."""
        for service in map(service_class, houses):
            house = houses[service.name]
            for projection in service.projections:
                try:
                    report = rebuild(house.store, house.feed(projection.source), projection)
                except UnintendedDifferenceError as different:
                    raise Unexpected(str(different)) from None
                if report.failed:
                    raise Unexpected(f"{report.name}: {report.failed} events could not be applied")
                self.step(
                    f"重建：由 {report.position} 个事件重新建立投影 {report.name}，与原来逐行相同",
                    f"the projection {report.name} was made anew from {report.position} events "
                    "and is the same in every row",
                )

    def look_for_numbers(self) -> None:
        """Read the stores' files as a thief would."""
        files = sorted(self.folder.glob("*.sqlite*"))
        stolen = b"".join(file.read_bytes() for file in files)
        found = [
            index
            for index in range(self.people)
            for value in (person(index).identity_number, person(index).mobile)
            if value.encode() in stolen
        ]
        if found:
            raise Unexpected(f"the stores' files hold {len(found)} personal numbers in the clear")
        self.step(
            f"翻查库文件 {len(stolen):,} 字节：没有一个身份证号或手机号的明文",
            f"{len(stolen):,} bytes of the stores hold no number of anybody in the clear",
        )

    def step(self, zh: str, en: str, mark: str = "✓") -> None:
        self.console.print(Text(f"{mark} ", "bold green" if mark == "✓" else "bold yellow") + zh)
        self.console.print(Text(f"  {en}", "dim"))


def calling(bus_url: str, token: str | None = None) -> Any:
    """A caller of all services, as other systems are."""
    data = {} if token is None else {"auth_token": token}
    return ClusterRpcProxy({"AMQP_URI": bus_url}, context_data=data, timeout=CALL_SECONDS_MAX)


def accepted(method: Callable[..., Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to commands sent in bulk, all of which must be accepted."""
    answers: list[dict[str, Any]] = method(rows=rows)
    for answer in answers:
        if "refused" in answer:
            raise Unexpected(answer["refused"]["en"])
    return answers


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """A folder made ready for the story and held meanwhile.

    Raises Unexpected for one with files that the demonstration did not make, or that services work in.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker = folder / MADE_HERE
    if not marker.exists() and any(folder.iterdir()):
        raise Unexpected(f"{folder} holds other files and is left as it is")
    marker.touch()
    try:
        held = lock_folder(folder)
    except CannotStart as running:
        raise Unexpected(str(running)) from None
    with held:
        for file in folder.iterdir():
            if file.is_file() and file.name not in (MADE_HERE, LOCK_FILE):
                file.unlink()
        yield
