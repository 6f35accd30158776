"""What is known of one Solana address, and what follows from reading its transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.rules import FINALIZED_CONFIRMATIONS
from payments.broken_answers import BROKEN_ANSWERS
from payments.chain import Found, Known, Place
from payments.json_rpc import RpcError
from payments.solana_node import Signed, SolanaNode, received_lamports

# Anybody can name an address in transactions that bring it nothing, for next to nothing.
NEW_TRANSACTIONS_A_LOOK = 50
# Over an hour: what was confirmed so long ago, and is not shown, the node has rather forgotten.
_LONG_AGO_SLOTS = 10_000
# By then every machine that was behind has caught up: nothing will be named that explains it.
LONGEST_UNEXPLAINED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the client knows of an address.

    `held_lamports` is a balance that its transactions explain; None: none is known. `unsure` are
    signatures of transactions that a fork may still undo. `amounts` is what each transaction has
    brought in lamports, zero and less too. `read_in` is the number of the look that read its
    transactions last. `unexplained_since` is the beginning of the first of the last looks that all
    found more than the transactions explain.
    """

    receipts: tuple[Found, ...] = ()
    held_lamports: int | None = None
    unsure: frozenset[str] = frozenset()
    amounts: Mapping[str, int] = field(default_factory=dict)
    read_in: int = 0
    unexplained_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a look began, and the tip that it belongs to."""

    began_at: datetime
    tip: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The transactions of an address that have not failed, newest first, and their amounts.

    Not `complete`: there are others of which the amounts are not known yet; `problem` says why,
    where it is not only that there are too many for one look.
    """

    good: tuple[Signed, ...] = ()
    amounts: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False
    problem: str | None = None


def recorded_account(known: Known) -> Account:
    """An address that was never looked at, from what the shop knows of it.

    Only what was final when it was recorded is sure; whatever else the node does not show is gone.
    """
    in_blocks = [each for each in known.receipts if each.block_height is not None]
    receipts = tuple(replace(each, confirmations=_counted(each)) for each in in_blocks)
    return Account(
        receipts=receipts,
        unsure=frozenset(
            each.transaction_id
            for each in receipts
            if (each.confirmations or 0) < FINALIZED_CONFIRMATIONS
        ),
        amounts={each.transaction_id: each.amount_base_units for each in receipts},
    )


async def read_account(
    node: SolanaNode, address: str, account: Account, signatures: Sequence[Signed] | RpcError
) -> Reading:
    """Ask for the transactions of an address that were never read, up to so many.

    Raises:
        ChainUnavailableError: the node serves nobody now.
    """
    if isinstance(signatures, RpcError):
        refusal = f"the node refuses its transactions: {signatures}"
        return Reading(amounts=account.amounts, problem=refusal)
    good = tuple(each for each in signatures if not each.failed)
    amounts = {
        each.signature: account.amounts[each.signature]
        for each in good
        if each.signature in account.amounts
    }
    new = [each.signature for each in good if each.signature not in amounts]
    asked = new[:NEW_TRANSACTIONS_A_LOOK]
    problem: str | None = None
    for name, answer in zip(asked, await node.transactions(asked), strict=True):
        try:
            amounts[name] = _amount(answer, address)
        except (RpcError, *BROKEN_ANSWERS) as error:
            problem = f"the node does not give its transaction {name} ({error!r})"
    complete = len(amounts) == len(good)
    return Reading(good=good, amounts=amounts, complete=complete, problem=problem)


def is_unexplained(before: Account, reading: Reading, held: int) -> bool:
    """Whether an address holds more than its transactions say.

    The machine that named its transactions knew less than the one that told what it holds.
    """
    if before.held_lamports is None or not reading.complete:
        return False
    return held - before.held_lamports > _brought(before, reading)


def account_after(
    address: str, before: Account, reading: Reading, moment: Moment, *, held: int, look: int
) -> Account:
    """What is known of an address when it was read; less than before where not all could be."""
    if not reading.complete:
        # It has to be read again before anything is concluded, also where it holds what it held.
        amounts = {**before.amounts, **reading.amounts}
        return replace(before, held_lamports=None, amounts=amounts)
    if is_unexplained(before, reading, held):
        since = before.unexplained_since or moment.began_at
        if moment.began_at - since <= LONGEST_UNEXPLAINED:
            # As it was, so that it counts as changed until what it holds is explained.
            return replace(before, unexplained_since=since)
    receipts = _receipts(address, before, reading, moment)
    forgotten = {each.transaction_id: each.amount_base_units for each in receipts}
    return Account(
        receipts=receipts,
        held_lamports=None if _may_be_older(before, reading, held) else held,
        unsure=frozenset(each.signature for each in reading.good if not each.is_final),
        amounts={**forgotten, **reading.amounts},
        read_in=look,
    )


def _brought(before: Account, reading: Reading) -> int:
    """What the balance has changed by, by the transactions that came and those that a fork undid.

    Those that were sure and are not named any more are forgotten by the node, and count on.
    """
    came = reading.amounts.keys() - before.amounts.keys()
    undone = before.unsure - reading.amounts.keys()
    came_lamports = sum(reading.amounts[name] for name in came)
    return came_lamports - sum(before.amounts.get(name, 0) for name in undone)


def _may_be_older(before: Account, reading: Reading, held: int) -> bool:
    """Whether what an address holds was told before the last of its transactions were made.

    Such a balance explains nothing that is told later: it is asked for again.
    """
    if before.held_lamports is None:
        some_came = not reading.amounts.keys() <= before.amounts.keys()
        return some_came and held != sum(reading.amounts.values())
    return held - before.held_lamports < _brought(before, reading)


def _receipts(
    address: str, account: Account, reading: Reading, moment: Moment
) -> tuple[Found, ...]:
    known = {each.transaction_id: each for each in account.receipts}
    # A node forgets old transactions; what could not be undone any more stays.
    forgotten = [
        each
        for each in account.receipts
        if each.transaction_id not in reading.amounts
        and (each.transaction_id not in account.unsure or _is_long_ago(each, moment.tip))
    ]
    named = []
    for each in reversed(reading.good):
        before, amount = known.get(each.signature), reading.amounts[each.signature]
        time = each.time or (before.chain_time if before is not None else moment.began_at)
        if amount > 0:
            named.append(_found(address, each, amount, time, moment.tip))
    return (*forgotten, *named)


def _found(address: str, signed: Signed, amount_lamports: int, time: datetime, tip: Place) -> Found:
    # The tip may be of a moment before the signatures.
    in_block = signed.slot <= tip.height
    return Found(
        address=address,
        transaction_id=signed.signature,
        output_index=None,
        amount_base_units=amount_lamports,
        block_height=signed.slot if in_block else None,
        block_hash=str(signed.slot) if in_block else None,
        chain_time=time,
        confirmations=signed.confirmations if in_block else None,
    )


def _amount(answer: Mapping[str, object] | RpcError | None, address: str) -> int:
    if isinstance(answer, RpcError):
        raise answer
    if answer is None:
        raise LookupError("it has named it, and lacks it")
    return received_lamports(answer, address)


def _counted(found: Found) -> int:
    counted = found.recorded_confirmations if found.confirmations is None else found.confirmations
    return min(counted, FINALIZED_CONFIRMATIONS)


def _is_long_ago(found: Found, tip: Place) -> bool:
    """Whether the shop has taken it for confirmed, as it may before it is final, long ago."""
    was_enough = found.recorded_confirmations > 0
    return was_enough and (found.block_height or 0) < tip.height - _LONG_AGO_SLOTS
