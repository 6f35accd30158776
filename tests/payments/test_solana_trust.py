"""What the client of Solana nodes believes: of restarts, odd transactions, and nodes that stall."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.rules import FINALIZED_CONFIRMATIONS
from payments.chain import ChainUnavailableError, Found, Known, sighting
from payments.watching import found_again
from tests.payments.scripted_solana import (
    NOW,
    PAID,
    ScriptedNode,
    client_of,
    look_at,
    scripted_node,
)

FINAL = FINALIZED_CONFIRMATIONS


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    async with scripted_node() as node:
        yield node


async def after_restart(
    node: ScriptedNode, *, recorded_confirmations: int, slots_later: int
) -> tuple[int, ...]:
    """The confirmations of what is shown where a recorded payment is not on the node any more."""
    found = Found(
        address="A",
        transaction_id="pay",
        output_index=None,
        amount_base_units=PAID,
        block_height=900,
        block_hash="900",
        chain_time=NOW,
        confirmations=recorded_confirmations,
    )
    known = Known(receipts=(found_again("A", sighting(found, 900, NOW)),))
    node.slot = 900 + slots_later
    client = client_of(node)
    shown: tuple[int, ...] = ()
    for _ in range(2):
        look = await look_at(client, "A", known=known)
        shown = tuple(
            sighting(each, look.place.height, NOW).confirmations for each in look.receipts["A"]
        )
    return shown


@pytest.mark.parametrize("recorded_confirmations", [0, 1])
async def test_payment_that_was_not_final_is_gone_after_a_restart_where_the_node_lacks_it(
    node: ScriptedNode, recorded_confirmations: int
) -> None:
    shown = await after_restart(
        node, recorded_confirmations=recorded_confirmations, slots_later=200
    )
    assert shown == ()


async def test_payment_that_was_final_stays_after_a_restart_where_the_node_forgot_it(
    node: ScriptedNode,
) -> None:
    shown = await after_restart(node, recorded_confirmations=FINAL, slots_later=200)
    assert shown == (FINAL,)


async def test_old_payment_that_was_taken_before_it_was_final_stays_but_is_not_told_as_final(
    node: ScriptedNode,
) -> None:
    assert await after_restart(node, recorded_confirmations=1, slots_later=20_000) == (1,)
    assert await after_restart(node, recorded_confirmations=0, slots_later=20_000) == ()


async def test_payment_that_a_fork_took_is_gone_while_the_shop_runs(node: ScriptedNode) -> None:
    node.put("A", "pay", PAID, status="confirmed")
    client = client_of(node)
    (found,) = (await look_at(client, "A")).receipts["A"]
    assert found.confirmations == 1
    node.forget()
    assert (await look_at(client, "A")).receipts["A"] == ()


async def test_transactions_that_bring_nothing_are_fetched_once_and_some_in_a_look(
    node: ScriptedNode,
) -> None:
    node.put("A", "pay", PAID)
    for number in range(119):
        node.put("A", f"spam{number}", 0)
    client, shown = client_of(node), []
    for _ in range(6):
        node.calls.clear()
        look = await look_at(client, "A", "B")
        assert look.receipts["B"] == ()
        amounts = [each.amount_base_units for each in look.receipts.get("A", ())]
        shown.append((node.calls["getTransaction"], amounts))
    assert shown == [(50, []), (50, []), (20, [PAID]), (0, [PAID]), (0, [PAID]), (0, [PAID])]


async def test_address_of_which_not_all_is_read_is_not_shown(node: ScriptedNode) -> None:
    for number in range(60):
        node.put("A", f"spam{number}", 0)
    client = client_of(node)
    assert list((await look_at(client, "A")).receipts) == []
    assert list((await look_at(client, "A")).receipts) == ["A"]


async def test_transaction_that_the_node_does_not_give_leaves_other_addresses_visible(
    node: ScriptedNode,
) -> None:
    for address, name in (("A", "refused"), ("B", "missing"), ("C", "broken"), ("D", "pay")):
        node.put(address, name, PAID)
    node.refused.add("refused")
    node.transactions["missing"] = None
    node.transactions["broken"] = {"transaction": {}, "meta": None}
    client = client_of(node)
    for _ in range(3):
        look = await look_at(client, "A", "B", "C", "D")
        assert list(look.receipts) == ["D"]
        assert [each.transaction_id for each in look.receipts["D"]] == ["pay"]
    node.refused.clear()
    assert (await look_at(client, "A", "D")).receipts["A"][0].transaction_id == "refused"


async def test_address_that_the_node_refuses_leaves_other_addresses_visible(
    node: ScriptedNode,
) -> None:
    node.put("B", "pay", PAID)
    node.refused.add("A")
    assert list((await look_at(client_of(node), "A", "B")).receipts) == ["B"]


async def test_known_address_is_not_shown_while_a_new_transaction_of_it_is_not_given(
    node: ScriptedNode,
) -> None:
    client = client_of(node)
    assert (await look_at(client, "A", "B")).receipts == {"A": (), "B": ()}
    node.put("A", "odd", 0)
    node.refused.add("odd")
    looks = [
        await look_at(client, "A", "B", at=NOW + timedelta(minutes=minutes)) for minutes in (0, 1)
    ]
    assert [each.receipts for each in looks] == [{"B": ()}] * 2
    (doubt,) = looks[-1].doubts
    assert "does not show A: nothing is concluded of its order" in doubt


async def test_node_that_gives_nothing_of_any_address_is_unavailable(node: ScriptedNode) -> None:
    node.put("A", "odd", PAID)
    node.refused.add("odd")
    with pytest.raises(ChainUnavailableError, match=r"no address .* version"):
        await look_at(client_of(node), "A")


async def test_node_of_the_main_network_that_stands_still_is_not_believed(
    node: ScriptedNode,
) -> None:
    client = client_of(node, "main")
    assert (await look_at(client, "A", at=NOW + timedelta(minutes=4))).receipts == {"A": ()}
    with pytest.raises(ChainUnavailableError, match=r"stands still .* 2026-11-22 12:00 UTC"):
        await look_at(client, "A", at=NOW + timedelta(minutes=6))
    node.block_time = NOW + timedelta(minutes=6)
    assert (await look_at(client, "A", at=NOW + timedelta(minutes=6))).receipts == {"A": ()}


async def test_time_of_the_latest_block_may_be_missing_for_minutes_but_not_at_first(
    node: ScriptedNode,
) -> None:
    client = client_of(node, "main")
    node.block_time = None
    with pytest.raises(ChainUnavailableError, match="does not tell the time"):
        await look_at(client, "A")
    node.block_time = NOW
    await look_at(client, "A")
    node.block_time = None
    await look_at(client, "A", at=NOW + timedelta(minutes=5))
    with pytest.raises(ChainUnavailableError, match="does not tell the time"):
        await look_at(client, "A", at=NOW + timedelta(minutes=6))


async def test_node_of_the_main_network_that_is_far_behind_what_was_seen_is_not_believed(
    node: ScriptedNode,
) -> None:
    client = client_of(node, "main")
    seen = (await look_at(client, "A")).place
    node.slot -= 150
    await look_at(client, "A")
    node.slot -= 1
    with pytest.raises(ChainUnavailableError, match="behind: at slot 849, and 1000 was seen"):
        await look_at(client, "A")
    with pytest.raises(ChainUnavailableError, match="behind: at slot 849"):
        await client_of(node, "main").look(seen, {"A": Known()}, began_at=NOW)


async def test_clocks_and_slots_of_other_networks_may_be_anything(node: ScriptedNode) -> None:
    client = client_of(node)
    await look_at(client, "A")
    node.slot = 5
    look = await look_at(client, "A", at=NOW + timedelta(days=3))
    assert look.place.height == 5
    assert node.calls["getBlockTime"] == 0


async def test_transactions_are_asked_of_no_machine_that_is_behind_the_balances(
    node: ScriptedNode,
) -> None:
    client = client_of(node, "main")
    await look_at(client, "A")
    node.put("A", "pay", PAID)
    node.slot = 1_200
    look = await look_at(client, "A")
    assert [each.transaction_id for each in look.receipts["A"]] == ["pay"]
    assert node.lowest_slots["getSignaturesForAddress"][-1] == 1_200
    assert node.lowest_slots["getLatestBlockhash"][-1] == 1_200
    assert set(node.lowest_slots["getTransaction"]) == {None}, "it takes no lowest slot"


async def test_machine_that_stays_behind_ends_the_look_and_takes_nothing_back(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.solana_node._PAUSES_SECONDS", (0.0, 0.0))
    client = client_of(node, "main")
    node.put("A", "pay", PAID, status="confirmed")
    assert (await look_at(client, "A")).receipts["A"]
    node.behind["getSignaturesForAddress"] = 990
    with pytest.raises(ChainUnavailableError, match="is behind: it has not reached slot 1000"):
        await look_at(client, "A")
    node.behind.clear()
    assert (await look_at(client, "A")).receipts["A"]


async def test_what_a_later_look_asks_is_of_no_earlier_slot_than_was_seen(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.solana_node._PAUSES_SECONDS", ())
    client = client_of(node, "main")
    await look_at(client, "A")
    await look_at(client, "A")
    assert node.lowest_slots["getMultipleAccounts"] == [None, 1_000]
    node.behind["getMultipleAccounts"] = 995
    with pytest.raises(ChainUnavailableError, match="is behind"):
        await look_at(client, "A")


async def test_machine_that_catches_up_at_once_is_waited_for(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CatchesUp(dict[str, int]):
        def __getitem__(self, method: str) -> int:
            return self.pop(method)  # the next question finds it in step

    monkeypatch.setattr("payments.solana_node._PAUSES_SECONDS", (0.0,))
    node.put("A", "pay", PAID)
    node.behind = CatchesUp(getSignaturesForAddress=990)
    assert (await look_at(client_of(node, "main"), "A")).receipts["A"]
