"""The client that reads real nodes reads the local chain too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from payments.bitcoind import BitcoindConnector
from payments.chain import ChainRefusedError
from sandbox.chain import ChainCredentials, Payment
from sandbox.server import Sandbox, SandboxSettings

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ADDRESS = "rltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c23g5xdr"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    settings = SandboxSettings(chain_credentials=ChainCredentials(user="u", password="p"))
    async with Sandbox(settings) as started:
        yield started


def connector(sandbox: Sandbox, password: str) -> BitcoindConnector:
    return BitcoindConnector(
        coin="LTC", network="regtest", url=sandbox.chain_url, user="u", password=password
    )


async def test_payments_are_followed_through_mempool_block_and_reorganisation(
    sandbox: Sandbox,
) -> None:
    client = connector(sandbox, "p").connect()
    first = await client.look(None, {ADDRESS: None}, began_at=NOW)
    assert (first.place.height, first.in_mempool, first.in_blocks) == (0, (), ())
    txid = sandbox.chain.pay_many([Payment(ADDRESS, 12345678), Payment(ADDRESS, 1)])
    waiting = await client.look(first.place, {ADDRESS: None}, began_at=NOW)
    assert {(f.transaction_id, f.amount_base_units) for f in waiting.in_mempool} == {
        (txid, 12345678),
        (txid, 1),
    }
    sandbox.chain.mine(2)
    mined = await client.look(waiting.place, {ADDRESS: None}, began_at=NOW)
    assert [f.block_height for f in mined.in_blocks] == [1, 1]
    assert (mined.place.height, mined.in_mempool) == (2, ())
    sandbox.chain.reorg(2)
    undone = await client.look(mined.place, {ADDRESS: None}, began_at=NOW)
    assert (undone.fork_height, undone.in_blocks) == (0, ())
    assert len(undone.in_mempool) == 2
    sandbox.chain.replace(txid, [Payment(ADDRESS, 5)])
    replaced = await client.look(undone.place, {ADDRESS: None}, began_at=NOW)
    assert [f.amount_base_units for f in replaced.in_mempool] == [5]
    await client.close()


async def test_a_wrong_password_is_refused_for_good(sandbox: Sandbox) -> None:
    client = connector(sandbox, "wrong").connect()
    with pytest.raises(ChainRefusedError):
        await client.look(None, {ADDRESS: None}, began_at=NOW)
