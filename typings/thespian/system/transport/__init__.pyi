class TransportInit__Base: ...

class ExternalInterfaceTransportInit(TransportInit__Base):
    """Asks for the transport of the program that starts, or joins, a system."""
