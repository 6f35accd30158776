from thespian.actors import ActorAddress

class ActorLocalAddress:
    """What an actor knows a child by until the child has started; only on bases of processes."""

class ActorAddressManager:
    def __init__(self, adminAddress: ActorAddress, thisActorAddress: ActorAddress) -> None: ...
    def createLocalAddress(self) -> ActorAddress: ...
    def associateUseableAddress(
        self, ownerAddress: ActorAddress, ownerInstance: int, useableAddress: ActorAddress
    ) -> None: ...
