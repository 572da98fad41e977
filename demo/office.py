"""The district's own people: each is hired, assigned from a day, and logs in with a role of theirs."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from demo.calling import accepted, calling
from demo.population import FEDERATION, staff
from shared.runtime.secret_files import write_anew

ROLES = ("clerk", "reviewer", "approver", "cashier", "reconciler", "statistician", "auditor")
HIRED_ON = "2009-09-01"
LOGINS = "logins.txt"
RENEW_SECONDS = 120
"""A token lives for five minutes."""


class Office:
    """Callers by role, each in the name of another person: ``office.clerk.assistance.open_file(…)``.

    Args:
        persons: the person of each role.
        tokens: with which each logged in; renewed while the office works.
    """

    def __init__(
        self, bus_url: str, persons: dict[str, str], tokens: dict[str, str], left: ExitStack
    ) -> None:
        self.persons = persons
        self._bus_url = bus_url
        self._tokens = tokens
        self._left = left
        self._callers: dict[str, tuple[float, Any]] = {}

    def __getattr__(self, role: str) -> Any:
        if role not in self._tokens:
            raise AttributeError(role)
        called_at, caller = self._callers.get(role, (float("-inf"), None))
        if time.monotonic() - called_at > RENEW_SECONDS:
            if caller is not None:
                self._tokens[role] = caller.staffing.renew()["token"]
            caller = self._left.enter_context(calling(self._bus_url, self._tokens[role]))
            self._callers[role] = time.monotonic(), caller
        return caller


@contextmanager
def office(bus_url: str, registrar: Any, folder: Path) -> Iterator[Office]:
    """Hire, assign and log in one person for each role.

    Args:
        registrar: a caller who may register persons, hire and grant roles.
        folder: where the names and passwords are left for whoever goes on by hand.
    """
    people = [staff(number) for number in range(len(ROLES))]
    found = registrar.membership.identify_persons(
        persons=[{"identity_number": str(each.identity_number), "name": str(each.name)} for each in people]
    )
    persons = {role: each["person_id"] for role, each in zip(ROLES, found, strict=True)}
    accepted(
        registrar.staffing.hire_worker_many,
        [
            {"person_id": each, "hiring_kind": "graduate", "basis": "门工录〔2009〕1号", "hired_on": HIRED_ON}
            for each in persons.values()
        ],
    )
    accepted(
        registrar.staffing.assign_worker_many,
        [
            {
                "person_id": each,
                "assignment_id": f"headquarters-{role}",
                "basis": "门工派〔2009〕1号",
                "begins_on": HIRED_ON,
                "organisation_id": FEDERATION,
            }
            for role, each in persons.items()
        ],
    )
    tokens, passwords = {}, {}
    for role, person_id in persons.items():
        login_id, password = f"login-{role}", token_urlsafe(9)
        passwords[role] = password
        registrar.staffing.open_login(login_id=login_id, person_id=person_id, name=role)
        registrar.staffing.set_password(login_id=login_id, password=password)
        registrar.staffing.grant_role(
            login_id=login_id, role=role, begins_on=HIRED_ON, assignment_id=f"headquarters-{role}"
        )
        with calling(bus_url) as anybody:
            tokens[role] = anybody.staffing.log_in(name=role, password=password)["token"]
    write_anew(folder / LOGINS, "".join(f"{name} {password}\n" for name, password in passwords.items()))
    with ExitStack() as left:
        yield Office(bus_url, persons, tokens, left)
