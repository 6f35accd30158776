class IPActorAddress:
    @property
    def socketArgs(self) -> tuple[int, int, int]: ...
    @property
    def bindArgs(self) -> tuple[tuple[str, int]]: ...
    @property
    def connectArgs(self) -> tuple[tuple[str, int]]: ...

class TCPv4ActorAddress(IPActorAddress):
    """`external` false: an address to listen on; true: one to send to."""

    def __init__(
        self,
        initialIPAddr: str | None = ...,
        initialIPPort: int = ...,
        external: bool | tuple[str, int] = ...,
    ) -> None: ...
