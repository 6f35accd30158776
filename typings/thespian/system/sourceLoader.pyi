from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from thespian.actors import Actor

class SourceHashFinder(MetaPathFinder):
    srcHash: str
    src_hashimporter: Callable[..., ModuleType]
    def __init__(
        self, srcHash: str, decryptor: Callable[[bytes], bytes], enczfsrc: bytes
    ) -> None: ...
    def hashRoot(self) -> str: ...
    def getZipNames(self) -> list[str]: ...
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = ...,
        target: ModuleType | None = ...,
    ) -> ModuleSpec | None: ...

def loadModuleFromHashSource(
    sourceHash: str, sources: Mapping[str, object], modName: str, modClass: str
) -> type[Actor]: ...
