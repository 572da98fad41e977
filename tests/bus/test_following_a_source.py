"""A reader comes to hold what its source recorded, whatever the bus does meanwhile."""

from tests.bus.district import District, add, eventually, is_copy, running


def test_what_a_source_records_is_soon_in_the_replica(district: District) -> None:
    district.declare()
    with running(district.relay, district.reader):
        add(district.house, 600)
        district.relay.wake()
        eventually(district.is_level)

    assert is_copy(district.replica, district.house)
    assert district.progress
    assert district.reader.facts.malformed == 0
    assert district.relay.facts.confirmed == district.house.log.head().position


def test_a_reader_that_comes_late_pulls_what_it_missed(district: District) -> None:
    with running(district.relay):
        add(district.house, 2_500)
        district.relay.wake()
        eventually(lambda: district.relay.facts.confirmed == district.house.log.head().position)

    with running(district.reader):
        eventually(district.is_level)

    assert is_copy(district.replica, district.house)
