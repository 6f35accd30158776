from collections.abc import Callable

from thespian.actors import Actor

def actualActorClass(
    actorClass: type[Actor] | str,
    sourceHashLoader: Callable[[str, str], type[Actor]] | None = ...,
) -> type[Actor]: ...
def thesplog_control(
    baseLevel: int = ..., useLogging: bool = ..., tmpFileMaxSize: int = ...
) -> None: ...
