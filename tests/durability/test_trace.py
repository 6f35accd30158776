"""What the proof by strace makes of traces: those of a careless shop are found out."""

import pytest

from tests.durability.trace import FRAME_HEADER_BYTES, PAGE_BYTES, Proof, calls, prove

LOG = "/shop.db-wal"
PLACED = "placed 1 address-00000001"
ADDRESS = "address-00000001"
CANCELLED = "cancelled 1"
CANCEL = "order:1:1:aa"


def hexed(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def frame(text: str, *, is_last: bool) -> list[str]:
    header = bytes(4) + int(is_last).to_bytes(4, "big")
    return [
        written(3, LOG, header.ljust(FRAME_HEADER_BYTES, b"\0")),
        written(3, LOG, text.encode().ljust(PAGE_BYTES, b"\0")),
    ]


def written(file: int, path: str, data: bytes) -> str:
    call = "write" if file == 1 else "pwrite64"
    text = f'8 {call}({file}<{hexed(path.encode())}>, "{hexed(data)}", {len(data)}'
    return f"{text}) = {len(data)}" if file == 1 else f"{text}, 32) = {len(data)}"


def said(line: str) -> str:
    return written(1, "pipe", f"{line}\n".encode())


def synced(path: str = LOG, result: str = "0") -> str:
    return f"8 fdatasync(3<{hexed(path.encode())}>) = {result}"


ORDER = [*frame("a page", is_last=False), *frame(ADDRESS, is_last=True)]
CANCELLATION = frame(CANCEL, is_last=True)
BEGUN = f"9 fdatasync(3<{hexed(LOG.encode())}> <unfinished ...>"
RESUMED = "9 <... fdatasync resumed>) = 0"


def proved(lines: list[str]) -> Proof:
    return prove(calls(lines), LOG)


def test_a_commit_that_is_synced_before_it_is_acknowledged_is_proved() -> None:
    lines = [*ORDER, synced(), said(PLACED), *CANCELLATION, BEGUN, RESUMED, said(CANCELLED)]
    assert proved(lines) == Proof(proved={"placed": 1, "cancelled": 1}, unproved=[])


@pytest.mark.parametrize(
    "lines",
    [
        [*ORDER, said(PLACED)],
        [*ORDER, said(PLACED), synced()],
        [said(PLACED), *ORDER, synced()],
        [synced(), *ORDER, said(PLACED)],
        [*ORDER[:2], synced(), *ORDER[2:], said(PLACED)],
        [*ORDER[:-1], BEGUN, ORDER[-1], RESUMED, said(PLACED)],
        [*ORDER, BEGUN, said(PLACED), RESUMED],
        [*ORDER, synced(result="-1 EIO (Input/output error)"), said(PLACED)],
        [*ORDER, synced("/another.db-wal"), said(PLACED)],
        [*frame("another", is_last=True), synced(), said(PLACED)],
    ],
    ids=[
        "no sync", "sync afterwards", "acknowledged before it is written", "sync before the commit",
        "sync within the commit", "sync that began within the commit",
        "sync that has not returned", "sync that failed", "another file", "another commit",
    ],
)  # fmt: skip
def test_an_order_that_is_acknowledged_too_early_is_found(lines: list[str]) -> None:
    assert proved(lines) == Proof(proved={}, unproved=[PLACED])


def test_a_cancellation_that_is_acknowledged_too_early_is_found() -> None:
    lines = [*ORDER, synced(), said(PLACED), *CANCELLATION, said(CANCELLED), synced()]
    assert proved(lines) == Proof(proved={"placed": 1}, unproved=[CANCELLED])


def test_a_line_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1 of the trace"):
        calls(["8 mystery"])
