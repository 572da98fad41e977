"""A roster to measure with, as cells of a sheet, and sending it."""

import time
from typing import Any

from demo.district import UNIONS, organisations, parameters
from demo.people import person
from demo.typed import typed

A_CALL = 1_000


def rows(first: int, count: int) -> list[dict[str, str]]:
    """So many people's rows, spread over the district's unions."""
    unions = list(UNIONS.values())
    return [row(index, unions[index % len(unions)]) for index in range(first, first + count)]


def row(index: int, union: str) -> dict[str, str]:
    someone = person(index)
    return {
        "name": str(someone.name),
        "identity_number": str(someone.identity_number),
        "sex": "男" if someone.sex == "male" else "女",
        "birth_date": f"{someone.born_on:%Y年%m月%d日}",
        "mobile": str(someone.mobile),
        "employment_status": "在岗",
        "occupation_group": "无",
        "migrant_worker": "否",
        "organisation": union,
        "joined_on": "2024.03.01",
        "consent_version": "2024-1",
    }


def found_district(membership: Any) -> None:
    """Set the parameters and found the unions. Raises AssertionError."""
    for method, commands in (
        (membership.set_parameter_many, parameters()),
        (membership.found_organisation_many, organisations()),
    ):
        assert not any("refused" in answer for answer in method(rows=[typed(each) for each in commands]))


def send(membership: Any, sent: list[dict[str, str]], word: str, **given: Any) -> float:
    """Rows a second, 1,000 a call. Raises AssertionError where a row became something else."""
    began = time.perf_counter()
    for start in range(0, len(sent), A_CALL):
        answers = membership.import_members(rows=sent[start : start + A_CALL], **given)
        assert {each["row"] for each in answers} == {word}, answers[0]
    return len(sent) / (time.perf_counter() - began)


def measured(membership: Any, sent: list[dict[str, str]]) -> dict[str, float]:
    """Rows a second of a dry run, of the import, and of the same import again."""
    return {
        "tried": send(membership, sent[: len(sent) // 5], "new", dry_run=True),
        "new": send(membership, sent, "new"),
        "unchanged": send(membership, sent, "unchanged"),
    }
