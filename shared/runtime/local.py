"""Calling a service's methods in its own process, with a token as over the bus: for operators' commands."""

from typing import Any

from shared.runtime.access import Access
from shared.runtime.calls import Call, RefusedCall
from shared.runtime.founding import HOUSE
from shared.runtime.house import House
from shared.runtime.service import Service
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.tokens import Grant, sign


class Local:
    """A service's methods by name; they check tokens, roles and scope as for anybody.

    Args:
        service: its class.
        house: prepared and opened.
        token: of whoever calls; None: nobody has logged in yet.
    """

    def __init__(self, service: type[Service], house: House, token: str | None = None) -> None:
        headers = {} if token is None else {"auth_token": token}
        self._service = service()
        # Where a container would put what its provider gives.
        vars(self._service)["call"] = Call(house, headers, Access(house, service.projections))

    def call(self, method: str, /, **arguments: Any) -> Any:
        """What the method answers. Raises RefusedCall."""
        outcome = getattr(self._service, method)(**arguments)
        if isinstance(outcome, RefusedCall):
            raise outcome
        return outcome


def token_of_the_house(house: House, *roles: str) -> str:
    """A token for the house itself, signed by whoever holds staffing's key: how the first logins are made."""
    key = read_signing_key(house.settings)
    grants = [Grant(role, None) for role in roles]
    return sign(house.settings, key, person_id=HOUSE.person_id, grants=grants, life_seconds=60)
