"""Rows of the organisation tree become foundings and changes; the same rows again change nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import msgspec

from services.membership.aggregates.organisation import ChangeOrganisation, FoundOrganisation, Organisation
from services.membership.events import OrganisationFounded
from services.membership.imports.lookups import organisations_meant
from services.membership.imports.organisation_columns import READS, key_of, parents_within
from services.membership.imports.outcomes import (
    MISSING,
    REPEATED,
    Problem,
    Result,
    Wish,
    acting_for,
    carry_out,
    told,
    wrong_row,
)
from shared.files.cells import Cell, read_cells
from shared.log.envelope import HOUSE_TIME
from shared.rules.context import Actor
from shared.rules.refusal import Refusal, Refused
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.runtime.identities import derived_identity
from shared.standards.credit_code import CreditCode
from shared.standards.text import Text

IN_A_CIRCLE = Refusal(
    "import.organisations_in_a_circle",
    zh="上级工会互为上下级，形成循环",
    en="the organisations above it lead back to itself",
)
DIFFERS = Refusal(
    "import.organisation_differs",
    zh="与已登记的不同；导入可变更名称、统一社会信用代码和批准文号，上级工会、类型、层级和建会日期不在其中",
    en="differs from what is recorded; an import changes name, credit code and basis, and does not move, or "
    "alter kind, level or day of founding",
)
ABOVE_REFUSED = Refusal(
    "import.above_refused", zh="上级工会所在的行未被接受", en="the row of the organisation above was refused"
)

ALWAYS = ("name", "kind", "level", "founded_on", "basis")
FIXED = {"kind": "kind", "level": "level", "parent_id": "parent", "effective_on": "founded_on"}
"""What an event says that does not change, and the column that it comes from."""
CHANGEABLE: Mapping[str, type[str]] = {"name": Text, "credit_code": CreditCode, "basis": Text}

Values = dict[str, Any]


def import_organisations(
    call: Call, *, rows: tuple[Mapping[str, Cell], ...], as_of: date | None = None, dry_run: bool = False
) -> list[dict[str, Any]]:
    """Rows of the organisation tree, in any order: what is not recorded yet is founded, what differs changes.

    Each row is ``{field: text as the sheet has it}``; a parent is named by its number, credit code, name, or
    names from above. It answers for each ``{row: new | changed | unchanged | refused}`` and of the last why,
    as ``import_members`` does. as_of is the day from which changes hold, today unless given.
    """
    tree = Tree(call, rows, as_of or datetime.now(HOUSE_TIME).date())
    results = tree.results()
    return told(call, "import_organisations", carry_out_in_order(call, results, tree.order, dry_run=dry_run))


def carry_out_in_order(
    call: Call, results: Sequence[Result], order: Sequence[int], *, dry_run: bool
) -> list[Any]:
    """As ``carry_out``, from above to below; the answers stand in the order of the rows."""
    done = carry_out(call, [results[index] for index in order], dry_run=dry_run)
    by_row = dict(zip(order, done, strict=True))
    return [by_row[index] for index in range(len(results))]


class Tree:
    """The rows of one call, as a tree.

    Args:
        day: from which changes hold.
    """

    def __init__(self, call: Call, rows: Sequence[Mapping[str, str]], day: date) -> None:
        self._call, self._rows, self._day = call, rows, day
        self._parents = parents_within(rows)
        self._depths = [self._depth(index) for index in range(len(rows))]
        self.order = sorted(range(len(rows)), key=lambda index: self._depths[index] or 0)
        """The rows' indexes from above to below."""
        self._identities: dict[int, str] = {}

    def _depth(self, index: int) -> int | None:
        """How many rows stand above a row; None where they lead back to it."""
        passed, above = {index}, self._parents[index]
        while above is not None:
            if above in passed:
                return None
            passed.add(above)
            above = self._parents[above]
        return len(passed) - 1

    def results(self) -> list[Result]:
        """What each row asks for."""
        keys = Counter[str | None]()
        results: dict[int, Result] = {}
        rows: dict[int, Values] = {}
        for index, row in enumerate(self._rows):
            keys[key := key_of(row)] += 1
            read = _read(row)
            if isinstance(read, Exception):
                results[index] = read
            elif key is not None and keys[key] > 1:
                results[index] = REPEATED(field="name")
            elif self._depths[index] is None:
                results[index] = IN_A_CIRCLE(field="parent")
            else:
                rows[index] = read
        outside = [
            row["parent"] for index, row in rows.items() if "parent" in row and self._parents[index] is None
        ]
        meant = organisations_meant(self._call, outside, "parent")
        actors: dict[int, Any] = {}
        for depth in sorted({self._depths[index] or 0 for index in rows}):
            level = {index: row for index, row in rows.items() if (self._depths[index] or 0) == depth}
            results |= self._level(level, meant, actors)
        return [results[index] for index in range(len(self._rows))]

    def _level(
        self, rows: Mapping[int, Values], meant: Mapping[str, str | Refused], actors: dict[int, Any]
    ) -> dict[int, Result]:
        """The rows that have equally many above them: of these the parents are known."""
        results: dict[int, Result] = {}
        placed: dict[int, Values] = {}
        for index, row in rows.items():
            above = self._parents[index]
            parent: str | Refused | None
            if above is not None:
                parent = self._identities.get(above) or ABOVE_REFUSED(field="parent")
            else:
                parent = meant[row["parent"]] if "parent" in row else None
            if isinstance(parent, Refused):
                results[index] = parent
            else:
                placed[index] = row | {"parent_id": parent}
        tops = {i: row["parent_id"] for i, row in placed.items() if self._parents[i] is None}
        acting = acting_for(self._call, tops.values(), "parent_id")
        recorded = self._recorded(placed)
        for index, row in placed.items():
            above = self._parents[index]
            # Nobody can be asked yet whether a new parent lies within reach: what lies above all is asked.
            actors[index] = acting[row["parent_id"]] if above is None else actors.get(above)
            results[index] = self._result(index, row, actors[index], recorded.get(index))
        return results

    def _result(self, index: int, row: Values, actor: Any, there: Organisation | None) -> Result:
        if actor is None or isinstance(actor, Exception):
            return actor if isinstance(actor, Exception) else ABOVE_REFUSED(field="parent")
        if there is not None and there.founding is not None:
            self._identities[index] = there.founding.organisation_id
            return self._change(row, there.founding, actor)
        content = [str(self._rows[index].get(field, "")) for field in READS]
        command_id = f"import-{sha256(msgspec.json.encode(content)).hexdigest()[:32]}"
        organisation_id = row.get("number") or derived_identity(command_id, "organisation_id")
        self._identities[index] = organisation_id
        command = FoundOrganisation(
            organisation_id=organisation_id,
            name=Text(row["name"]),
            kind=row["kind"],
            level=row["level"],
            founded_on=row["founded_on"],
            basis=Text(row["basis"]),
            parent_id=row["parent_id"],
            credit_code=row.get("credit_code"),
        )
        return Wish("new", Request(command, actor, command_id))

    def _change(self, row: Values, known: OrganisationFounded, actor: Actor) -> Result:
        wished = row | {"effective_on": row["founded_on"]}
        for name, column in FIXED.items():
            if name in wished and wished[name] != getattr(known, name):
                return DIFFERS(field=column)
        changed: dict[str, Any] = {
            name: made(row[name])
            for name, made in CHANGEABLE.items()
            if name in row and row[name] != getattr(known, name)
        }
        if not changed:
            return "unchanged"
        command = ChangeOrganisation(organisation_id=known.organisation_id, changed_on=self._day, **changed)
        return Wish("changed", Request(command, actor))

    def _recorded(self, rows: Mapping[int, Values]) -> dict[int, Organisation]:
        """What is recorded of each row's organisation: by code, by number, or by name under its parent."""
        log = self._call.house.log
        keys = {
            index: [
                *([f"organisation_credit_code/{row['credit_code']}"] if "credit_code" in row else []),
                f"organisation_name/{row['parent_id'] or ''}/{row['name']}",
            ]
            for index, row in rows.items()
        }
        with self._call.house.store.snapshot() as connection:
            held = log.holders(connection, [key for each in keys.values() for key in each])
            streams = {
                index: [
                    *(held[key] for key in keys[index] if key in held),
                    *([f"organisation/{row['number']}"] if "number" in row else []),
                ]
                for index, row in rows.items()
            }
            wanted = [stream for each in streams.values() for stream in each]
            states: dict[str, Organisation] = log.states(connection, wanted) if wanted else {}
        return {
            index: there[0]
            for index, each in streams.items()
            if (there := [states[stream] for stream in each if states[stream].founding is not None])
        }


def _read(row: Mapping[str, str]) -> Values | Exception:
    """A row's values, or everything that is wrong with its cells."""
    values, wrong = read_cells(row, READS)
    problems: list[Problem] = list(wrong)
    failed = {field for field, _ in wrong}
    problems += [(field, MISSING) for field in ALWAYS if field not in values and field not in failed]
    return wrong_row(problems) if problems else values
