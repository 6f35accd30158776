"""What an Ethereum client knows of the accounts that it watches, from one look to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from payments.chain import Found, Known, Place
from payments.ethereum_inflow import Stretch
from payments.ethereum_node import AccountState, Block, EthereumNode, HistoryMissingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the client knows of an address: its receipts in blocks, and its nonce at `height`.

    `seen` is what the last look's balances said of it. A new one may have been paid since `height`;
    so may one whose blocks are still being read.
    """

    receipts: tuple[Found, ...]
    seen: tuple[int, bool] | None = None
    nonce: int = 0
    height: int = 0
    is_new: bool = False


def as_of(
    base: Place,
    place: Place,
    addresses: Mapping[str, Known],
    known_accounts: Mapping[str, Account],
    *,
    is_fork: bool,
) -> dict[str, Account]:
    """The accounts of these addresses without what happened after `base`.

    `place` is where the shop knows the new ones from. `is_fork`: blocks above `base` were undone.
    """
    accounts = {}
    for address, known in addresses.items():
        account = known_accounts.get(address)
        if account is None:
            receipts = tuple(each for each in known.receipts if each.block_height is not None)
            height = min(base.height, place.height)
            account = Account(receipts=receipts, height=height, is_new=True)
        if is_fork or account.seen is None:
            kept = tuple(e for e in account.receipts if (e.block_height or 0) <= base.height)
            height = min(account.height, base.height)
            account = replace(account, receipts=kept, seen=None, height=height)
        # Never used by the chain and known as such: nothing has to be looked into.
        if account.seen is None and not account.receipts:
            account = replace(account, seen=(0, False))
        accounts[address] = account
    return accounts


def after_of(account: Account, base: Place, end: AccountState) -> int:
    """The height up to which an account is known that is now as `end` says."""
    was_unused = account.seen == (0, False)
    if was_unused and not account.is_new:
        return base.height
    has_sent_since = end.nonce and (account.seen is None or account.nonce != end.nonce)
    return account.height if account.is_new or has_sent_since else base.height


async def stretch_of(
    node: EthereumNode,
    account: Account,
    address: str,
    base: Place,
    head: Block,
    end: AccountState,
) -> Stretch:
    """From where the account is known, to the head."""
    after, nonce = after_of(account, base, end), 0
    balance = sum(each.amount_base_units for each in account.receipts)
    if end.nonce:
        try:
            state = await node.state(address, after)
            balance, nonce = state.balance_wei, state.nonce
        except HistoryMissingError:
            balance = account.seen[0] if account.seen is not None else 0
            nonce = account.nonce
    return Stretch(
        address=address,
        after=after,
        before_state=AccountState(balance, nonce),
        up_to=head.place,
        end_state=end,
    )
