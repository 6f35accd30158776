"""JSON-RPC as nodes of the Bitcoin Core family speak it: basic authentication, their error codes.

JSON bodies come with HTTP 404 and 500 too.
"""

from dataclasses import dataclass

import aiohttp

from payments.chain import ChainUnavailableError
from payments.json_rpc import RpcAccess, RpcConnection, RpcError

__all__ = ["NodeAccess", "NodeConnection", "NodeError"]

# Error codes of Bitcoin Core (src/rpc/protocol.h).
NOT_FOUND = -5
MISC_ERROR = -1
_WARMING_UP = -28

NodeError = RpcError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAccess:
    """Where a node is and who asks. `name` stands for it in errors, without credentials."""

    name: str
    url: str
    user: str
    password: str
    request_timeout_seconds: float


class NodeConnection(RpcConnection):
    """Connections for the time of one look; an async context manager."""

    def __init__(self, access: NodeAccess) -> None:
        login = aiohttp.encode_basic_auth(access.user, access.password, "utf-8")
        super().__init__(
            RpcAccess(
                name=access.name,
                url=access.url,
                headers={"Authorization": login},
                version="1.0",
                identified_by="the user or the password",
                if_refused="compare them with the node's rpcuser, rpcpassword, rpcauth, rpcallowip",
                request_timeout_seconds=access.request_timeout_seconds,
            )
        )

    def refusal(self, error: RpcError) -> RpcError:
        """The same, unless the node is still starting.

        Raises:
            ChainUnavailableError: it is.
        """
        if error.code == _WARMING_UP:
            name = self._access.name
            raise ChainUnavailableError(f"{name} is starting: {error}")
        return error
