"""Keys for the owner's wallets: which, after what, and into what file.

Nothing leaves before it is written into the audit log, and no key that is not proved to be that of
its address.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from configuration.settings import Custody, Settings
from domain.events import KeyExported
from payments.custody import CustodyError, read_key, read_mnemonic
from payments.derived_addresses import PrivateKeys, address_of_key
from payments.export_passphrase import check_passphrase, passphrase_file
from payments.networks import key_path
from payments.order_keys import unseal_key
from payments.wallet_keys import WalletKey, wallet_key
from store import offline
from store.custody_queries import OrderAddress, order_addresses

_COLUMNS = ("order_id", "coin", "network", "address_index", "path", "address", "form", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One address whose key is wanted. `address` None: it is in no order."""

    coin: str
    address_index: int
    order_id: int | None = None
    address: str | None = None
    sealed_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedKey:
    """The key of one address in the form that wallets import."""

    wanted: Wanted
    network: str
    address: str
    key: WalletKey


def of_order(settings: Settings, order_id: int) -> list[Wanted]:
    """The address of one order.

    Raises:
        CustodyError: there is no such order.
        StoreFileError: there is no store.
    """
    found = order_addresses(settings.store.path, order_id)
    if not found:
        raise CustodyError(f"there is no order {order_id}")
    return [_wanted(each) for each in found]


def of_funded(settings: Settings) -> list[Wanted]:
    """The addresses of all orders to which money came.

    Raises:
        CustodyError: there are none.
        StoreFileError: there is no store.
    """
    found = [each for each in order_addresses(settings.store.path) if each.is_funded]
    if not found:
        raise CustodyError("no money came to an address of any order: there is nothing to export")
    return [_wanted(each) for each in found]


def keys_of(settings: Settings, wanted: Iterable[Wanted], passphrase: str) -> list[ExportedKey]:
    """The keys, each proved to be that of its address.

    Raises:
        CustodyError: the passphrase is not the owner's, no key is here, or one is of no address.
    """
    mnemonic_file = hot_mnemonic_file(settings.custody)
    check_passphrase(passphrase_file(mnemonic_file), passphrase)
    custody_key = read_key(settings.custody.key_file, settings.custody.key_env)
    mnemonic = read_mnemonic(mnemonic_file, custody_key)
    networks = {symbol: coin.network_name for symbol, coin in settings.coins.all().items()}
    branches: dict[str, PrivateKeys] = {}
    exported: list[ExportedKey] = []
    for each in wanted:
        network = networks[each.coin]
        if each.coin not in branches:
            branches[each.coin] = PrivateKeys(each.coin, network, mnemonic)
        private_key = _proved(each, network, branches[each.coin], custody_key)
        exported.append(
            ExportedKey(
                wanted=each,
                network=network,
                address=address_of_key(private_key, each.coin, network),
                key=wallet_key(private_key, each.coin, network),
            )
        )
    return exported


def hot_mnemonic_file(custody: Custody) -> Path:
    """Where the sealed mnemonic is.

    Raises:
        CustodyError: no key is on this machine.
    """
    if not custody.is_hot or custody.mnemonic_file is None:
        raise CustodyError(
            'custody.mode is "watch_only": no key is on this machine; run this where the mnemonic'
            ' is, with mode = "hot"'
        )
    return custody.mnemonic_file


def note_in_audit_log(settings: Settings, exported: Sequence[ExportedKey]) -> None:
    """Write a row for each key, on disk when this returns.

    Raises:
        StoreFileError: there is no store.
        StoreUnavailableError: the shop is running, or the store cannot be written.
    """
    offline.record_exported_keys(
        settings.store.path,
        [
            KeyExported(
                order_id=each.wanted.order_id,
                coin=each.wanted.coin,
                address_index=each.wanted.address_index,
            )
            for each in exported
        ],
        datetime.now(UTC),
    )


def as_csv(exported: Iterable[ExportedKey]) -> str:
    """A table with a line for each key."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in exported:
        wanted = each.wanted
        path = key_path(wanted.coin, each.network).of(wanted.address_index)
        order_id = "" if wanted.order_id is None else wanted.order_id
        place = (order_id, wanted.coin, each.network, wanted.address_index, path)
        writer.writerow((*place, each.address, each.key.form, each.key.text))
    return text.getvalue()


def _wanted(order: OrderAddress) -> Wanted:
    return Wanted(
        coin=order.coin,
        address_index=order.address_index,
        order_id=order.order_id,
        address=order.address,
        sealed_key=order.sealed_key,
    )


def _proved(wanted: Wanted, network: str, keys: PrivateKeys, custody_key: bytes) -> bytes:
    """The private key, from the mnemonic, or where that is another one now, from the order."""
    derived = keys.key(wanted.address_index)
    if wanted.address is None or address_of_key(derived, wanted.coin, network) == wanted.address:
        return derived
    if wanted.sealed_key is None:
        raise CustodyError(
            f"order {wanted.order_id}: its address is not one of this mnemonic on {network}, and no"
            " key was kept with it: put back the mnemonic, or the network, that made it"
        )
    try:
        return unseal_key(
            wanted.sealed_key,
            custody_key,
            coin=wanted.coin,
            network=network,
            address=wanted.address,
        )
    except CustodyError as error:
        raise CustodyError(f"order {wanted.order_id}: {error}") from None
