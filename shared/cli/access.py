"""``gonghui bootstrap``, ``gonghui login`` and ``gonghui signing-key``: who gets in, and how."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import Any

import typer

from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

LOGINS, PERSONS = "staffing", "membership"
"""The services that keep logins and persons."""
FIRST_ROLES = ("administrator", "personnel")
TOKEN_FILE = "token"  # noqa: S105 - a name

app = typer.Typer()


@app.command()
def bootstrap(
    context: typer.Context,
    name: str,
    person_id: str | None = typer.Option(
        None, help="已登记人员的编号 · The person, if registered; otherwise number and name are asked for"
    ),
    generate: bool = typer.Option(False, help="自动生成密码 · Make a password up and show it once"),
) -> None:
    """建立首个管理员账号 · Make the first administrator; again with the same name: set the password anew."""
    from datetime import UTC, datetime

    from shared.log.envelope import house_day, moment_text
    from shared.runtime.local import Local, token_of_the_house

    screen: Screen = context.obj
    password = token_urlsafe(16) if generate else asked("密码 · Password", is_secret=True, is_new=True)
    with opened(LOGINS) as (service, house), refusals_told():
        person_id = person_id or identified(house)
        staffing = Local(service, house, token_of_the_house(house, "administrator"))
        answer = staffing.call(
            "open_login", person_id=person_id, name=name, command_id=f"bootstrap-{name}-{person_id}"
        )
        login_id = str(next(iter(answer["streams"]))).partition("/")[2]
        staffing.call("set_password", login_id=login_id, password=password)
        today = house_day(moment_text(datetime.now(UTC))).isoformat()
        for role in FIRST_ROLES:
            staffing.call("grant_role", login_id=login_id, role=role, begins_on=today)
    if screen.as_json:
        made = {"name": name, "login_id": login_id, "person_id": person_id, "roles": FIRST_ROLES}
        screen.put(made | ({"password": password} if generate else {}))
        return
    screen.say(
        f"管理员账号“{name}”已就绪，请用 gonghui login {name} 登录",
        f"the administrator “{name}” is ready; log in with gonghui login {name}",
    )
    if generate:
        screen.say(f"密码（只显示这一次）：{password}", f"the password, shown only now: {password}")


@app.command()
def login(context: typer.Context, name: str) -> None:
    """登录，凭证存入本机目录 · Log in; the token is kept in the folder, for its owner alone."""
    from shared.cli.services import settings_of
    from shared.runtime.secret_files import write_anew

    screen: Screen = context.obj
    password = asked("密码 · Password", is_secret=True)
    with refusals_told():
        answer = ask(LOGINS, "log_in", None, name=name, password=password)
    file = settings_of(LOGINS).folder / TOKEN_FILE
    write_anew(file, answer["token"])
    seconds = answer["expires_in_seconds"]
    if screen.as_json:
        screen.put({"file": str(file), "expires_in_seconds": seconds})
        return
    screen.say(f"已登录，凭证{seconds}秒内有效：{file}", f"logged in; good for {seconds} s: {file}")


@app.command(name="signing-key")
def signing_key(context: typer.Context, service: str) -> None:
    """更换服务的签名密钥 · Make a new key; the old one ends when its public file is removed."""
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.signing_keys import make_signing_key, read_signing_key

    screen: Screen = context.obj
    with told(service):
        settings = settings_of(service)
        make_signing_key(settings, anew=True)
        key_id = read_signing_key(settings).key_id
    if screen.as_json:
        screen.put({"service": service, "key_id": key_id})
        return
    screen.say(
        f"服务“{service}”的新签名密钥：{key_id}；重启该服务后，从 {settings.public_keys} 删除旧公钥",
        f"“{service}” has the key {key_id}; restart it, then remove the old one from {settings.public_keys}",
    )


def identified(house: Any) -> str:
    """The person whose number and name are typed, registered now if need be."""
    from shared.runtime.tokens import OwnToken

    answer = ask(
        PERSONS,
        "identify_person",
        OwnToken(house.settings)(),
        document_type="resident_identity_card",
        identity_number=asked("身份证号 · Identity number", is_secret=True),
        name=asked("姓名 · Name"),
    )
    return str(answer["person_id"])


def ask(service_name: str, method: str, token: str | None, /, **arguments: Any) -> Any:
    """What a service answers: over the broker, or in this process where the bus is embedded."""
    from shared.cli.mistakes import told
    from shared.cli.processes import EMBEDDED
    from shared.cli.services import settings_of
    from shared.runtime.local import Local
    from shared.runtime.remote import NoAnswer, call_remotely

    with told(service_name):
        bus_url = settings_of(service_name).bus_url
    if bus_url.startswith(EMBEDDED):
        with opened(service_name) as (service, house):
            return Local(service, house, token).call(method, **arguments)
    try:
        return call_remotely(bus_url, service_name, method, token, **arguments)
    except NoAnswer:
        raise Mistake(
            Sentence(f"服务“{service_name}”没有应答", f"the service “{service_name}” does not answer"),
            Sentence("请检查服务和消息代理是否运行", "see whether the service and the broker run"),
        ) from None


@contextmanager
def opened(name: str) -> Iterator[tuple[Any, Any]]:
    """A service's class and house, opened in this process."""
    from shared.cli.mistakes import told
    from shared.cli.services import settings_of
    from shared.runtime.finding import service_class
    from shared.runtime.opening import CONNECTIONS
    from shared.runtime.together import open_prepared

    with told(name):
        settings = settings_of(name)
        service = service_class(name)
        house = open_prepared(service, settings, CONNECTIONS)
        try:
            yield service, house
        finally:
            house.close()


@contextmanager
def refusals_told() -> Iterator[None]:
    from shared.runtime.calls import RefusedCall

    try:
        yield
    except RefusedCall as refused:
        problem = next(iter(refused.problems), refused.as_plain())
        raise Mistake(
            Sentence(problem["zh"], problem["en"]),
            Sentence(f"代码 {problem['code']}", f"the code is {problem['code']}"),
        ) from None


def asked(question: str, *, is_secret: bool = False, is_new: bool = False) -> str:
    """What is typed; a secret is not shown, and a new one is typed twice."""
    answer: str = typer.prompt(question, hide_input=is_secret, confirmation_prompt=is_new, err=True)
    return answer
