"""What can be wrong with the store itself, as opposed to what is asked of it."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class TroubleKind(StrEnum):
    """Why the store cannot be used now."""

    FULL = "full"
    """No room on the disk. Mends itself when there is."""
    READ_ONLY = "read_only"
    """The file may not be written. Mends itself when it may."""
    BUSY = "busy"
    """Another program holds the file. Mends itself when it lets go."""
    AWAY = "away"
    """The file or its folder is not there or cannot be opened. Mends itself when it is back."""
    INPUT_OUTPUT = "input_output"
    """The disk failed at reading or writing. May mend itself."""
    CORRUPT = "corrupt"
    """A page of the file is damaged. Does not mend itself: `check`, then `restore`."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrouble:
    """What is wrong, and the text of whoever found it; it contains no value of the store."""

    kind: TroubleKind
    why: str


class StoreUnavailableError(Exception):
    """The store cannot be opened or written now; the text says why.

    Nothing is known to be on disk of what was asked: nothing of it may be answered as done.
    """

    def __init__(self, text: str, trouble: StoreTrouble) -> None:
        super().__init__(text)
        self.trouble = trouble


# Primary result codes (the lowest byte of an extended one); https://sqlite.org/rescode.html
_KINDS = {
    sqlite3.SQLITE_FULL: TroubleKind.FULL,
    sqlite3.SQLITE_READONLY: TroubleKind.READ_ONLY,
    sqlite3.SQLITE_PERM: TroubleKind.READ_ONLY,
    sqlite3.SQLITE_BUSY: TroubleKind.BUSY,
    sqlite3.SQLITE_LOCKED: TroubleKind.BUSY,
    sqlite3.SQLITE_PROTOCOL: TroubleKind.BUSY,
    sqlite3.SQLITE_CANTOPEN: TroubleKind.AWAY,
    sqlite3.SQLITE_IOERR: TroubleKind.INPUT_OUTPUT,
    sqlite3.SQLITE_CORRUPT: TroubleKind.CORRUPT,
    sqlite3.SQLITE_NOTADB: TroubleKind.CORRUPT,
}
_PRIMARY_CODE = 0xFF


def trouble_of(error: Exception) -> StoreTrouble:
    """What an error of SQLite or of the operating system says about the store."""
    if isinstance(error, sqlite3.Error):
        # Errors that the binding itself raises have no code.
        code = getattr(error, "sqlite_errorcode", None)
        kind = TroubleKind.OTHER if code is None else _kind(code)
    elif isinstance(error, OSError):
        kind = TroubleKind.AWAY
    else:
        kind = TroubleKind.OTHER
    return StoreTrouble(kind=kind, why=str(error))


def _kind(code: int) -> TroubleKind:
    return _KINDS.get(code & _PRIMARY_CODE, TroubleKind.OTHER)
