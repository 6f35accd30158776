"""Notes under addresses, with the addresses that Thespian gives to children that are processes."""

from thespian.actors import ActorAddress
from thespian.system.addressManager import ActorAddressManager
from thespian.system.transport.IPBase import TCPv4ActorAddress

from actors.address_notes import AddressNotes

ADMIN = ActorAddress(TCPv4ActorAddress("127.0.0.1", 1900, external=True))
PARENT = ActorAddress(TCPv4ActorAddress("127.0.0.1", 2000, external=True))


class Family:
    """A parent that knows its children by provisional addresses until they have started."""

    def __init__(self) -> None:
        self._manager = ActorAddressManager(ADMIN, PARENT)

    def child(self) -> ActorAddress:
        return self._manager.createLocalAddress()

    def started(self, child: ActorAddress, port: int) -> ActorAddress:
        """The final address, as another process sends it."""
        number = child.addressDetails.addressInstanceNum
        final = ActorAddress(TCPv4ActorAddress("127.0.0.1", port, external=True))
        self._manager.associateUseableAddress(PARENT, number, final)
        return ActorAddress(TCPv4ActorAddress("127.0.0.1", port, external=True))


def test_a_note_under_a_provisional_address_is_found_by_the_final_one() -> None:
    family, book = Family(), AddressNotes[str]()
    first, second = family.child(), family.child()
    book.note(first, "first")
    book.note(second, "second")
    first_final, second_final = family.started(first, 2001), family.started(second, 2002)
    assert (book.get(first_final), book.get(second_final)) == ("first", "second")
    book.forget(first_final)
    assert first not in book
    assert second_final in book
    assert len(book) == 1


def test_a_note_under_a_final_address_is_found_by_the_provisional_one() -> None:
    family, book = Family(), AddressNotes[str]()
    child, other = family.child(), family.child()
    book.note(family.started(child, 2001), "gone")
    assert book.get(child) == "gone"
    assert other not in book
    book.forget(child)
    assert not book


def test_the_last_note_of_an_address_holds_whichever_form_it_was_written_under() -> None:
    family, book = Family(), AddressNotes[int]()
    child = family.child()
    book.note(child, 1)
    book.note(family.started(child, 2001), 2)
    assert (book.get(child), len(book)) == (2, 1)


def test_addresses_of_one_process_are_found_by_their_text() -> None:
    book = AddressNotes[int]()
    for number in range(3):
        book.note(ActorAddress(f"a:{number}"), number)
    assert book.get(ActorAddress("a:1")) == 1
    assert ActorAddress("a:3") not in book
    book.clear()
    assert not book
