"""Settings of a service: read from the environment, checked at start, each with an embedded default."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from environs import Env
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from shared.bus.addresses import EMBEDDED, is_embedded_bus
from shared.log.sealing import KEY_BYTES
from shared.runtime.wrong_setting import PREFIX, WrongSetting
from shared.standards.division_code import DivisionCode
from shared.standards.invalid import Invalid

DISTRICT = "110109"
FOLDER = "var/gonghui"
BUS_URL = "embedded://gonghui"
DATABASES = ("sqlite", "postgresql+psycopg")
BUSES = (EMBEDDED, "amqp", "amqps", "pyamqp")

Checked = TypeVar("Checked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one service is told from outside.

    Args:
        district: the division code of the district whose house this is.
        folder: where the embedded defaults keep their files.
        files: where files stand that the service hands out and takes in; its instances share it.
        database_url: of the service's own store; it may hold a password.
        master_key_file: holds the 32 bytes, in hexadecimal, that wrap the persons' keys.
        signing_key_file: the private key under which the service signs tokens.
        public_keys: the folder with the public keys of all services.
        bus_url: it may hold a password.
    """

    service: str
    district: DivisionCode
    folder: Path
    files: Path
    database_url: str = field(repr=False)
    master_key_file: Path
    signing_key_file: Path
    public_keys: Path
    bus_url: str = field(repr=False)

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def on_embedded_bus(self) -> bool:
        return is_embedded_bus(self.bus_url)

    @property
    def master_key_variable(self) -> str:
        """The environment variable that names the master key's file."""
        return f"{PREFIX}{self.service.upper()}_MASTER_KEY_FILE"

    @property
    def signing_key_variable(self) -> str:
        """The environment variable that names the signing key's file."""
        return f"{PREFIX}{self.service.upper()}_SIGNING_KEY_FILE"


def embedded_settings(service: str, folder: Path) -> Settings:
    """The settings of a service that needs nothing but a folder; the environment is not asked."""
    folder = folder.expanduser().absolute()
    database = URL.create("sqlite", database=str(folder / f"{service}.sqlite"))
    return Settings(
        service=service,
        district=DivisionCode(DISTRICT),
        folder=folder,
        files=folder,
        database_url=database.render_as_string(),
        master_key_file=folder / f"{service}.key",
        signing_key_file=folder / f"{service}.signing.pem",
        public_keys=folder / "public_keys",
        bus_url=BUS_URL,
    )


def read_settings(service: str) -> Settings:
    """The settings of a service from the environment; what is not set there has its embedded default.

    Raises:
        WrongSetting: one of them cannot be used.
    """
    env = Env(prefix=PREFIX)
    own = f"{service.upper()}_"

    def read(name: str, default: str, check: Callable[[str, str], Checked]) -> Checked:
        return check(f"{PREFIX}{name}", env.str(name, default))

    def read_password(name: str) -> str | None:
        file = env.str(name, None)
        return None if file is None else _password(f"{PREFIX}{name}", file)

    folder = read("FOLDER", FOLDER, _path)
    default = embedded_settings(service, folder)
    database_url = read(f"{own}DATABASE_URL", default.database_url, _database_url)
    if (password := read_password(f"{own}DATABASE_PASSWORD_FILE")) is not None:
        database_url = make_url(database_url).set(password=password).render_as_string(hide_password=False)
    bus_url = read("BUS_URL", BUS_URL, _bus_url)
    if (password := read_password("BUS_PASSWORD_FILE")) is not None:
        bus_url = _with_password(f"{PREFIX}BUS_URL", bus_url, password)
    return Settings(
        service=service,
        district=read("DISTRICT", DISTRICT, _district),
        folder=default.folder,
        files=read(f"{own}FILES", str(default.files), _path),
        database_url=database_url,
        master_key_file=read(f"{own}MASTER_KEY_FILE", str(default.master_key_file), _path),
        signing_key_file=read(f"{own}SIGNING_KEY_FILE", str(default.signing_key_file), _path),
        public_keys=read("PUBLIC_KEYS", str(default.public_keys), _path),
        bus_url=bus_url,
    )


def read_master_key(settings: Settings) -> bytes:
    """The master key's 32 bytes, read anew each time so that no settings object holds them.

    Raises:
        WrongSetting: the file is missing, cannot be read or holds something else.
    """
    variable = settings.master_key_variable
    try:
        text = settings.master_key_file.read_text(encoding="ascii")
    except FileNotFoundError:
        raise WrongSetting(
            variable, "主密钥文件不存在", "the file with the master key does not exist"
        ) from None
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(variable, "主密钥文件无法读取", "the master key's file cannot be read") from None
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WrongSetting(
            variable,
            f"主密钥文件应为{2 * KEY_BYTES}位十六进制数（{KEY_BYTES}字节）",
            f"the master key's file must hold {2 * KEY_BYTES} hexadecimal digits ({KEY_BYTES} bytes)",
        )
    return key


def _path(variable: str, text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise WrongSetting(variable, "须填写路径", "must be a path")
    return Path(text).expanduser().absolute()


def _password(variable: str, file: str) -> str:
    """A password from its file, where no process list and no inspection of a container shows it."""
    try:
        text = Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        text = ""
    if not text:
        raise WrongSetting(
            variable, "密码文件无法读取或为空", "the password's file cannot be read or is empty"
        )
    return text


def _with_password(variable: str, url: str, password: str) -> str:
    scheme, _, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    if not at or ":" in user:
        raise WrongSetting(
            variable,
            "与密码文件同用时，地址应为 amqp://用户@主机/虚拟主机",
            "with a password's file the address must be amqp://user@host/vhost",
        )
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def _district(variable: str, text: str) -> DivisionCode:
    try:
        return DivisionCode.parse(text)
    except Invalid as invalid:
        raise WrongSetting(variable, invalid.zh, invalid.en) from None


def _database_url(variable: str, text: str) -> str:
    try:
        url = make_url(text)
        usable = url.drivername in DATABASES and url.database not in (None, "", ":memory:")
    except (ArgumentError, ValueError):
        usable = False
    if not usable:
        raise WrongSetting(
            variable,
            "数据库地址应为 sqlite:///文件 或 postgresql+psycopg://用户@主机/数据库",
            "the database's address must be sqlite:///file or postgresql+psycopg://user@host/database",
        )
    return text


def _bus_url(variable: str, text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in BUSES or not rest.strip("/"):
        raise WrongSetting(
            variable,
            "总线地址应为 embedded://名称 或 amqp://用户@主机/虚拟主机",
            "the bus's address must be embedded://name or amqp://user@host/vhost",
        )
    return text
