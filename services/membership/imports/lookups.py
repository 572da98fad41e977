"""Finding organisations by what a cell says of them: credit code, number, name, or names from above."""

from collections.abc import Collection, Iterable
from contextlib import suppress

from services.membership.aggregates.organisation import Organisation
from services.membership.imports.organisation_columns import number, path_of
from services.membership.imports.outcomes import NOT_FOUND, SEVERAL
from services.membership.projections.organisation_names import organisation_names, organisations_at
from shared.projections import checkpoints
from shared.projections.waiting import NotYetError, wait_for
from shared.rules.refusal import Refused
from shared.runtime.calls import Call
from shared.standards.credit_code import CreditCode
from shared.standards.invalid import Invalid

NAMES_WAIT_SECONDS = 2.0
"""How long names are waited for that were perhaps recorded a moment ago."""


def organisations_meant(
    call: Call, references: Iterable[str], field: str = "organisation"
) -> dict[str, str | Refused]:
    """The identity of the organisation that each reference means, or why there is none.

    Args:
        field: the column that refusals name.
    """
    wanted = list(dict.fromkeys(references))
    found = _found(call, wanted)
    if missing := [each for each in wanted if not found[each]]:
        _await_names(call)
        found |= _found(call, missing)
    return {reference: _the_one(candidates, field) for reference, candidates in found.items()}


def _the_one(candidates: Collection[str], field: str) -> str | Refused:
    match list(candidates):
        case [organisation_id]:
            return organisation_id
        case []:
            return NOT_FOUND(field=field)
        case _:
            return SEVERAL(field=field)


def _found(call: Call, references: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {each: set() for each in references}
    if not found:
        return found
    log = call.house.log
    codes = {f"organisation_credit_code/{code}": each for each in references if (code := _code(each))}
    numbers = {f"organisation/{each}": each for each in references if _is_number(each)}
    paths = {path: each for each in references if (path := path_of(each))}
    with call.house.store.read() as connection:
        for key, stream in log.holders(connection, list(codes)).items() if codes else ():
            found[codes[key]].add(stream.partition("/")[2])
        for stream, state in log.states(connection, list(numbers)).items() if numbers else ():
            if isinstance(state, Organisation) and state.founding is not None:
                found[numbers[stream]].add(stream.partition("/")[2])
        for path, there in organisations_at(connection, paths).items():
            found[paths[path]].update(there)
    return found


def _code(reference: str) -> str | None:
    with suppress(Invalid):
        return CreditCode.parse(reference)
    return None


def _is_number(reference: str) -> bool:
    with suppress(Invalid):
        return number(reference) == reference
    return False


def _await_names(call: Call) -> None:
    """Until the names of all organisations are known that have been founded by now."""
    log = call.house.log
    with call.house.store.read() as connection:
        known = checkpoints.position_of(connection, organisation_names.name)
        # An import itself keeps projections behind; what it waits for is foundings only.
        founded = log.page(connection, known, log.position(connection) - known, organisation_names.handled)
    if founded:
        with suppress(NotYetError):
            wait_for(call.house.store, organisation_names.name, founded[-1].position, NAMES_WAIT_SECONDS)
