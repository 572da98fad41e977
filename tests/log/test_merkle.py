"""The Merkle tree is that of RFC 6962, and its frontier gives the root of any number of leaves."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.log.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash

# Certificate Transparency's own vectors: eight leaf inputs, and the root of the first n of them.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
AROUND_POWERS_OF_TWO = [2**power + step for power in range(13) for step in (-1, 0, 1)]
SIZES_MOST = 4097
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZES_MOST)]


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962's MTH word for word: split at the largest power of two smaller than n."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def frontier_of(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_published_roots_come_out(size: int) -> None:
    leaves = [leaf_hash(data) for data in INPUTS[:size]]

    assert frontier_of(leaves).root().hex() == ROOTS[size]
    assert tree_hash(leaves).hex() == ROOTS[size]


def test_the_frontier_gives_the_root_of_every_number_of_leaves() -> None:
    sizes = {*range(301), *AROUND_POWERS_OF_TWO}
    frontier = Frontier()
    for size in range(SIZES_MOST + 1):
        if size in sizes:
            assert frontier.root() == tree_hash(LEAVES[:size]), size
        if size < SIZES_MOST:
            frontier.append(LEAVES[size])
    assert frontier.size == SIZES_MOST


@pytest.mark.parametrize("size", sorted({*range(70), *AROUND_POWERS_OF_TWO}))
def test_a_frontier_comes_back_from_its_bytes_and_grows_on(size: int) -> None:
    stored = frontier_of(LEAVES[:size])

    read = Frontier.from_bytes(size, bytes(stored))
    read.append(LEAVES[0])

    assert len(bytes(stored)) == 32 * size.bit_count()
    assert read.root() == tree_hash([*LEAVES[:size], LEAVES[0]])


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 8).map(lambda power: 2**power), max_size=12))
def test_whole_subtrees_are_added_as_their_leaves_would_be(sizes: list[int]) -> None:
    whole, start = Frontier(), 0
    for size in sizes:
        if start % size:
            size = 1
        whole.append_subtree(tree_hash(LEAVES[start : start + size]), size)
        start += size

    assert whole.size == start
    assert whole.hashes == frontier_of(LEAVES[:start]).hashes
    assert whole.root() == tree_hash(LEAVES[:start])


@pytest.mark.parametrize(("size", "leaves"), [(1, 2), (2, 4), (3, 2), (6, 4), (0, 3), (0, 0), (4, 6)])
def test_a_subtree_that_does_not_stand_at_its_boundary_is_not_taken(size: int, leaves: int) -> None:
    frontier = frontier_of(LEAVES[:size])

    with pytest.raises(ValueError, match="boundary"):
        frontier.append_subtree(LEAVES[0], leaves)
    assert frontier.root() == tree_hash(LEAVES[:size])


@pytest.mark.parametrize(("size", "hashes"), [(0, 1), (1, 0), (3, 1), (4, 2)])
def test_a_frontier_with_too_many_or_too_few_hashes_is_not_taken(size: int, hashes: int) -> None:
    with pytest.raises(ValueError, match="one hash for each bit"):
        Frontier(size, LEAVES[:hashes])


def test_a_frontier_of_cut_bytes_is_not_taken() -> None:
    stored = bytes(frontier_of(LEAVES[:7]))

    with pytest.raises(ValueError, match="hash"):
        Frontier.from_bytes(7, stored[:-1])


def test_no_leaf_can_pass_for_an_inner_node() -> None:
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) != node_hash(right, left)


def test_each_leaf_and_each_place_changes_the_root() -> None:
    leaves = LEAVES[:37]
    roots = {tree_hash(leaves)}
    roots |= {tree_hash([*leaves[:at], LEAVES[99], *leaves[at + 1 :]]) for at in range(37)}
    roots |= {
        tree_hash([*leaves[:at], two, one, *leaves[at + 2 :]])
        for at, (one, two) in enumerate(pairwise(leaves))
    }

    assert len(roots) == 1 + 37 + 36
