"""How what goes wrong beneath a command is told to whoever typed it: a sentence and a hint, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared.cli.sentences import Mistake, Sentence
from shared.log.entry import Unavailable
from shared.log.log import NotFounded
from shared.log.store import Store
from shared.log.tables import events
from shared.runtime.wrong_setting import WrongSetting

MISSING_TABLE = "42P01"
MISSING_ROLE = "42704"
MISSING_RIGHT = "42501"


@contextmanager
def told(service: str) -> Iterator[None]:
    """Turn what settings and stores raise into mistakes."""
    try:
        yield
    except WrongSetting as wrong:
        raise Mistake(
            Sentence(f"设置 {wrong.variable} 有误：{wrong.zh}", f"the setting {wrong.variable}: {wrong.en}"),
            Sentence(
                f"请检查环境变量 {wrong.variable}", f"look at the environment variable {wrong.variable}"
            ),
        ) from None
    except NotFounded:
        raise _not_founded(service) from None
    except Unavailable:
        raise _unreachable(service) from None
    except DBAPIError as error:
        raise _of_database(service, error) from None
    except SQLAlchemyError:
        raise _unreachable(service) from None


def position_of(store: Store) -> int:
    """The last position of a log, as its events tell: the head may be damaged. Raises NotFounded."""
    with store.read() as connection:
        last = connection.scalar(select(func.max(events.c.position)))
    if last is None:
        raise NotFounded("the store holds no log yet")
    return int(last)


def _of_database(service: str, error: DBAPIError) -> Mistake:
    state = getattr(error.orig, "sqlstate", None)
    if state == MISSING_TABLE or "no such table" in str(error.orig):
        return _not_founded(service)
    if state == MISSING_ROLE:
        return Mistake(
            Sentence("数据库中没有这个角色", "the database has no such role"),
            Sentence("请先由数据库管理员建立该角色", "have the database's administrator create it first"),
        )
    if state == MISSING_RIGHT:
        return Mistake(
            Sentence("数据库账号没有所需的权限", "the database account lacks the right that this needs"),
            Sentence(
                f"建库和授权须用库的所有者账号：gonghui migrate {service} --role 角色",
                f"the owner's account prepares and grants: gonghui migrate {service} --role ROLE",
            ),
        )
    if "not a database" in str(error.orig):
        return Mistake(
            Sentence("该文件不是数据库", "the file is not a database"),
            Sentence(f"请检查 {_url_variable(service)}", f"look at {_url_variable(service)}"),
        )
    return _unreachable(service)


def _not_founded(service: str) -> Mistake:
    return Mistake(
        Sentence(f"服务“{service}”的日志尚未建立", f"the log of “{service}” has not been founded"),
        Sentence(f"请先运行：gonghui migrate {service}", f"run first: gonghui migrate {service}"),
    )


def _unreachable(service: str) -> Mistake:
    variable = _url_variable(service)
    return Mistake(
        Sentence(f"无法访问服务“{service}”的数据库", f"the database of “{service}” cannot be reached"),
        Sentence(
            f"请检查数据库是否运行，以及 {variable}", f"see whether the database runs, and look at {variable}"
        ),
    )


def _url_variable(service: str) -> str:
    return f"GONGHUI_{service.upper()}_DATABASE_URL"
