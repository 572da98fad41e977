"""New identities are UUIDs of version 7 in the order in which they were made."""

import time
from uuid import RFC_4122, UUID

from shared.runtime.identities import new_identity


def test_a_new_identity_is_a_uuid_of_version_7_and_is_written_as_one() -> None:
    for text in (new_identity() for _ in range(1_000)):
        identity = UUID(text)

        assert (identity.version, identity.variant) == (7, RFC_4122)
        assert str(identity) == text


def test_it_holds_the_moment_at_which_it_was_made_so_that_later_ones_sort_behind() -> None:
    before = time.time_ns() // 1_000_000
    first = new_identity()
    time.sleep(0.002)
    second = new_identity()

    assert before <= UUID(first).int >> 80 <= time.time_ns() // 1_000_000
    assert first < second
    assert len({new_identity() for _ in range(10_000)}) == 10_000
