"""An organisation is found as soon as it has been founded, and nobody waits where there is none."""

import time

import eventlet

from services.membership.service import MembershipService
from shared.runtime.local import Local
from tests.imports.office import Office, row_of, union_row, words
from tests.runtime.suite import token_of


def test_a_union_that_was_founded_a_moment_ago_is_waited_for(small_office: Office) -> None:
    caller = Local(MembershipService, small_office.house, token_of(small_office.folder, "clerk"))
    small_office.follow()
    founded = caller.call("import_organisations", rows=[union_row("刚建的工会")])
    assert words(founded) == ["new"]
    eventlet.spawn_after(0.2, small_office.follow)

    answers = caller.call("import_members", rows=[row_of(0, organisation="刚建的工会")], dry_run=True)

    assert words(answers) == ["new"]


def test_an_unknown_union_is_not_waited_for_though_projections_are_behind(small_office: Office) -> None:
    caller = Local(MembershipService, small_office.house, token_of(small_office.folder, "clerk"))
    small_office.follow()
    caller.call("import_members", rows=[row_of(index) for index in range(700, 705)])
    began = time.monotonic()

    answers = caller.call("import_members", rows=[row_of(1, organisation="没有")], dry_run=True)

    assert words(answers) == ["import.organisation_not_found@organisation"]
    assert time.monotonic() - began < 1.5
