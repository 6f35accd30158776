from socket import socket

from thespian.actors import ActorAddress
from thespian.system.transport import TransportInit__Base

DEFAULT_ADMIN_PORT: int
LISTEN_DEPTH: int

class ExternalTransportCopy: ...

class TCPEndpoint(TransportInit__Base):
    """What a new process needs for its transport: `args` are those of the constructor.

    They are: number among its parent's children, address to listen on, the parent's address, the
    administrator's, whether to route through it, whether only to send.
    """

    args: tuple[int | None, ActorAddress | None, ActorAddress, ActorAddress, bool, bool]
    def __init__(
        self,
        addrInst: int | None,
        assignedAddr: ActorAddress | None,
        parentAddr: ActorAddress,
        adminAddr: ActorAddress,
        adminRouting: bool,
        txOnly: bool,
    ) -> None: ...

class TCPTransport:
    socket: socket
    myAddress: ActorAddress
    txOnly: bool
    _adminAddr: ActorAddress
    def __init__(
        self, initType: TransportInit__Base | ExternalTransportCopy, *args: object
    ) -> None: ...
    def close(self) -> None: ...
    @staticmethod
    def getAdminAddr(capabilities: dict[str, object]) -> ActorAddress: ...
    @staticmethod
    def probeAdmin(addr: ActorAddress) -> bool: ...
    def prepEndpoint(
        self, assignedLocalAddr: ActorAddress, capabilities: dict[str, object]
    ) -> TCPEndpoint: ...
    def external_transport_clone(self) -> TCPTransport: ...
