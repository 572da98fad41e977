"""The story that the demonstration tells: a district's year, done for real, counted, and shown as it went."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from shutil import rmtree
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from demo.bank_double import BankDouble
from demo.calling import Unexpected, accepted, calling
from demo.money import books_of
from demo.office import Office, office
from demo.people import identity_number, person
from demo.plan import Plan, read_plan
from demo.population import FEDERATION, staff
from demo.typed import shipped
from demo.year import Year
from services.assistance import parameters as of_assistance
from services.assistance.audit import LAWS, Tally
from services.membership import parameters as of_membership
from shared.log.verify import verify
from shared.projections.rebuilding import UnintendedDifferenceError, rebuild
from shared.runtime.calls import RefusedCall
from shared.runtime.finding import service_class, service_names
from shared.runtime.folder_lock import LOCK_FILE, lock_folder
from shared.runtime.house import House
from shared.runtime.identities import new_identity
from shared.runtime.local import token_of_the_house
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.replaying import replay
from shared.runtime.settings import embedded_settings
from shared.runtime.stopping import CannotStart
from shared.runtime.together import Together
from shared.runtime.tokens import OwnToken

REGISTRAR = 90
"""Which of the staff opens the house."""
ROLES_HELD = ("administrator", "personnel", "clerk")
MADE_HERE = ".demonstration"
"""Marks a folder that the demonstration made and may therefore empty."""
START_SECONDS_MAX = 10
STOP_SECONDS_MAX = 30
PORTION_BYTES, LONGEST_BYTES = 8 << 20, 64
LOOKED_FOR = 12
"""So many people's numbers are looked for in the stores' files."""


@dataclass
class Story:
    """The teller of the demonstration.

    Args:
        folder: holds the stores and their keys.
        console: where it is told.
        plan: what happens in the year.
    """

    folder: Path
    console: Console
    plan: Plan = field(default_factory=read_plan)

    def tell(self) -> bool:
        """Run the whole story; whether everything went as it must and every log is whole."""
        try:
            with emptied(self.folder):
                with self.services() as (houses, bus_url, registrar):
                    agrees = self.live(houses, bus_url, registrar)
                    whole = [self.verify(houses), self.replay(houses), self.rebuild(houses)]
                whole.append(self.look_for_numbers())
        except (Unexpected, RefusedCall) as unexpected:
            return self.fail(str(unexpected))
        return agrees and all(whole)

    @contextmanager
    def services(self) -> Iterator[tuple[dict[str, House], str, Any]]:
        """All services, running in this process: their houses, the bus, and a caller who may begin."""
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
            with calling(bus_url, self.log_in(bus_url, houses["staffing"])) as registrar:
                yield houses, bus_url, registrar
        finally:
            stopped = together.stop(STOP_SECONDS_MAX)
        if not stopped:
            raise Unexpected("the services did not stop in time")

    def log_in(self, bus_url: str, staffing: House) -> str:
        """The first login is opened by the house itself; from then on everybody says who they are."""
        password = token_urlsafe(16)
        somebody = staff(REGISTRAR)
        with calling(bus_url, OwnToken(staffing.settings)()) as call:
            person_id = call.membership.identify_person(
                document_type="resident_identity_card",
                identity_number=str(somebody.identity_number),
                name=str(somebody.name),
            )["person_id"]
        with calling(bus_url, token_of_the_house(staffing.settings, "administrator")) as call:
            opened = call.staffing.open_login(person_id=person_id, name="registrar")
            login_id = next(iter(opened["streams"])).partition("/")[2]
            call.staffing.set_password(login_id=login_id, password=password)
            accepted(
                call.staffing.grant_role_many,
                [{"login_id": login_id, "role": role, "begins_on": "2009-01-01"} for role in ROLES_HELD],
            )
        with calling(bus_url) as call:
            try:
                call.membership.log_head()
            except RefusedCall as refused:
                self.step(f"拒绝（未登录）：{refused.zh}", f"refused (not logged in): {refused.en}", mark="⊘")
            else:
                raise Unexpected("a call without a token was answered")
            token: str = call.staffing.log_in(name="registrar", password=password)["token"]
        return token

    def live(self, houses: dict[str, House], bus_url: str, registrar: Any) -> bool:
        """The year itself; whether what was published is what is counted."""
        set_ = accepted(registrar.membership.set_parameter_many, shipped(of_membership.ALL))
        set_ += accepted(registrar.assistance.set_parameter_many, shipped(of_assistance.ALL))
        registrar.membership.found_organisation(
            organisation_id=FEDERATION,
            name=self.plan.district.name,
            kind="federation",
            level=4,
            founded_on="1985-05-01",
            basis="京工组〔1985〕1号",
        )
        self.step(
            f"设定政策参数 {len(set_)} 项（多为样例，非官方）；{self.plan.district.name}建会",
            f"{len(set_)} policy parameters set, most of them samples; the district federation was founded",
        )
        year = Year(self.plan, self.folder, self.step, self.progress)
        with office(bus_url, registrar, self.folder) as people:
            self.step(
                f"录用并派驻专职工会社会工作者 {len(people.persons)} 人，各凭密码登录，角色随派驻起止",
                f"{len(people.persons)} social workers hired, assigned and logged in, each in another role",
            )
            year.take_members_in(people)
            self.be_refused(people)
            self.repeat_a_command(people)
            households, persons = year.put_on_file(people)
            treasury = year.help_households(people, households, persons)
            year.take_one_back(people, treasury, households, persons)
            started = time.perf_counter()
            compared = year.compare(people, houses["assistance"].log.head().position)
            self.step(
                f"统计：{time.perf_counter() - started:.2f} 秒后数字齐备",
                f"all figures stood {time.perf_counter() - started:.2f} seconds later",
            )
        table = Table("公布 · published", "数值", "统计 · counted", "")
        for name, published, counted, agrees in compared:
            table.add_row(name, published, counted, Text("✓", "green") if agrees else Text("✗", "bold red"))
        self.console.print(table)
        return all(agrees for *_, agrees in compared)

    def be_refused(self, people: Office) -> None:
        """What must not be recorded, and the sentences that the clerk is told."""
        somebody = person(1)
        wrong = str(somebody.identity_number)[:-1] + "X"
        for zh, en, given, code in (
            ("身份证号校验码不符", "a wrong check digit", {"identity_number": wrong}, "input.invalid"),
            (
                "同一证件号再登记一人",
                "one number, two people",
                {"identity_number": str(somebody.identity_number)},
                "person.already_registered",
            ),
        ):
            try:
                people.clerk.membership.register_person(
                    document_type="resident_identity_card", name=str(somebody.name), **given
                )
            except RefusedCall as refused:
                if refused.code != code:
                    raise Unexpected(f"refused by {refused.code} instead of {code}") from None
                self.step(f"拒绝（{zh}）：{refused.zh}", f"refused ({en}): {refused.en}", mark="⊘")
            else:
                raise Unexpected(f"not refused: {code}")

    def repeat_a_command(self, people: Office) -> None:
        """A caller who heard no answer sends the same again."""
        given = {
            "document_type": "resident_identity_card",
            "identity_number": str(identity_number(person(2).born_on, 999)),
            "name": "王小明",
            "command_id": new_identity(),
        }
        first = people.clerk.membership.register_person(**given)
        second = people.clerk.membership.register_person(**given)
        if second != first | {"repeated": True}:
            raise Unexpected("a command that was sent twice was recorded twice")
        self.step(
            f"网络中断后重发同一命令：答复相同（位置 {first['position']:,}），没有重复记录",
            "the same command sent again gets the first answer and is recorded once",
        )

    def verify(self, houses: dict[str, House]) -> bool:
        """Work every log out again from its bytes."""
        started = time.perf_counter()
        verdicts = {name: verify(house.store) for name, house in houses.items()}
        seconds = time.perf_counter() - started
        findings = [(name, each) for name, verdict in verdicts.items() for each in verdict.findings]
        for name, finding in findings:
            self.fail(f"{name}: {finding.code}: {finding.place}")
        if findings:
            return False
        events = sum(each.events for each in verdicts.values())
        commands = sum(each.commands for each in verdicts.values())
        self.step(
            f"核验：{len(verdicts)} 个日志共 {events:,} 个事件、{commands:,} 条命令逐条重算，"
            f"全部相符（{seconds:.1f} 秒）",
            f"verified: {events:,} events and {commands:,} commands of {len(verdicts)} logs agree",
        )
        self.step(
            f"默克尔根 {verdicts['assistance'].root.hex()}",
            "the Merkle root of assistance's log: whoever keeps it can tell any change",
        )
        return True

    def replay(self, houses: dict[str, House]) -> bool:
        """Decide every command of the money again, watch its laws, and ask the bank's own books."""
        assistance, tally = houses["assistance"], Tally()
        started = time.perf_counter()
        found = replay(assistance.store, assistance.log.language, (*LAWS, tally.law()))
        with closing(BankDouble(books_of(self.folder))) as bank:
            paid = [(line_id, amount_fen) for line_id, _, amount_fen in bank.paid()]
        findings = [*found.findings, *tally.against_books(paid)]
        seconds = time.perf_counter() - started
        for finding in findings:
            self.fail(f"{finding.code}: {finding.place}")
        self.step(
            f"审计重演：{found.decided:,} 条命令按当时的参数与状态重新裁定，{len(LAWS)} 条资金规则逐笔核对，"
            f"银行账簿 {len(paid):,} 笔，发现 {len(findings)} 处不符（{seconds:.1f} 秒）",
            f"replayed: {found.decided:,} commands decided again, {len(LAWS)} laws of money watched, "
            f"{len(paid):,} payments in the bank's own books; {len(findings)} findings",
        )
        return not findings

    def rebuild(self, houses: dict[str, House]) -> bool:
        """Make every projection anew from the events alone."""
        names = []
        for service in map(service_class, houses):
            house = houses[service.name]
            for projection in service.projections:
                try:
                    report = rebuild(house.store, house.feed(projection.source), projection)
                except UnintendedDifferenceError as different:
                    return self.fail(str(different))
                if report.failed:
                    return self.fail(f"{report.name}: {report.failed} events could not be applied")
                names.append(report.name)
        self.step(
            f"重建：{len(names)} 个投影只由事件重新建立，与原来逐行相同",
            f"{len(names)} projections were made anew from the events alone and are the same in every row",
        )
        return True

    def look_for_numbers(self) -> bool:
        """Read the stores' files as a thief would."""
        wanted = [
            value.encode()
            for index in range(LOOKED_FOR)
            for value in (person(index).identity_number, person(index).mobile)
        ]
        files = sorted(self.folder.glob("*.sqlite*"))
        size = sum(file.stat().st_size for file in files)
        found = sum(in_file(file, wanted) for file in files)
        if found:
            return self.fail(f"the stores' files hold {found} personal numbers in the clear")
        self.step(
            f"翻查库文件 {size / 1e6:,.0f} MB：没有一个身份证号或手机号的明文",
            f"{size / 1e6:,.0f} MB of the stores hold no number of anybody in the clear",
        )
        return True

    def fail(self, what: str) -> bool:
        """Show what is not as it must be."""
        self.console.print(Text(f"✗ {what}", "bold red"))
        return False

    def step(self, zh: str, en: str, mark: str = "✓") -> None:
        self.console.print(Text(f"{mark} ", "bold green" if mark == "✓" else "bold yellow") + zh)
        self.console.print(Text(f"  {en}", "dim"))

    @contextmanager
    def progress(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar while something long is done, where somebody watches."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        watched = self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=not watched) as progress:
            bar = progress.add_task(name, total=total)
            yield lambda rows: progress.advance(bar, rows)


def in_file(file: Path, wanted: Sequence[bytes]) -> int:
    """How many of some short values a file holds."""
    found: set[bytes] = set()
    with file.open("rb") as opened:
        before = b""
        while portion := opened.read(PORTION_BYTES):
            found |= {value for value in wanted if value in before + portion}
            before = portion[-LONGEST_BYTES:]
    return len(found)


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
            if file.is_dir():
                rmtree(file)
            elif file.name not in (MADE_HERE, LOCK_FILE):
                file.unlink()
        yield
