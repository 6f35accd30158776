"""The output script of an address that the store says is to be watched."""

from payments.addresses import AddressError, script_of
from payments.chain import ChainRefusedError


def watched_script(address: str, coin: str, network: str) -> str:
    """The script in hexadecimal.

    Raises:
        ChainRefusedError: the address is of another coin or network.
    """
    try:
        return script_of(address, coin, network)
    except AddressError as error:
        raise ChainRefusedError(
            f"{error}: the store has orders of another network than is configured"
        ) from None
