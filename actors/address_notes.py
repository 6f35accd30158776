"""Notes under the addresses of actors, which cannot be keys of a dictionary themselves."""

from typing import Generic, TypeVar

from thespian.actors import ActorAddress
from thespian.system.addressManager import ActorLocalAddress

Note = TypeVar("Note")


class AddressNotes(Generic[Note]):
    """One note for each address.

    Where each actor is a process, its parent knows it under a provisional address, and hears of its
    exit under the final one. The two are equal, but only Thespian can tell: provisional addresses
    are compared one by one, and final ones with each other are found by their text.
    """

    def __init__(self) -> None:
        self._final: dict[str, tuple[ActorAddress, Note]] = {}
        self._provisional: list[tuple[ActorAddress, Note]] = []

    def __len__(self) -> int:
        return len(self._final) + len(self._provisional)

    def __contains__(self, address: ActorAddress) -> bool:
        return self._entry(address) is not None

    def note(self, address: ActorAddress, note: Note) -> None:
        """Write a note for an address, in place of an earlier one."""
        self.forget(address)
        if _is_provisional(address):
            self._provisional.append((address, note))
        else:
            self._final[str(address)] = (address, note)

    def get(self, address: ActorAddress) -> Note | None:
        """The note for an address, if there is one."""
        entry = self._entry(address)
        return None if entry is None else entry[1]

    def forget(self, address: ActorAddress) -> None:
        """Strike the note for an address, if there is one."""
        entry = self._entry(address)
        if entry is None:
            return
        if _is_provisional(entry[0]):
            self._provisional.remove(entry)
        else:
            del self._final[str(entry[0])]

    def clear(self) -> None:
        """Strike all."""
        self._final.clear()
        self._provisional.clear()

    def _entry(self, address: ActorAddress) -> tuple[ActorAddress, Note] | None:
        found = self._final.get(str(address))
        if found is not None:
            return found
        others = [*self._final.values()] if _is_provisional(address) else []
        return next((each for each in (*self._provisional, *others) if each[0] == address), None)


def _is_provisional(address: ActorAddress) -> bool:
    return isinstance(address.addressDetails, ActorLocalAddress)
