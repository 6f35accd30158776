"""What Solana addresses hold against what their transactions say, asked for at two moments."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest

from payments.chain import AddressLook
from payments.solana import SolanaClient
from tests.payments.scripted_solana import (
    NOW,
    PAID,
    ScriptedNode,
    client_of,
    look_at,
    scripted_node,
)


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    async with scripted_node() as node:
        yield node


async def shown_by(client: SolanaClient) -> list[tuple[str, bool]]:
    """The transactions of an address in a look, and whether each is final."""
    return names_of(await look_at(client, "A"))


def names_of(look: AddressLook) -> list[tuple[str, bool]]:
    return [(each.transaction_id, (each.confirmations or 0) > 1) for each in look.receipts["A"]]


async def test_balance_that_grew_without_a_transaction_concludes_nothing(
    node: ScriptedNode,
) -> None:
    client = client_of(node)
    node.put("A", "first", PAID)
    assert len((await look_at(client, "A")).receipts["A"]) == 1
    node.put("A", "second", PAID)
    named = node.signatures["A"].pop(0)
    for _ in range(3):
        assert "A" not in (await look_at(client, "A")).receipts
    node.signatures["A"].insert(0, named)
    shown = (await look_at(client, "A")).receipts["A"]
    assert [each.transaction_id for each in shown] == ["first", "second"]


@pytest.mark.parametrize("looks_before", [0, 1, 2])
async def test_payment_between_the_questions_of_a_look_is_followed_until_it_is_final(
    node: ScriptedNode, looks_before: int
) -> None:
    client = client_of(node)
    for _ in range(looks_before):
        assert await shown_by(client) == []
    node.first["getSignaturesForAddress"] = partial(node.put, "A", "pay", PAID, status="confirmed")
    for _ in range(3):
        assert await shown_by(client) == [("pay", False)]
    node.signatures["A"][0]["confirmationStatus"] = "finalized"
    assert await shown_by(client) == [("pay", True)]


async def test_payments_between_the_questions_of_every_look_are_all_shown(
    node: ScriptedNode,
) -> None:
    client = client_of(node)
    for number in range(5):
        node.first["getSignaturesForAddress"] = partial(node.put, "A", f"{number}", PAID)
        assert len(await shown_by(client)) == number + 1


async def test_coins_that_came_back_because_a_fork_undid_their_sweep_are_explained(
    node: ScriptedNode,
) -> None:
    client = client_of(node)
    node.put("A", "pay", PAID)
    node.put("A", "sweep", -PAID, status="confirmed")
    for _ in range(2):
        assert await shown_by(client) == [("pay", True)]
    node.signatures["A"].pop(0)
    node.held["A"] += PAID
    for _ in range(2):
        assert await shown_by(client) == [("pay", True)]


async def test_payment_that_a_machine_holds_and_does_not_name_is_not_taken_back(
    node: ScriptedNode,
) -> None:
    client = client_of(node)
    node.put("A", "pay", PAID, status="confirmed")
    for _ in range(2):
        assert await shown_by(client) == [("pay", False)]
    named = node.signatures["A"].pop()
    assert "A" not in (await look_at(client, "A")).receipts
    node.held["A"] -= PAID
    assert await shown_by(client) == []
    node.signatures["A"].append(named)
    node.held["A"] += PAID
    assert await shown_by(client) == [("pay", False)]


async def test_coins_that_nothing_explains_hold_an_address_up_for_minutes_and_not_for_ever(
    node: ScriptedNode,
) -> None:
    client = client_of(node)
    assert await shown_by(client) == []
    node.held["A"] += PAID
    for minutes in (1, 3, 6):
        at = NOW + timedelta(minutes=minutes)
        assert "A" not in (await look_at(client, "A", at=at)).receipts
    for minutes in (7, 8):
        at = NOW + timedelta(minutes=minutes)
        assert names_of(await look_at(client, "A", at=at)) == []
    node.put("A", "pay", PAID)
    assert await shown_by(client) == [("pay", True)]
