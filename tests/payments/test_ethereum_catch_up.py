"""Catching up with blocks at nodes that keep no old states, as most public ones.

A node that is made up counts what it is asked and refuses where the test wants it; a real one, with
its history pruned, pays in every way.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments.chain import ChainUnavailableError, Known, Place
from payments.ethereum import EthereumConnector
from payments.ethereum_inflow import internal_receipt
from payments.ethereum_node import AccountState, Block, EthereumNode, HistoryMissingError
from payments.json_rpc import Call, RpcError
from tests.anvil_node import CHAIN_ID, WEI, AnvilNode, new_address, require_anvil
from tests.payments.made_up_ethereum import AT_100, NOW, Client, MadeUpNode, Paid, amounts, look


def test_blocks_of_a_downtime_are_read_once_for_all_addresses() -> None:
    names = [f"0x{n:02}" for n in range(20)]
    node = MadeUpNode([Paid(each, 200 + n, 5) for n, each in enumerate(names)], height=1_100)
    client = Client(node)
    found = look(client, AT_100, *names, "0xunpaid")
    assert node.blocks_read == 1_000
    assert [amounts(found, each) for each in names] == [[(200 + n, 5)] for n in range(20)]
    assert (found.receipts["0xunpaid"], found.undecided, found.doubts) == ((), frozenset(), ())
    look(client, found.place, *names, "0xunpaid")
    assert node.blocks_read == 1_000


def test_what_was_read_before_a_refusal_is_kept_and_the_others_are_shown_meanwhile() -> None:
    node = MadeUpNode([Paid("0xa", 900, 5)], height=1_100, blocks_until_refused=250)
    client = Client(node)
    place, looks = AT_100, 0
    while True:
        found = look(client, place, "0xa", "0xunpaid")
        assert found.receipts["0xunpaid"] == ()
        place, looks = found.place, looks + 1
        if "0xa" in found.receipts:
            break
        assert found.undecided == {"0xa"}
        assert "read one by one" in found.doubts[0]
        node.height += 1
        node.blocks_until_refused = 250
    assert amounts(found, "0xa") == [(900, 5)]
    assert looks == 5
    assert node.blocks_read < 1_100
    assert node.states_asked <= 2, "it is not asked again for what it does not keep"


def test_what_was_read_is_kept_where_the_node_refuses_to_tell_of_others_first() -> None:
    class RefusesOne(MadeUpNode):
        async def state(self, address: str, height: int) -> AccountState:
            if address == "0x0" and self.height > 1_100:
                raise ChainUnavailableError("asked too often")
            return await super().state(address, height)

    node = RefusesOne([Paid("0xa", 900, 5)], height=1_100, blocks_until_refused=250)
    client = Client(node)
    found = look(client, AT_100, "0x0", "0xa")
    node.paid.append(Paid("0x0", 1_101, 7))
    node.height = 1_105
    for _ in range(3):
        assert found.receipts.get("0xa") is None
        node.blocks_until_refused = 250
        found = look(client, found.place, "0x0", "0xa")
    node.blocks_until_refused = 250
    found = look(client, found.place, "0x0", "0xa")
    assert amounts(found, "0xa") == [(900, 5)]
    assert found.undecided == {"0x0"}


def test_an_account_that_takes_more_questions_than_the_node_answers_holds_no_other_up() -> None:
    class Archive(MadeUpNode):
        async def state(self, address: str, height: int) -> AccountState:
            if address == "0xheavy":
                raise ChainUnavailableError("asked too often")
            return self.account(address, height)

    node = Archive([Paid("0xheavy", 900, 5), Paid("0xa", 900, 7)], height=1_100)
    client = Client(node)
    found = look(client, AT_100, "0xheavy", "0xa")
    for minutes in (0, 1):
        at = NOW + timedelta(minutes=minutes)
        found = look(client, found.place, "0xheavy", "0xa", at=at)
        assert found.undecided == {"0xheavy"}
        assert amounts(found, "0xa") == [(900, 7)]
    (doubt,) = found.doubts
    assert "does not show 0xheavy" in doubt


def test_an_account_that_sent_something_goes_on_where_the_node_refuses_its_states() -> None:
    class Sparing(MadeUpNode):
        async def state(self, address: str, height: int) -> AccountState:
            if self.states_asked == 2:
                raise ChainUnavailableError("asked too often")
            return await super().state(address, height)

    node = Sparing([Paid("0xa", 900, 5)], 1_100, blocks_until_refused=600, sent={"0xa": 1})
    client = Client(node)
    found = look(client, AT_100, "0xa")
    assert "0xa" not in found.receipts
    node.blocks_until_refused = 600
    assert amounts(look(client, found.place, "0xa"), "0xa") == [(900, 5)]


def test_an_address_that_is_paid_while_others_are_read_is_read_from_where_it_was_known() -> None:
    node = MadeUpNode([Paid("0xa", 900, 5)], height=1_100, blocks_until_refused=500)
    client = Client(node)
    found = look(client, AT_100, "0xa", "0xb")
    node.height, node.blocks_until_refused = 1_105, 1_000_000
    node.paid.append(Paid("0xb", 1_103, 7))
    found = look(client, found.place, "0xa", "0xb")
    assert (amounts(found, "0xa"), amounts(found, "0xb")) == ([(900, 5)], [(1_103, 7)])
    assert node.blocks_read <= 1_005 + 5


def test_what_came_without_a_transaction_is_a_receipt_at_the_head_that_stays() -> None:
    node = MadeUpNode([Paid("0xa", 300, 5), Paid("0xa", 400, 9, has_transaction=False)], 600)
    client = Client(node)
    found = look(client, AT_100, "0xa")
    assert amounts(found, "0xa") == [(300, 5), (600, 9)]
    node.height = 700
    assert amounts(look(client, found.place, "0xa"), "0xa") == [(300, 5), (600, 9)]


def test_a_reorganisation_of_blocks_that_were_read_begins_anew_and_counts_nothing_twice() -> None:
    node = MadeUpNode([Paid("0xa", 150, 5), Paid("0xa", 400, 7)], 1_000, blocks_until_refused=400)
    client = Client(node)
    found = look(client, AT_100, "0xa")
    assert "0xa" not in found.receipts
    # Another branch from block 300 on has the second payment later.
    node.fork, node.height, node.blocks_until_refused = 300, 1_001, 1_000_000
    node.paid[1] = Paid("0xa", 500, 7)
    look(client, AT_100, "0xa")
    found = look(client, AT_100, "0xa")
    assert amounts(found, "0xa") == [(150, 5), (500, 7)]


def test_a_reorganisation_at_the_tip_does_not_have_all_blocks_read_again() -> None:
    node = MadeUpNode([Paid("0xa", 150, 5), Paid("0xa", 975, 7)], height=1_000)
    node.blocks_until_refused = 890  # block 980 is the last
    client = Client(node)
    assert "0xa" not in look(client, AT_100, "0xa").receipts
    node.fork, node.height, node.blocks_until_refused = 970, 1_001, 1_000_000
    node.paid[1] = Paid("0xa", 978, 7)
    found = look(client, AT_100, "0xa")
    assert amounts(found, "0xa") == [(150, 5), (978, 7)]
    assert node.blocks_read < 950


def test_what_a_node_with_states_said_before_it_refused_is_kept() -> None:
    @dataclass
    class Archive(MadeUpNode):
        allowed: int = 1_000_000

        async def state(self, address: str, height: int) -> AccountState:
            self.allowed -= 1
            if self.allowed < 0:
                raise ChainUnavailableError("asked too often")
            return self.account(address, height)

    names = [f"0x{n:02}" for n in range(20)]
    node = Archive([Paid(each, 200 + n, 5) for n, each in enumerate(names)], height=1_100)
    client = Client(node)
    looks = 0
    node.allowed = 50  # an address takes about ten questions
    found = look(client, AT_100, *names)
    while found.undecided:
        shown = {each for each in found.receipts if found.receipts[each]}
        assert found.undecided == set(names) - shown
        assert found.doubts == (), "no blocks have to be read"
        looks += 1
        assert looks < 10
        node.allowed = 50
        found = look(client, found.place, *names)
    assert looks > 1
    assert [amounts(found, each) for each in names] == [[(200 + n, 5)] for n in range(20)]
    assert node.blocks_read == 0


def test_a_restart_in_the_middle_loses_nothing() -> None:
    node = MadeUpNode([Paid("0xa", 150, 5)], height=1_000, blocks_until_refused=400)
    found = look(Client(node), AT_100, "0xa")
    # The place on disk stays where it was as long as something is undecided.
    assert found.undecided == {"0xa"}
    node.blocks_until_refused = 1_000_000
    assert amounts(look(Client(node), AT_100, "0xa"), "0xa") == [(150, 5)]


def test_of_an_account_that_has_sent_something_only_transactions_are_counted() -> None:
    node = MadeUpNode(
        [Paid("0xa", 300, 5), Paid("0xa", 400, 9, has_transaction=False)], 600, sent={"0xa": 1}
    )
    assert amounts(look(Client(node), AT_100, "0xa"), "0xa") == [(300, 5)]


@pytest.mark.parametrize(
    ("code", "text"),
    [(-32005, "nope"), (429, "slow down"), (-32000, "daily request limit reached"),
     (-32603, "Too Many Requests"), (-32016, "over rate limit")],
)  # fmt: skip
async def test_a_node_that_wants_to_be_asked_less_has_not_lost_its_history(
    code: int, text: str
) -> None:
    class Refusing:
        async def batch(self, calls: Sequence[Call]) -> list[RpcError]:
            return [RpcError(code, text) for _ in calls]

    connection: Any = Refusing()
    with pytest.raises(ChainUnavailableError):
        await EthereumNode(connection, "the node").state("0xa", 5)


@pytest.mark.parametrize(
    "text",
    ["missing trie node 5a (path )", "required historical state unavailable", "header not found",
     "project ID does not have access to archive state", "state at block #5 is pruned"],
)  # fmt: skip
async def test_a_node_that_does_not_keep_a_state_is_taken_at_its_word(text: str) -> None:
    class Refusing:
        async def batch(self, calls: Sequence[Call]) -> list[RpcError]:
            return [RpcError(-32000, text) for _ in calls]

    connection: Any = Refusing()
    with pytest.raises(HistoryMissingError):
        await EthereumNode(connection, "the node").state("0xa", 5)


def test_what_came_inside_to_an_account_that_sent_nothing_meanwhile_is_counted() -> None:
    node = MadeUpNode([Paid("0xa", 101, 5)], 102, sends={"0xa": {102: 5}}, states_kept=2)
    client = Client(node)
    found = look(client, AT_100, "0xa")
    assert amounts(found, "0xa") == [(101, 5)]
    # The backend is away for 500 blocks.
    node.height, node.states_kept = 600, 128
    node.paid.append(Paid("0xa", 200, 9, has_transaction=False))
    assert amounts(look(client, found.place, "0xa"), "0xa") == [(101, 5), (600, 9)]


def test_blocks_that_the_node_refuses_for_good_hold_no_later_payment_up() -> None:
    class Pruned(MadeUpNode):
        async def blocks(self, heights: Sequence[int]) -> list[Block]:
            if heights[0] < 200:
                raise ChainUnavailableError("pruned history unavailable")
            return await super().blocks(heights)

    node = Pruned([Paid("0xa", 150, 5)], height=1_000)
    client = Client(node)
    found = look(client, AT_100, "0xa", "0xb")
    assert found.undecided == {"0xa"}
    node.paid.append(Paid("0xb", 1_003, 7))
    node.height = 1_005
    found = look(client, found.place, "0xa", "0xb")
    assert found.undecided == {"0xa"}
    assert amounts(found, "0xb") == [(1_003, 7)]


def test_a_receipt_without_a_transaction_gets_a_number_that_none_has_had() -> None:
    head = MadeUpNode([], 600).block_at(600)
    first = internal_receipt(head, "0xa", 5, ())
    second = internal_receipt(head, "0xa", 7, (first,))
    # A reorganisation has taken the first.
    third = internal_receipt(head, "0xa", 7, (second,))
    assert len({first.receipt_id, second.receipt_id, third.receipt_id}) == 3
    paid = replace(first, transaction_id="0x" + "ab" * 32)
    assert internal_receipt(head, "0xa", 5, (paid,)) == first


class Forgetful(AnvilNode):
    """An anvil that keeps only the states of its last blocks."""

    options = ("--prune-history",)

    def close(self) -> None:
        self.stop()


@pytest.mark.anvil
async def test_a_pruned_node_shows_every_payment_of_a_downtime() -> None:
    require_anvil()
    with closing(Forgetful()) as node:
        latest = node.call("eth_getBlockByNumber", "latest", False)
        place = Place(height=int(latest["number"], 16), block_hash=latest["hash"])
        plain, inside, unpaid = new_address(), new_address(), new_address()
        names = [node.pay(plain, WEI), node.pay(plain, 2 * WEI)]
        node.mine(150)
        node.pay_from_a_contract(inside, 3 * WEI)
        node.mine(150)
        client = EthereumConnector(chain_id=CHAIN_ID, url=node.url).connect()
        try:
            watched = dict.fromkeys((plain, inside, unpaid), Known())
            found = await client.look(place, watched, began_at=datetime.now(UTC))
            again = await client.look(found.place, watched, began_at=datetime.now(UTC))
        finally:
            await client.close()
    assert [(e.transaction_id, e.amount_base_units) for e in found.receipts[plain]] == [
        (names[0], WEI),
        (names[1], 2 * WEI),
    ]
    assert [each.amount_base_units for each in found.receipts[inside]] == [3 * WEI]
    assert found.receipts[unpaid] == ()
    assert again.receipts == found.receipts
