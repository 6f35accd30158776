"""How modules of a loaded source are imported without a trace in the rest of the process."""

import builtins
import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from thespian.system.sourceLoader import SourceHashFinder

_python_import = builtins.__import__


class SourceFinder(SourceHashFinder):
    """Thespian's finder for one source, kept to the modules of that source.

    Thespian names a source's modules `{{HASH}}package.module` and rewrites the import statements
    in them. For calls of `__import__` it replaces the built-in function with one that looks into
    the source first, whoever imports, and its finder takes any module's name. In a
    process of one actor that is harmless; here it would change the imports of everyone, so this
    finder answers to names with its own hash only, and the function asks who imports.

    Args:
        source_hash: the source's name.
        zipped: the plain zip archive.
        info: what the source is called for people.
    """

    def __init__(self, source_hash: str, zipped: bytes, info: str) -> None:
        super().__init__(source_hash, bytes, zipped)
        self.info = info
        self.src_hashimporter = _import_for_sources

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module of this source; None for every other."""
        if not fullname.startswith(self.hashRoot()):
            return None
        if fullname == self.hashRoot():  # an empty package; Thespian's loader is of an old kind
            return ModuleSpec(fullname, None, is_package=True)
        return super().find_spec(fullname, path, target)

    def install(self) -> None:
        """Make the source's modules importable."""
        sys.meta_path.insert(0, self)
        importlib.invalidate_caches()

    def uninstall(self) -> None:
        """Make them unknown, unless another system of this process has loaded the same source."""
        sys.meta_path.remove(self)
        others = [finder for finder in sys.meta_path if isinstance(finder, SourceFinder)]
        if not others and builtins.__import__ is _import_for_sources:
            builtins.__import__ = _python_import
        if any(finder.srcHash == self.srcHash for finder in others):
            return
        for name in [name for name in sys.modules if name.startswith(self.hashRoot())]:
            del sys.modules[name]


def _import_for_sources(
    name: str,
    globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of __import__
    locals: Mapping[str, object] | None = None,  # noqa: A002 - the names of __import__
    fromlist: Sequence[str] = (),
    level: int = 0,
) -> ModuleType:
    """Import a module; where a source's module asks, look into that source first."""
    if globals is None:  # a plain call: who makes it stands one frame up
        globals = sys._getframe(1).f_globals  # noqa: A001, SLF001 - there is no other way to know
    root = _source_root(globals)
    if root and level == 0 and not name.startswith(root):
        try:
            return _python_import(root + name, globals, locals, fromlist, level)
        except ModuleNotFoundError:
            pass  # it is nothing of the source's
    return _python_import(name, globals, locals, fromlist, level)


def _source_root(module_globals: Mapping[str, object]) -> str:
    importer = str(module_globals.get("__name__", ""))
    return importer[: importer.index("}}") + 2] if importer.startswith("{{") else ""
