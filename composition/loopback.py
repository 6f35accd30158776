"""Thespian's multiprocTCPBase, confined to the loopback interface.

Thespian listens on all interfaces and runs whatever pickle arrives: whoever reaches such a port can
run code. Here every socket is bound to an address of 127.0.0.0/8 (Linux: all of them are the
loopback's), and a system never joins another one that has its port already.
"""

import itertools
import socket

from thespian.actors import ActorAddress
from thespian.system.multiprocTCPBase import ActorSystemBase
from thespian.system.transport import ExternalInterfaceTransportInit, TransportInit__Base
from thespian.system.transport.IPBase import TCPv4ActorAddress
from thespian.system.transport.TCPTransport import (
    DEFAULT_ADMIN_PORT,
    LISTEN_DEPTH,
    ExternalTransportCopy,
    TCPEndpoint,
    TCPTransport,
)

LOOPBACK = "127.0.0.1"

_ASKERS = 253 * 2**16
_asker_numbers = itertools.count()


class LoopbackTransport(TCPTransport):
    """TCPTransport on the loopback, with an address of its own for each who asks from outside.

    What is sent to an asker that is gone can so not reach the next one that got its port.
    """

    def __init__(
        self, init_type: TransportInit__Base | ExternalTransportCopy, *args: object
    ) -> None:
        super().__init__(init_type, *args)
        if isinstance(init_type, ExternalInterfaceTransportInit):
            capabilities = args[0]
            if not isinstance(capabilities, dict):
                raise TypeError("Thespian gives the capabilities first, in another version it did")
            self._adminAddr = self.getAdminAddr(capabilities)
        if isinstance(init_type, ExternalInterfaceTransportInit | ExternalTransportCopy):
            self._listen_as_asker()

    def _listen_as_asker(self) -> None:
        # Thespian has bound this one to all interfaces. Nothing was read from it.
        self.socket.close()
        host = _next_asker_host()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.bind((host, 0))
        self.socket.listen(LISTEN_DEPTH)
        port = self.socket.getsockname()[1]
        self.myAddress = ActorAddress(TCPv4ActorAddress(host, port, external=True))

    @staticmethod
    def getAdminAddr(capabilities: dict[str, object]) -> ActorAddress:  # noqa: N802 - Thespian's name
        """The administrator's address: the loopback, and the port in the capabilities."""
        port = capabilities.get("Admin Port", DEFAULT_ADMIN_PORT)
        if not isinstance(port, int):
            raise TypeError(f"'Admin Port' is {port!r}; write a number")
        return ActorAddress(TCPv4ActorAddress(LOOPBACK, port, external=False))

    @staticmethod
    def probeAdmin(addr: ActorAddress) -> bool:  # noqa: ARG004, N802 - Thespian's names
        """Never join: where somebody has the port, the start fails."""
        return False

    def prepEndpoint(  # noqa: N802 - Thespian's name
        self,
        assignedLocalAddr: ActorAddress,  # noqa: N803 - Thespian's name
        capabilities: dict[str, object],
    ) -> TCPEndpoint:
        """Give the address to listen on to a process that has none assigned."""
        endpoint = super().prepEndpoint(assignedLocalAddr, capabilities)
        number, assigned, parent, admin, is_routed, is_send_only = endpoint.args
        if assigned is None:
            assigned = ActorAddress(TCPv4ActorAddress(LOOPBACK, 0, external=False))
        return TCPEndpoint(number, assigned, parent, admin, is_routed, is_send_only)

    def external_transport_clone(self) -> TCPTransport:
        """Another way in, for one who asks."""
        return LoopbackTransport(ExternalTransportCopy(), self._adminAddr, self.txOnly, False)  # noqa: FBT003 - Thespian takes it by place: no routing


class LoopbackSystemBase(ActorSystemBase):
    """multiprocTCPBase on `LoopbackTransport`."""

    transportType = LoopbackTransport  # noqa: N815 - Thespian's name


def free_loopback_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _next_asker_host() -> str:
    """127.1.0.0 to 127.253.255.255, one after another."""
    number = next(_asker_numbers) % _ASKERS
    return f"127.{1 + number // 2**16}.{number // 2**8 % 2**8}.{number % 2**8}"
