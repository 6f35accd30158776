"""What one chain alone has."""

from tests.payment_cases.cases import on_every_chain
from tests.payment_cases.ether import EtherChain
from tests.payment_cases.sol import SolanaChain
from tests.payment_cases.stage import Stage


@on_every_chain("internal")
async def test_payment_from_inside_of_a_contract_counts(stage: Stage) -> None:
    chain = stage.chain
    assert isinstance(chain, EtherChain)
    await stage.open()
    order = await stage.order()
    transaction = await chain.pay_inside(order.address, order.amount_base_units)
    await chain.confirm()
    books = await stage.until(order, status="shipped")
    assert books.receipts == (("confirmed", order.amount_base_units),)
    assert (books.payment_state, books.sold, books.refunds) == ("paid", 1, ())
    sent = chain.node.call("eth_getTransactionByHash", transaction)
    assert (sent["to"].lower() == order.address.lower(), sent["value"]) == (
        False,
        hex(order.amount_base_units),
    )


@on_every_chain("not-final")
async def test_payment_that_is_not_final_is_seen_and_sells_nothing(stage: Stage) -> None:
    chain = stage.chain
    assert isinstance(chain, SolanaChain)
    await stage.open()
    order = await stage.order()
    signature = await chain.pay(order.address, order.amount_base_units)
    seen = await stage.until(order, payment_state="seen")
    assert (seen.status, seen.held, seen.sold) == ("created", 1, 0)
    await stage.until_true(lambda: stage.books(order).status != "created")
    assert chain.is_final(signature)
    books = await stage.until(order, status="shipped")
    assert (books.payment_state, books.sold) == ("paid", 1)
