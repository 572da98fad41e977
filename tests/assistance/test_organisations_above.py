"""What a command is told of the tree: which organisations lie above the one that money or goods are for."""

from sqlalchemy import insert

from services.assistance.aggregates.grant.commands import ProposeGrant
from services.assistance.projections.access import organisation_tree
from services.assistance.projections.organisations_above import organisations_above, organisations_above_file
from shared.projections.following import prepare_projection
from shared.runtime.access_feeds import organisation_parents_table
from tests.assistance.town import APPROVED_ON, DISTRICT, FACTORY, Town, campaign
from tests.audit.district import two_bags

TREE = {"district": None, "town": "district", "factory": "town", "other-town": "district"}


def grow(town: Town) -> None:
    """Have the tree in the town's store: the factory's union stands two levels below the district."""
    rows = [{"organisation_id": each, "parent_id": parent} for each, parent in TREE.items()]
    with town.house.store.write() as connection:
        prepare_projection(connection, organisation_tree)
        connection.execute(insert(organisation_parents_table), rows)


def test_a_campaign_and_a_grant_are_told_who_is_above_their_organisation(each_town: Town) -> None:
    grow(each_town)
    proposal = ProposeGrant(
        grant_id="1",
        organisation_id=FACTORY,
        campaign_id="winter",
        file_id="file-1",
        person_id="person-1",
        proposed_on=APPROVED_ON,
    )
    with each_town.house.store.read() as connection:
        assert organisations_above(connection, [campaign("winter"), proposal]) == [[], ["town", DISTRICT]]


def test_an_issue_of_goods_is_told_who_is_above_the_keeper_of_the_file(each_town: Town) -> None:
    grow(each_town)
    each_town.settle([1])
    with each_town.house.store.read() as connection:
        told = organisations_above_file(connection, [two_bags(1), two_bags(2)])
    assert told == [["town", DISTRICT], []]
