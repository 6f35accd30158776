"""How an instance of an actor class is made, by Thespian's rules."""

import functools
import inspect

from thespian.actors import Actor, NoCompatibleSystemForActor

from thespian_asyncio.cell import Requirements


def accepts(
    actor_class: type[object], capabilities: dict[str, object], requirements: Requirements | None
) -> bool:
    """Say whether a class accepts a system, by its `actorSystemCapabilityCheck` if it has one."""
    check = getattr(actor_class, "actorSystemCapabilityCheck", None)
    return check is None or bool(check(capabilities, requirements or {}))


def new_instance(
    actor_class: type[Actor],
    capabilities: dict[str, object],
    requirements: Requirements | None,
) -> Actor:
    """Make an actor.

    A class may have `actorSystemCapabilityCheck(capabilities, requirements)` to refuse a
    system, and its `__init__` may name `capabilities` and `requirements` as arguments.

    Raises:
        NoCompatibleSystemForActor: the class refuses this system.
    """
    has_check, wanted = _looked_at(actor_class)  # type: ignore[arg-type]  # mypy takes the hash of its instances for its own
    if has_check and not accepts(actor_class, capabilities, requirements):
        raise NoCompatibleSystemForActor(
            actor_class, "No compatible ActorSystem, the capabilities are refused,"
        )
    if not wanted:
        return actor_class()
    offered = {"capabilities": capabilities, "requirements": requirements}
    return actor_class(**{name: offered[name] for name in wanted})


# Looking at a class takes twenty times as long as all the rest of a creation. What it defines is
# not expected to change between two of its instances.
@functools.lru_cache(maxsize=256)
def _looked_at(actor_class: type[Actor]) -> tuple[bool, frozenset[str]]:
    """Say whether a class has a capability check, and which arguments its `__init__` wants."""
    names = inspect.signature(actor_class.__init__).parameters.keys()
    has_check = hasattr(actor_class, "actorSystemCapabilityCheck")
    return has_check, frozenset({"capabilities", "requirements"} & names)
