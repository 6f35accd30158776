"""What is wrong with the store, in words for whoever runs the shop."""

from store.trouble import StoreTrouble, TroubleKind

_ADVICE = {
    TroubleKind.FULL: "the disk of the store is full: make room on it",
    TroubleKind.READ_ONLY: "the store's file may not be written: let the shop's user write it",
    TroubleKind.BUSY: "another program keeps the store's file locked: end it",
    TroubleKind.AWAY: "the store's file or folder is away: put it back",
    TroubleKind.INPUT_OUTPUT: "the disk of the store fails: look at its mount and its health",
    TroubleKind.CORRUPT: (
        "the store's file is damaged: stop the shop, then `run.py check`, then `run.py restore`"
    ),
    TroubleKind.OTHER: "the store cannot be written",
}


def trouble_text(trouble: StoreTrouble) -> str:
    """What is wrong, what to do about it, and the words of whoever found it."""
    return f"{_ADVICE[trouble.kind]} ({trouble.why})"
