"""What an Ethereum client knows of accounts from look to look, where they have sent coins too."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from payments.chain import ChainUnavailableError, Found, Known, Place
from payments.ethereum_node import EthereumNode, HistoryMissingError
from payments.json_rpc import Call, RpcError
from tests.payments.made_up_ethereum import AT_100, NOW, Client, MadeUpNode, Paid, amounts, look

LATEST = {
    "number": hex(1_000),
    "hash": "0xa",
    "parentHash": "0x9",
    "timestamp": "0x1",
    "transactions": [],
}
ANSWERS: dict[str, object] = {
    "eth_chainId": "0x5",
    "eth_syncing": False,
    "eth_getBlockByNumber": LATEST,
}


def test_what_came_and_went_between_two_looks_is_found_by_the_states_of_then() -> None:
    node = MadeUpNode([], 101, states_kept=128)
    client, place = Client(node), AT_100
    for height in range(110, 1_001, 10):
        node.height = height
        place = look(client, place, "0xa").place
    node.paid.append(Paid("0xa", 1_005, 9, has_transaction=False))
    node.sends["0xa"] = {1_007: 9}
    node.height = 1_010
    found = look(client, place, "0xa")
    assert (node.blocks_read, amounts(found, "0xa")) == (0, [(1_005, 9)])


def test_what_is_being_read_is_kept_where_very_many_addresses_have_sent_something() -> None:
    many = [f"0x{n:03}" for n in range(250)]
    node = MadeUpNode([Paid(each, 101, 5) for each in many], 102, states_kept=2)
    node.sends = {each: {102: 5} for each in many}
    client = Client(node)
    found = look(client, AT_100, *many)
    assert all(amounts(found, each) == [(101, 5)] for each in many)
    # Paid and swept again while the backend was away: it holds as much as before.
    node.paid.append(Paid("0x000", 500, 7))
    node.sends["0x000"][501] = 7
    node.height = 1_100
    for _ in range(10):
        node.blocks_until_refused = 250
        found = look(client, found.place, *many)
        node.height += 1
    assert found.undecided == frozenset()
    assert amounts(found, "0x000") == [(101, 5), (500, 7)]


async def test_receipts_and_blocks_that_the_node_lacks_are_unavailable() -> None:
    class Lacking:
        async def batch(self, calls: Sequence[Call]) -> list[object]:
            return [None for _ in calls]

    connection: Any = Lacking()
    node = EthereumNode(connection, "the node")
    with pytest.raises(ChainUnavailableError, match="lacks a receipt"):
        await node.receipts(["0xt"])
    with pytest.raises(ChainUnavailableError, match="lacks a block"):
        await node.blocks([5])


def test_a_payment_of_the_next_block_is_not_taken_for_money_of_this_one() -> None:
    class Mixing(MadeUpNode):
        is_making_the_next = True

        async def balances(
            self, addresses: Sequence[str], place: Place
        ) -> dict[str, tuple[int, bool]]:
            ahead = replace(place, height=place.height + self.is_making_the_next)
            self.is_making_the_next = False
            return await super().balances(addresses, ahead)

    node = Mixing([Paid("0xa", 102, 5)], 101, states_kept=128)
    client = Client(node)
    with pytest.raises(ChainUnavailableError, match=r"two things of .* at block 101"):
        look(client, AT_100, "0xa")
    assert look(client, AT_100, "0xa").receipts["0xa"] == ()
    node.height = 102
    (paid,) = look(client, AT_100, "0xa").receipts["0xa"]
    assert (paid.transaction_id, paid.block_height) == ("0x0xa102", 102)


def test_a_receipt_that_the_node_lacks_hides_no_other_address() -> None:
    class Lacking(MadeUpNode):
        async def receipts(self, names: Sequence[str]) -> list[dict[str, str]]:
            if any("0xa" in name for name in names):
                raise ChainUnavailableError("lacks a receipt")
            return await super().receipts(names)

    node = Lacking([Paid("0xa", 590, 5), Paid("0xb", 590, 7)], 600, states_kept=1_000)
    client = Client(node)
    found = look(client, AT_100, "0xa", "0xb")
    found = look(client, found.place, "0xa", "0xb")
    assert found.undecided == {"0xa"}
    assert amounts(found, "0xb") == [(590, 7)]


async def test_nothing_is_concluded_of_an_account_that_holds_less_than_is_known_of_it() -> None:
    paid = [Paid("0xa", 300, 5, has_transaction=False), Paid("0xa", 400, 9, has_transaction=False)]
    node = MadeUpNode(paid, 710, states_kept=1_000)
    lump = Found(
        address="0xa",
        transaction_id="internal-1-14",
        output_index=None,
        amount_base_units=14,
        block_height=600,
        block_hash="a600",
        chain_time=NOW,
    )
    parts = [
        replace(lump, transaction_id=f"internal-{number}-{wei}", amount_base_units=wei)
        for number, wei in ((1, 5), (2, 9))
    ]
    client = Client(node)
    place = replace(AT_100, height=700, block_hash="a700")
    twice = await client.look(
        place, {"0xa": Known(receipts=(lump, *parts)), "0xb": Known()}, began_at=NOW
    )
    assert twice.receipts == {"0xb": ()}
    assert twice.undecided == {"0xa"}


@pytest.mark.parametrize(("height", "is_lost"), [(1_000, False), (937, False), (936, True)])
async def test_a_state_that_every_node_keeps_is_not_lost_but_not_there_yet(
    height: int, is_lost: bool
) -> None:
    class Behind:
        async def batch(self, calls: Sequence[Call]) -> list[object]:
            return [
                ANSWERS.get(method, RpcError(-32000, "header not found")) for method, _ in calls
            ]

    connection: Any = Behind()
    node = EthereumNode(connection, "the node")
    await node.head(5)
    with pytest.raises(HistoryMissingError if is_lost else ChainUnavailableError):
        await node.state("0xa", height)
