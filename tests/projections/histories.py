"""Random histories of funds, for laws that hold for all of them."""

from typing import Any

from hypothesis import strategies as st

from tests.log.fund import Added, Noted, Spent
from tests.projections.told import Told

fund_ids = st.sampled_from(["a", "b", "c"])
amounts = st.integers(1, 9)
events: st.SearchStrategy[Any] = st.one_of(
    st.builds(Added, fund_id=fund_ids, amount_fen=amounts),
    st.builds(Spent, fund_id=fund_ids, amount_fen=amounts),
    st.builds(Noted, fund_id=fund_ids, text=st.just("x")),
)


@st.composite
def histories(draw: st.DrawFn) -> Told:
    """What some funds tell, now and then in a shape that nobody can read."""
    told = Told()
    for event in draw(st.lists(events, max_size=40)):
        if draw(st.integers(0, 9)):
            told.tell(event)
        else:
            told.tell_stored("Added", {"fund_id": event.fund_id}, f"fund/{event.fund_id}")
    return told
