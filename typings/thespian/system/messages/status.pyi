from thespian.actors import ActorAddress, ActorSystemMessage
from thespian.system.timing import ExpirationTimer

class Thespian_StatusReq(ActorSystemMessage): ...

class _Common_StatusResp(ActorSystemMessage):
    receivedMessages: list[tuple[ActorAddress, ActorAddress, str]]
    childActors: list[ActorAddress]
    miscKeyVals: dict[str, object]
    def addChild(self, childAddress: ActorAddress) -> None: ...
    def addWakeups(self, wakeups_list: list[tuple[ActorAddress, ExpirationTimer]]) -> None: ...
    def addKeyVal(self, key: str, value: object) -> None: ...

class Thespian_SystemStatus(_Common_StatusResp):
    sourceAuthority: ActorAddress | None
    loadedSources: list[tuple[str, str]]
    def __init__(
        self,
        address: ActorAddress,
        conventionLeader: ActorAddress | None = ...,
        capabilities: dict[str, object] | None = ...,
        inShutdown: bool = ...,
    ) -> None: ...
    def addGlobalActor(self, name: str, address: ActorAddress) -> None: ...
    def setDeadLetterHandler(self, address: ActorAddress | None) -> None: ...

class Thespian_ActorStatus(_Common_StatusResp):
    actorAddress: ActorAddress
    exiting: bool | None
    def __init__(
        self,
        address: ActorAddress,
        actorClass: object,
        adminAddress: ActorAddress,
        parentAddress: ActorAddress | None = ...,
        sourceHash: str | None = ...,
        exiting: bool | None = ...,
    ) -> None: ...
