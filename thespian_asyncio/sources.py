"""Actor sources: zip archives of modules, loaded while the system runs.

The rules are Thespian's. A source is known by the MD5 hash of what was given to
`loadActorSource`. It may be used when the source authority, an actor, has answered its
ValidateSource with a ValidatedSource that holds the plain zip archive; without an authority
nothing is ever loaded. Actors that asked for it hear LoadedSource and UnloadedSource.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from thespian.actors import (
    Actor,
    ActorAddress,
    LoadedSource,
    UnloadedSource,
    ValidatedSource,
    ValidateSource,
)
from thespian.system.sourceLoader import loadModuleFromHashSource
from thespian.system.utilis import actualActorClass

from thespian_asyncio.cell import SYSTEM_ADDRESS
from thespian_asyncio.source_finder import SourceFinder

logger = logging.getLogger(__name__)

Send = Callable[[ActorAddress, ActorAddress, object], None]


class BinaryFile(Protocol):
    """What is read to its end."""

    def read(self) -> bytes:
        """Return all that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What `loadActorSource` was given: its bytes, their hash, and the file's name."""

    source_hash: str
    data: bytes
    info: str


def read_source(given: str | BinaryFile) -> Source:
    """Read a source from a path or an open binary file; blocks while it reads.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    if isinstance(given, str | Path):
        data, info = Path(given).read_bytes(), str(given)
    else:
        data, info = given.read(), str(getattr(given, "name", ""))
    # A name, as on Thespian's other bases, and no protection: that is the authority's work.
    source_hash = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Source(source_hash=source_hash, data=data, info=info)


class Sources:
    """The sources of one system.

    Args:
        send: the engine's.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self.authority: ActorAddress | None = None
        self._asked: dict[str, str] = {}  # what each hash is called that waits for the authority
        self._loaded: dict[str, SourceFinder] = {}
        self._watchers: dict[str, ActorAddress] = {}

    @property
    def loaded(self) -> list[tuple[str, str]]:
        """The hash and the name of each source, as Thespian's system status shows them."""
        waiting = [(key, "...pending validation...") for key in self._asked]
        return [(key, finder.info) for key, finder in self._loaded.items()] + waiting

    def submit(self, source: Source) -> None:
        """Have the authority look at a source; without an authority it is dropped."""
        if source.source_hash in self._loaded:
            logger.info("source %s (%s) is loaded already", source.source_hash, source.info)
        elif self.authority is None:
            logger.warning(
                "source %s (%s) is dropped: no actor is the source authority",
                source.source_hash,
                source.info,
            )
        else:
            self._asked[source.source_hash] = source.info
            question = ValidateSource(source.source_hash, source.data, source.info)
            self._send(SYSTEM_ADDRESS, self.authority, question)

    def validated(self, sender: ActorAddress, answer: ValidatedSource) -> None:
        """Take the authority's answer: load the source, or forget it where it was refused."""
        if self.authority is None or sender != self.authority:
            logger.warning("%s is not the source authority: its word is ignored", sender)
            return
        info = self._asked.pop(answer.sourceHash, None)
        if info is None:
            logger.warning("source %s was not asked about", answer.sourceHash)
            return
        if not answer.sourceZip:
            logger.warning("source %s (%s) is refused", answer.sourceHash, info)
            return
        finder = SourceFinder(answer.sourceHash, answer.sourceZip, answer.sourceInfo or info)
        try:
            names = finder.getZipNames()
        except Exception:
            logger.exception("source %s (%s) is no zip archive", answer.sourceHash, info)
            return
        logger.info("source %s (%s) is loaded: %d files", answer.sourceHash, info, len(names))
        finder.install()
        self._loaded[answer.sourceHash] = finder
        self._tell_watchers(LoadedSource(answer.sourceHash, finder.info))

    def unload(self, source_hash: str) -> None:
        """Forget a source; its actors live on, without the modules that they have not imported."""
        self._asked.pop(source_hash, None)
        finder = self._loaded.pop(source_hash, None)
        if finder is not None:
            finder.uninstall()
            self._tell_watchers(UnloadedSource(source_hash, finder.info))

    def watch(self, address: ActorAddress, *, start: bool) -> None:
        """Tell an actor of the sources that are there and of each change, or no longer."""
        self._watchers.pop(address.addressDetails, None)
        if start:
            self._watchers[address.addressDetails] = address
            for source_hash, finder in self._loaded.items():
                self._send(SYSTEM_ADDRESS, address, LoadedSource(source_hash, finder.info))

    def forget(self, address: ActorAddress) -> None:
        """Let an actor that exited be neither authority nor watcher."""
        self._watchers.pop(address.addressDetails, None)
        if self.authority is not None and self.authority == address:
            self.authority = None

    def clear(self) -> None:
        """Forget all sources without a word."""
        for finder in self._loaded.values():
            finder.uninstall()
        self._loaded.clear()
        self._asked.clear()
        self._watchers.clear()
        self.authority = None

    def actor_class(self, name: str, source_hash: str | None) -> type[Actor]:
        """Return the class that 'package.module.Class' names, in a source where one is given.

        Raises:
            InvalidActorSourceHash: no such source is loaded.
            InvalidActorSpecification: the name has no module.
            ImportError: the module is not there or cannot be read.
        """
        if source_hash is None:
            return actualActorClass(name)
        return actualActorClass(name, partial(loadModuleFromHashSource, source_hash, self._loaded))

    def _tell_watchers(self, news: LoadedSource | UnloadedSource) -> None:
        for watcher in tuple(self._watchers.values()):
            self._send(SYSTEM_ADDRESS, watcher, news)
