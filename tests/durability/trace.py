"""Reading what strace wrote, and the proof in it that an acknowledgement comes after a sync.

A commit is in SQLite's log as frames: a header of 24 bytes, of which bytes 4 to 7 are zero but in
the last frame of a commit, and a page (https://sqlite.org/fileformat2.html#the_write_ahead_log). It
is on disk when a sync of the log has returned that began after its last frame was written.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter

STRACE = (
    "strace", "--follow-forks", "--decode-fds=path", "--strings-in-hex=all", "--string-limit=4200",
    "--seccomp-bpf", "--trace=write,pwrite64,fsync,fdatasync", "--quiet=all",
)  # fmt: skip
FRAME_HEADER_BYTES = 24
PAGE_BYTES = 4096
COMMIT_SIZE = slice(4, 8)
STDOUT = 1

_LINE = re.compile(
    r"(?P<thread>\d+) +(?:<\.\.\. \w+ resumed>(?P<resumed>)"
    r'|(?P<name>\w+)\((?P<file>\d+)<(?P<path>[^>]*)>(?:, "(?P<data>[^"]*)"\.*, \d+(?:, \d+)?)?)'
    r"(?: <unfinished \.\.\.>|\) += (?P<result>-?\d+).*)"
)
_NAMES = re.compile(rb"address-\d{8}|order:\d+:\d+:")


@dataclass(slots=True, kw_only=True)
class Call:
    """One system call; it began and ended at these lines of the trace."""

    name: str
    file: int
    path: str
    data: bytes
    began: int
    ended: int | None = None
    result: int | None = None


@dataclass(slots=True, kw_only=True)
class Commit:
    """One commit in the log: what is named in its pages, and when it was on disk, if ever."""

    names: set[bytes] = field(default_factory=set)
    began: int
    written: int | None = None
    on_disk: int | None = None


def calls(lines: Iterable[str]) -> list[Call]:
    """All calls of a trace in the order of their beginnings.

    Raises:
        ValueError: a line is not understood.
    """
    found: list[Call] = []
    unfinished: dict[str, Call] = {}
    for number, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            if "+++" in line or "---" in line or "?" in line.rpartition("=")[2]:
                continue  # the end of a thread, a signal, a call that a kill cut off
            raise ValueError(f"line {number + 1} of the trace: {line[:200]}")
        call = unfinished.pop(match["thread"], None)
        if match["resumed"] is None:
            call = _begun(match, number)
            found.append(call)
        if call is None:
            raise ValueError(f"line {number + 1} of the trace resumes what did not begin")
        if match["result"] is None:
            unfinished[match["thread"]] = call
        else:
            call.ended, call.result = number, int(match["result"])
    return found


def _begun(match: re.Match[str], number: int) -> Call:
    return Call(
        name=match["name"],
        file=int(match["file"]),
        path=_bytes(match["path"]).decode(),
        data=_bytes(match["data"] or ""),
        began=number,
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def commits(traced: Iterable[Call], log: str) -> list[Commit]:
    """All commits in the write-ahead log at the path `log`."""
    found: list[Commit] = []
    current: Commit | None = None
    is_last_frame = False
    for call in traced:
        if call.path != log or call.ended is None:
            continue
        if call.name in ("fsync", "fdatasync"):
            _note_sync(found, call)
        elif len(call.data) == FRAME_HEADER_BYTES:
            current = current or Commit(began=call.began)
            is_last_frame = any(call.data[COMMIT_SIZE])
        elif len(call.data) == PAGE_BYTES and current is not None:
            current.names.update(_NAMES.findall(call.data))
            if is_last_frame:
                current.written = call.ended
                found.append(current)
                current = None
    return found


def _note_sync(found: list[Commit], sync: Call) -> None:
    for commit in reversed(found):
        if commit.on_disk is not None:
            return
        if sync.result == 0 and commit.written is not None and commit.written < sync.began:
            commit.on_disk = sync.ended


def said(traced: Iterable[Call]) -> Iterator[tuple[int, list[str]]]:
    """What was acknowledged on stdout: the line at which the write began, and its words."""
    for call in sorted(traced, key=attrgetter("began")):
        if call.file == STDOUT:
            yield call.began, call.data.decode().split()


@dataclass(slots=True, kw_only=True)
class Proof:
    """Acknowledgements with a sync of what they acknowledge before them, and those without."""

    proved: dict[str, int] = field(default_factory=dict)
    unproved: list[str] = field(default_factory=list)


def prove(traced: list[Call], log: str) -> Proof:
    """Hold every order, cancellation and delivery that was acknowledged against the syncs.

    An order is in the commit that names its address first. A change of an order is in the last
    commit with a command of that order before the acknowledgement: after these changes nothing is
    written of the order until the acknowledgement was given.
    """
    first, ordered = _by_name(commits(traced, log))
    proof = Proof()
    for began, words in said(traced):
        match words:
            case ["placed", _, address]:
                kind, commit = "placed", first.get(address.encode())
            case ["cancelled", order_id]:
                kind, commit = "cancelled", _last_before(ordered.get(int(order_id), []), began)
            case ["told", order_id, "goods"]:
                kind, commit = "goods", _last_before(ordered.get(int(order_id), []), began)
            case _:
                continue
        if commit is not None and commit.on_disk is not None and commit.on_disk < began:
            proof.proved[kind] = proof.proved.get(kind, 0) + 1
        else:
            proof.unproved.append(" ".join(words))
    return proof


def _by_name(several: Iterable[Commit]) -> tuple[dict[bytes, Commit], dict[int, list[Commit]]]:
    """The first commit with each name, and those with a new command of each order."""
    first: dict[bytes, Commit] = {}
    of_orders: dict[int, list[Commit]] = {}
    for commit in several:
        for name in commit.names:
            if name not in first:
                first[name] = commit
                if name.startswith(b"order:"):
                    of_orders.setdefault(int(name.split(b":")[1]), []).append(commit)
    return first, of_orders


def _last_before(several: list[Commit], moment: int) -> Commit | None:
    before = [commit for commit in several if commit.began < moment]
    return before[-1] if before else None
