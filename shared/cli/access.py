"""``gonghui bootstrap``, ``login``, ``password`` and ``signing-key``: who gets in, and how."""

import json
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import typer

from shared.cli.asking import asked
from shared.cli.screen import Screen
from shared.cli.sentences import Mistake, Sentence

if TYPE_CHECKING:
    from shared.cli.reaching import Ask

PERSONS = "membership"
"""The service that keeps persons."""
FIRST_ROLES = ("administrator", "personnel")
PAGE = 1_000

app = typer.Typer()

Service = typer.Argument(help="服务 · The service")
Timeout = typer.Option(20, min=0.1, max=3_600, help="等待应答的秒数 · Seconds to wait for each answer")


@app.command()
def bootstrap(
    context: typer.Context,
    name: str = typer.Argument(help="登录名 · The login's name"),
    person_id: str | None = typer.Option(
        None, help="已登记人员的编号 · The person, if registered; otherwise number and name are asked for"
    ),
    another: bool = typer.Option(
        False, "--another", help="已有管理员时再建一个 · One more, though there is an administrator"
    ),
    generate: bool = typer.Option(False, help="自动生成密码 · Make a password up and show it once"),
    timeout: float = Timeout,
) -> None:
    """建立首个管理员账号 · Make the first administrator; again with the same name: set the password anew."""
    from shared.cli.mistakes import told
    from shared.cli.reaching import LOGINS, reaching, refusals_told
    from shared.cli.services import settings_of
    from shared.log.envelope import house_day, moment_text
    from shared.runtime.identities import derived_identity
    from shared.runtime.local import token_of_the_house

    screen: Screen = context.obj
    # Who may read the store of logins may make its first administrator, whether the service runs or not.
    with refusals_told(), reaching(timeout, own=LOGINS) as ask:
        there = administrators(ask)
        if there and name not in there and not another:
            raise already_administered(there)
        password = token_urlsafe(16) if generate else asked("密码 · Password", is_secret=True, is_new=True)
        person_id = person_id or identified(ask)
        with told(LOGINS):
            token = token_of_the_house(settings_of(LOGINS), "administrator")
        with screen.waiting("正在建立账号", "making the login"):
            answer = ask(
                LOGINS,
                "open_login",
                token,
                person_id=person_id,
                name=name,
                command_id=derived_identity("bootstrap", f"{name}/{person_id}"),
            )
            login_id = str(next(iter(answer["streams"]))).partition("/")[2]
            ask(LOGINS, "set_password", token, login_id=login_id, password=password)
            today = house_day(moment_text(datetime.now(UTC))).isoformat()
            for role in FIRST_ROLES:
                ask(LOGINS, "grant_role", token, login_id=login_id, role=role, begins_on=today)
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
def login(
    context: typer.Context,
    name: str = typer.Argument(help="登录名 · The login's name"),
    timeout: float = Timeout,
) -> None:
    """登录，凭证存入本机目录 · Log in; the token is kept in the folder, for its owner alone."""
    from shared.cli.reaching import LOGINS, reaching, refusals_told
    from shared.cli.session import keep

    screen: Screen = context.obj
    password = asked("密码 · Password", is_secret=True)
    with (
        refusals_told(),
        screen.waiting("正在登录", "logging in"),
        reaching(timeout) as ask,
    ):
        answer = ask(LOGINS, "log_in", None, name=name, password=password)
    file, seconds = keep(answer["token"]), answer["expires_in_seconds"]
    if screen.as_json:
        screen.put({"file": str(file), "expires_in_seconds": seconds})
        return
    screen.say(
        f"已登录，{seconds // 60}分钟内有操作会自动续期（凭证：{file}）",
        f"logged in; calls within {seconds // 60} minutes renew it (the token: {file})",
    )


@app.command()
def password(context: typer.Context, timeout: float = Timeout) -> None:
    """更换自己的密码 · Change one's own password; all tokens made before end, so log in again.

    密码只在终端输入，或经标准输入给出：原密码一行，新密码两行 · Passwords are typed, never arguments.
    """
    from shared.cli.call import asked as answered
    from shared.cli.reaching import LOGINS

    screen: Screen = context.obj
    answered(
        screen,
        LOGINS,
        "change_password",
        timeout,
        password=asked("原密码 · The password until now", is_secret=True),
        new_password=asked("新密码 · The new password", is_secret=True, is_new=True),
    )
    if screen.as_json:
        screen.put({"changed": True})
        return
    screen.say(
        "密码已更换，请重新登录：gonghui login 登录名",
        "the password is changed; log in again: gonghui login NAME",
    )


@app.command(name="signing-key")
def signing_key(context: typer.Context, service: str = Service) -> None:
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


def administrators(ask: "Ask") -> list[str]:
    """The names of those who administer the district today or later, as the log of logins tells.

    A token tells it for nobody but its owner, and no read model keeps it; this is asked once in a lifetime.
    """
    from shared.cli.mistakes import told
    from shared.cli.reaching import LOGINS
    from shared.cli.services import settings_of
    from shared.log.envelope import house_day, moment_text
    from shared.runtime.tokens import OwnToken

    today = house_day(moment_text(datetime.now(UTC))).isoformat()
    with told(LOGINS):
        token = OwnToken(settings_of(LOGINS))()
    names: dict[str, str] = {}
    ends: dict[str, str] = {}
    position, head = 0, 1
    while position < head:
        page = ask(LOGINS, "events_after", token, position=position, limit=PAGE)
        for text, _ in page["events"]:
            event = json.loads(text)
            login_id = event["data"].get("login_id", "")
            match event["type"], event["data"]:
                case "LoginOpened", {"name": str(name)}:
                    names[login_id] = name
                case "RoleGranted", {"role": "administrator", "organisation_id": None, "ends_on": ends_on}:
                    ends[login_id] = ends_on or today
                case "RoleWithdrawn", {"role": "administrator", "organisation_id": None}:
                    ends.pop(login_id, None)
                case "LoginRevoked", _:
                    ends.pop(login_id, None)
        position += len(page["events"])
        head = page["head"]["position"]
    return [names[login_id] for login_id, ends_on in ends.items() if ends_on >= today]


def already_administered(names: list[str]) -> Mistake:
    every = ", ".join(names)
    return Mistake(
        Sentence(f"已有管理员账号：{every}", f"there is an administrator already: {every}"),
        Sentence(
            "重设其密码请用该登录名；确需再建一个请加 --another",
            "use that name to set the password anew; --another makes one more",
        ),
    )


def identified(ask: "Ask") -> str:
    """The person whose number and name are typed, registered now if need be."""
    from shared.cli.mistakes import told
    from shared.cli.reaching import LOGINS
    from shared.cli.services import settings_of
    from shared.runtime.tokens import OwnToken

    number = asked("身份证号 · Identity number", is_secret=True)
    name = asked("姓名 · Name")
    with told(LOGINS):
        token = OwnToken(settings_of(LOGINS))()
    answer = ask(
        PERSONS,
        "identify_person",
        token,
        document_type="resident_identity_card",
        identity_number=number,
        name=name,
    )
    return str(answer["person_id"])
