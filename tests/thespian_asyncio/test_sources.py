"""Actor sources: what is loaded from a zip archive, and what it may not do to others."""

import builtins
import io
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from thespian.actors import (
    ActorAddress,
    ActorSystemMessage,
    ActorTypeDispatcher,
    InvalidActorSourceHash,
    InvalidActorSpecification,
    LoadedSource,
    UnloadedSource,
    ValidatedSource,
    ValidateSource,
)
from thespian.system.messages.status import Thespian_StatusReq, Thespian_SystemStatus

from tests.thespian_asyncio.actors_for_tests import until
from thespian_asyncio import ActorSystemBase

PARROT = """
from thespian.actors import ActorTypeDispatcher
from phrases import greeting

class Parrot(ActorTypeDispatcher):
    def receiveMsg_str(self, message, sender):
        if message == "hatch":
            self.chick = self.createActor("parrot.Parrot")
            self.send(sender, self.chick)
        elif message == "learn":
            self.send(sender, __import__("later").WORD)
        else:
            self.send(sender, greeting() + " " + message)
"""
MODULES = {"parrot.py": PARROT, "later.py": "WORD = 'cracker'\n"}


def _zipped(greeting: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in MODULES.items():
            archive.writestr(name, text)
        archive.writestr("phrases.py", f"def greeting(): return {greeting!r}\n")
    return target.getvalue()


class Authority(ActorTypeDispatcher):
    """Takes every source that does not start with b"bad"; passes b"not a zip" on as it is."""

    def receiveMsg_str(self, _message: str, sender: ActorAddress) -> None:
        self.registerSourceAuthority()
        self.send(sender, "registered")

    def receiveMsg_ValidateSource(self, message: ValidateSource, sender: ActorAddress) -> None:
        data = message.sourceData or b""
        plain = None if data.startswith(b"bad") else data
        self.send(sender, ValidatedSource(message.sourceHash, plain))


class Watcher(ActorTypeDispatcher):
    """Notes what it hears of sources."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str, str]] = []

    def receiveMsg_str(self, message: str, sender: ActorAddress) -> None:
        if message in ("watch", "stop"):
            self.notifyOnSourceAvailability(message == "watch")
        self.send(sender, list(self.heard))

    def receiveMsg_ActorSystemMessage(
        self, message: ActorSystemMessage, _sender: ActorAddress
    ) -> None:
        if isinstance(message, LoadedSource | UnloadedSource):
            self.heard.append((type(message).__name__, message.sourceHash, message.sourceInfo))


@pytest.fixture
async def base() -> AsyncIterator[ActorSystemBase]:
    """Give a system with a source authority."""
    base = ActorSystemBase(None)
    await base.ask_async(base.newPrimaryActor(Authority), "register", 5)
    yield base
    await base.shutdown_async()
    assert not [name for name in sys.modules if name.startswith("{{")]
    assert builtins.__import__.__module__ == "builtins"


async def _loaded(base: ActorSystemBase, data: bytes) -> str:
    source_hash = base.loadActorSource(io.BytesIO(data))
    await until(lambda: source_hash in dict(base._engine.sources.loaded))
    await base.ask_async(base.newPrimaryActor(Watcher), "settle", 5)
    return source_hash


async def test_an_actor_of_a_source_imports_what_the_source_has(base: ActorSystemBase) -> None:
    source_hash = await _loaded(base, _zipped("hello"))
    parrot = base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    assert await base.ask_async(parrot, "Polly", 5) == "hello Polly"
    assert await base.ask_async(parrot, "learn", 5) == "cracker"


async def test_a_child_comes_from_the_source_of_its_parent(base: ActorSystemBase) -> None:
    source_hash = await _loaded(base, _zipped("hello"))
    parrot = base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    chick = await base.ask_async(parrot, "hatch", 5)
    assert isinstance(chick, ActorAddress)
    assert await base.ask_async(chick, "Polly", 5) == "hello Polly"


async def test_two_versions_live_beside_each_other(base: ActorSystemBase) -> None:
    old, new = await _loaded(base, _zipped("old")), await _loaded(base, _zipped("new"))
    parrots = [base.newPrimaryActor("parrot.Parrot", source_hash=key) for key in (old, new)]
    assert [await base.ask_async(p, "x", 5) for p in parrots] == ["old x", "new x"]


async def test_modules_of_a_source_are_no_modules_for_anybody_else(base: ActorSystemBase) -> None:
    source_hash = await _loaded(base, _zipped("hello"))
    parrot = base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    await base.ask_async(parrot, "learn", 5)
    for name in ("parrot", "phrases", "later"):
        with pytest.raises(ModuleNotFoundError):
            __import__(name)
    with pytest.raises(ImportError):
        base.newPrimaryActor("parrot.Parrot")


async def test_without_the_authority_nothing_is_loaded() -> None:
    base = ActorSystemBase(None)
    source_hash = base.loadActorSource(io.BytesIO(_zipped("hello")))
    with pytest.raises(InvalidActorSourceHash, match=source_hash):
        base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    await base.shutdown_async()


@pytest.mark.parametrize("data", [b"bad", b"not a zip"])
async def test_what_is_refused_or_no_archive_is_not_loaded(
    base: ActorSystemBase, data: bytes
) -> None:
    source_hash = base.loadActorSource(io.BytesIO(data))
    await until(lambda: not base._engine.sources.loaded)
    with pytest.raises(InvalidActorSourceHash):
        base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)


async def test_only_the_authority_is_heard(base: ActorSystemBase) -> None:
    data = _zipped("hello")
    sources = base._engine.sources
    sources.validated(ActorAddress("somebody"), ValidatedSource("hash", data))
    assert sources.authority is not None
    sources.validated(sources.authority, ValidatedSource("never asked about", data))
    assert sources.loaded == []


async def test_an_authority_that_exits_is_none_any_more(base: ActorSystemBase) -> None:
    authority = base._engine.sources.authority
    assert authority is not None
    base._engine.population._bury(base._engine.cells[authority.addressDetails])
    assert base._engine.sources.authority is None


async def test_who_watches_hears_of_each_source_once(base: ActorSystemBase, tmp_path: Path) -> None:
    path = tmp_path / "parrot.zip"
    path.write_bytes(_zipped("hello"))
    source_hash = base.loadActorSource(str(path))
    early, late = base.newPrimaryActor(Watcher), base.newPrimaryActor(Watcher)
    await base.ask_async(early, "watch", 5)
    await until(lambda: base._engine.sources.loaded == [(source_hash, str(path))])
    base.loadActorSource(str(path))
    await base.ask_async(late, "watch", 5)
    base.unloadActorSource(source_hash)
    base.unloadActorSource(source_hash)
    expected = [
        ("LoadedSource", source_hash, str(path)),
        ("UnloadedSource", source_hash, str(path)),
    ]
    assert await base.ask_async(early, "stop", 5) == expected
    assert await base.ask_async(late, "stop", 5) == expected
    await _loaded(base, _zipped("another"))
    assert await base.ask_async(early, "tell", 5) == expected


async def test_an_unloaded_source_makes_no_more_actors_and_its_actors_live_on(
    base: ActorSystemBase,
) -> None:
    source_hash = await _loaded(base, _zipped("hello"))
    parrot = base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    base.unloadActorSource(source_hash)
    with pytest.raises(InvalidActorSourceHash):
        base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    assert await base.ask_async(parrot, "Polly", 5) == "hello Polly"


async def test_a_source_that_two_systems_loaded_stays_until_both_forget_it(
    base: ActorSystemBase,
) -> None:
    other = ActorSystemBase(None)
    await other.ask_async(other.newPrimaryActor(Authority), "register", 5)
    source_hash = await _loaded(base, _zipped("hello"))
    await _loaded(other, _zipped("hello"))
    parrot = base.newPrimaryActor("parrot.Parrot", source_hash=source_hash)
    await other.shutdown_async()
    assert await base.ask_async(parrot, "learn", 5) == "cracker"


async def test_a_class_is_named_with_its_module(base: ActorSystemBase) -> None:
    source_hash = await _loaded(base, _zipped("hello"))
    with pytest.raises(InvalidActorSpecification):
        base.newPrimaryActor("Parrot", source_hash=source_hash)


async def test_a_file_that_is_not_there_is_told_to_who_loads_it(base: ActorSystemBase) -> None:
    with pytest.raises(FileNotFoundError):
        base.loadActorSource("no such file.zip")


async def test_the_system_status_names_sources_and_authority(base: ActorSystemBase) -> None:
    source_hash = await _loaded(base, _zipped("hello"))
    status = await base.ask_async(ActorAddress("/ActorSys"), Thespian_StatusReq(), 5)
    assert isinstance(status, Thespian_SystemStatus)
    assert status.loadedSources == [(source_hash, "")]
    assert status.sourceAuthority == base._engine.sources.authority
