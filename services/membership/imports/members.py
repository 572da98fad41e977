"""Rows of a roster become members, or changes of members; again they change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from services.membership.aggregates.member import (
    ALREADY_A_MEMBER,
    TRANSFER_NEEDED,
    AdmitMember,
    ChangeMember,
    JoinMember,
    Member,
)
from services.membership.aggregates.person import ALREADY_REGISTERED, Person
from services.membership.imports.lookups import organisations_meant
from services.membership.imports.member_columns import READS
from services.membership.imports.outcomes import (
    MISSING,
    REPEATED,
    Problem,
    Result,
    Wish,
    Word,
    acting_for,
    carry_out,
    told,
    wrong_row,
)
from shared.files.cells import Cell, read_cells
from shared.log.entry import COMMAND_ID_REUSED
from shared.log.envelope import house_day, moment_text
from shared.rules.context import Actor
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal, Refused
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.runtime.identities import derived_identity, new_identity
from shared.standards.identity_number import IdentityNumber
from shared.standards.invalid import Invalid

SEX_DIFFERS = Refusal(
    "import.sex_differs", zh="与身份证号中的性别不符", en="differs from the sex in the identity number"
)
BIRTH_DATE_DIFFERS = Refusal(
    "import.birth_date_differs",
    zh="与身份证号中的出生日期不符",
    en="differs from the birth date in the identity number",
)
JOINED_ON_DIFFERS = Refusal(
    "import.joined_on_differs",
    zh="与登记的入会日期不同，入会日期不能通过导入更改",
    en="differs from the recorded day of joining, which an import does not change",
)
DOCUMENT_TYPE_DIFFERS = Refusal(
    "import.document_type_differs",
    zh="与登记的证件类型不同，证件类型不能通过导入更改",
    en="differs from the recorded type of document, which an import does not change",
)

ALWAYS = ("name", "identity_number", "organisation")
PERSONAL = ("name", "mobile")
CLEAR = ("employment_status", "occupation_group", "migrant_worker", "consent_version")
AS_THEY_ARE = (*CLEAR, "joined_on")
OF_NEW_MEMBERS = ("mobile", *AS_THEY_ARE)
OVERTAKEN = (ALREADY_REGISTERED, ALREADY_A_MEMBER, COMMAND_ID_REUSED)

Values = dict[str, Any]


def import_members(
    call: Call,
    *,
    rows: tuple[Mapping[str, Cell], ...],
    as_of: date | None = None,
    dry_run: bool = False,
) -> list[dict[str, Any]]:
    """Rows of a roster: who is no member yet joins, and what differs of a member changes.

    Each row is ``{field: text as the sheet has it}``; blank cells keep what is recorded. It answers for each
    ``{row: new | changed | unchanged | refused}`` and of the last why: ``{refused: {code, zh, en, field,
    problems}}``. as_of is the day on which the roster stands, today unless given: changes hold from then on.
    """
    today = house_day(moment_text(datetime.now(UTC)))
    page = Page(call, as_of or today, dry_run=dry_run)
    read = [_read(each, today) for each in rows]
    results = page.results(_without_repeated(read))
    # Somebody may have been quicker with a person: then there is more to be found now.
    again = [index for index, each in enumerate(results) if _is_overtaken(each)]
    for index, result in zip(again, page.results([read[index] for index in again]), strict=True):
        results[index] = result
    return told(call, "import_members", results)


def _read(row: Mapping[str, str], today: date) -> Values | Exception:
    """A row's values, or everything that is wrong with its cells."""
    values, wrong = read_cells(row, READS)
    problems: list[Problem] = list(wrong)
    failed = {field for field, _ in wrong}
    problems += [(field, MISSING) for field in ALWAYS if field not in values and field not in failed]
    number: IdentityNumber | None = values.get("identity_number")
    if number is not None:
        try:
            number.check_on(today)
        except Invalid as invalid:
            problems.append(("identity_number", invalid))
        if values.get("sex", number.sex) != number.sex:
            problems.append(("sex", SEX_DIFFERS))
        if values.get("birth_date", number.born_on) != number.born_on:
            problems.append(("birth_date", BIRTH_DATE_DIFFERS))
    return wrong_row(problems) if problems else values


def _without_repeated(rows: Sequence[Values | Exception]) -> list[Values | Exception]:
    seen: set[str] = set()
    found: list[Values | Exception] = []
    for row in rows:
        if isinstance(row, dict):
            number = row["identity_number"]
            found.append(REPEATED(field="identity_number") if number in seen else row)
            seen.add(number)
        else:
            found.append(row)
    return found


def _is_overtaken(result: Word | Exception) -> bool:
    return isinstance(result, Refused) and result.refusal in OVERTAKEN


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of a row's person: the membership, with its personal values in the clear."""

    member_id: str
    member: Member
    document_type: str | None
    name: Any
    mobile: Any


class Page:
    """The rows of one call.

    Args:
        day: from which changes hold.
    """

    def __init__(self, call: Call, day: date, *, dry_run: bool) -> None:
        self._call, self._day, self._dry_run = call, day, dry_run

    def results(self, rows: Sequence[Values | Exception]) -> list[Word | Exception]:
        """What becomes of rows that have been read."""
        good = [each for each in rows if isinstance(each, dict)]
        meant = organisations_meant(self._call, (each["organisation"] for each in good))
        actors = acting_for(self._call, [each for each in meant.values() if isinstance(each, str)])
        persons, known = self._recorded([each["identity_number"] for each in good])
        self._call.looks("import_members", compared(good, meant, actors, persons, known))
        results: list[Result] = []
        for row in rows:
            try:
                results.append(
                    row if isinstance(row, Exception) else self._wish(row, meant, actors, persons, known)
                )
            except Refused as refused:
                results.append(refused)
        return carry_out(self._call, results, dry_run=self._dry_run)

    def _recorded(self, numbers: Sequence[IdentityNumber]) -> tuple[Mapping[str, str], Mapping[str, Known]]:
        """The persons of identity numbers, and what is recorded of those who are members, by person."""
        if not numbers:
            return {}, {}
        log = self._call.house.log
        with self._call.house.store.snapshot() as connection:
            persons = log.vault.find_many(connection, "identity_number", numbers)
            if not persons:
                return {}, {}
            held = log.holders(connection, [f"membership/{each}" for each in persons.values()])
            states: dict[str, Member] = log.states(connection, list(held.values())) if held else {}
            persons_of = [f"person/{each.person_id}" for each in states.values()]
            registered: dict[str, Person] = log.states(connection, persons_of) if held else {}
            values = [getattr(each, name) for each in states.values() for name in PERSONAL]
            clear = log.vault.open_many(connection, values)
        found = {
            member.person_id: Known(
                stream.partition("/")[2],
                member,
                registered[f"person/{member.person_id}"].document_type,
                *clear[2 * index : 2 * index + 2],
            )
            for index, (stream, member) in enumerate(states.items())
        }
        return persons, found

    def _wish(
        self,
        row: Values,
        meant: Mapping[str, str | Refused],
        actors: Mapping[str, Actor | Exception],
        persons: Mapping[str, str],
        known: Mapping[str, Known],
    ) -> Result:
        organisation_id = meant[row["organisation"]]
        if isinstance(organisation_id, Refused):
            raise organisation_id
        actor = actors[organisation_id]
        if isinstance(actor, Exception):
            raise actor
        person_id = persons.get(row["identity_number"])
        recorded = None if person_id is None else known.get(person_id)
        if recorded is None:
            return _joining(row, organisation_id, person_id, actor)
        return self._change(row, organisation_id, recorded, actor)

    def _change(self, row: Values, organisation_id: str, recorded: Known, actor: Actor) -> Result:
        member = recorded.member
        if member.organisation_id != organisation_id:
            raise TRANSFER_NEEDED(field="organisation_id")
        if row.get("joined_on", member.joined_on) != member.joined_on:
            raise JOINED_ON_DIFFERS(field="joined_on")
        if row.get("document_type", recorded.document_type) != recorded.document_type:
            raise DOCUMENT_TYPE_DIFFERS(field="document_type")
        changed: dict[str, Any] = {
            name: Personal(row[name])
            for name in PERSONAL
            if name in row and row[name] != getattr(recorded, name)
        }
        changed |= {name: row[name] for name in CLEAR if name in row and row[name] != getattr(member, name)}
        if not changed:
            return "unchanged"
        command = ChangeMember(
            member_id=recorded.member_id,
            person_id=member.person_id,
            organisation_id=organisation_id,
            changed_on=self._day,
            **changed,
        )
        return Wish("changed", Request(command, actor, self._call.command_id(recorded.member_id)))


def compared(
    rows: Sequence[Values],
    meant: Mapping[str, str | Refused],
    actors: Mapping[str, Actor | Exception],
    persons: Mapping[str, str],
    known: Mapping[str, Known],
) -> list[tuple[str, list[str]]]:
    """The persons whose recorded values an answer tells of, "unchanged" above all, each with the fields."""
    found = []
    for row in rows:
        recorded = known.get(persons.get(row["identity_number"], ""))
        organisation_id = meant[row["organisation"]]
        if recorded is None or recorded.member.organisation_id != organisation_id:
            continue
        if isinstance(actors[recorded.member.organisation_id], Actor):
            found.append((recorded.member.person_id, [name for name in PERSONAL if name in row]))
    return found


def _joining(row: Values, organisation_id: str, person_id: str | None, actor: Actor) -> Result:
    """The wish to join, with registration where nobody knows the person yet."""
    if missing := [name for name in OF_NEW_MEMBERS if name not in row]:
        return wrong_row([(name, MISSING) for name in missing])
    number: IdentityNumber = row["identity_number"]
    joined_on: date = row["joined_on"]
    given: dict[str, Any] = {
        "organisation_id": organisation_id,
        "name": Personal(row["name"]),
        "identity_number": Personal(number),
        "mobile": Personal(row["mobile"]),
        "sex": number.sex,
        "birth_year": number.born_on.year,
        "age_years": number.age_on(joined_on),
    } | {name: row[name] for name in AS_THEY_ARE}
    if person_id is None:
        admission = AdmitMember(
            person_id=(fresh := new_identity()),
            member_id=new_identity(),
            document_type=row.get("document_type", "resident_identity_card"),
            **given,
        )
        return Wish("new", Request(admission, actor, reads=(f"person/{fresh}",)))
    # Of what a command id is made stands in the log in the clear: nothing personal, nor a digest of it.
    command_id = derived_identity(person_id, f"join/{organisation_id}/{joined_on}")
    joining = JoinMember(person_id=person_id, member_id=derived_identity(command_id, "member_id"), **given)
    return Wish("new", Request(joining, actor, command_id, reads=(f"person/{person_id}",)))
