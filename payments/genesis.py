"""The first block of each chain: by it a server of another coin or network is known."""

from payments.chain import ChainRefusedError

PUBLIC = {
    ("BTC", "main"): "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    ("BTC", "test"): "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
    ("LTC", "main"): "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2",
    ("LTC", "test"): "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0",
}
"""Of the chains that are the same for everybody. A regtest chain may have any."""

_USUAL_OF_REGTEST = {
    ("BTC", "regtest"): "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
    ("LTC", "regtest"): "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9",
}
_CHAINS = {genesis: chain for chain, genesis in (PUBLIC | _USUAL_OF_REGTEST).items()}


def require_genesis(genesis: str, *, coin: str, network: str, server_name: str) -> None:
    """Let pass what may be the first block of this coin and network.

    Raises:
        ChainRefusedError: it is that of another one.
    """
    if genesis == PUBLIC.get((coin, network)):
        return
    served = _CHAINS.get(genesis)
    if served is None:
        if (coin, network) not in PUBLIC:
            return
        what = f"a chain that is not {coin}"
    elif served == (coin, network):
        return
    else:
        what = " ".join(served)
    raise ChainRefusedError(
        f"{server_name} serves {what} and the shop is on {coin} {network}:"
        " change the one or the other"
    )
