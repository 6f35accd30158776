from typing import ClassVar, Protocol

from thespian.actors import ActorAddress
from thespian.system.transport.TCPTransport import TCPTransport

class _HasCapabilities(Protocol):
    capabilities: dict[str, object]

class ActorSystemBase:
    """Its construction starts the administrator's process, or joins one that is there."""

    transportType: ClassVar[type[TCPTransport]]
    adminAddr: ActorAddress
    transport: TCPTransport
    def __init__(self, system: _HasCapabilities, logDefs: object = ...) -> None: ...
