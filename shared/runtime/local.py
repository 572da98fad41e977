"""Calling a service's methods in its own process, with a token as over the bus: for operators' commands."""

from inspect import signature
from typing import Any

from nameko.exceptions import BadRequest, MethodNotFound

from shared.rules.context import HOUSE
from shared.runtime.access import Access
from shared.runtime.calls import Call, RefusedCall, refused_call
from shared.runtime.finding import methods_of
from shared.runtime.house import House
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.signing_keys import read_signing_key
from shared.runtime.tokens import Grant, sign


class Local:
    """A service's methods by name; they check tokens, roles and scope as for anybody.

    Args:
        service: its class.
        house: prepared and opened.
        token: of whoever calls; None: nobody has logged in yet.
        access: judges tokens for this house; None: made for this caller alone.
    """

    def __init__(
        self,
        service: type[Service],
        house: House,
        token: str | None = None,
        access: Access | None = None,
    ) -> None:
        headers = {} if token is None else {"auth_token": token}
        self._service = service()
        self._call = Call(house, headers, access or Access(house, service.projections))
        # Where a container would put what its provider gives.
        vars(self._service)["call"] = self._call

    def call(self, method: str, /, **arguments: Any) -> Any:
        """What the method answers. Raises RefusedCall."""
        outcome = self._outcome(method, arguments)
        if isinstance(outcome, RefusedCall):
            raise outcome
        return outcome

    def _outcome(self, method: str, arguments: dict[str, Any]) -> Any:
        if method not in methods_of(type(self._service)):
            return refused_call("?", MethodNotFound(), self._call)
        function = getattr(self._service, method)
        try:
            signature(function).bind(**arguments)
        except TypeError:
            return refused_call(method, BadRequest(), self._call)
        return function(**arguments)


def token_of_the_house(settings: Settings, *roles: str) -> str:
    """A token for the house itself, signed by whoever holds staffing's key: how the first logins are made.

    Args:
        settings: staffing's.
    """
    key = read_signing_key(settings)
    grants = [Grant(role, None) for role in roles]
    return sign(settings, key, person_id=HOUSE.person_id, grants=grants, life_seconds=60)
