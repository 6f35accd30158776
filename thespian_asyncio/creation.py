"""How an instance of an actor class is made, by Thespian's rules."""

import inspect
import weakref

from thespian.actors import Actor, NoCompatibleSystemForActor
from thespian.system.utilis import actualActorClass

from thespian_asyncio.cell import Requirements

# Looking at a signature takes twenty times as long as all the rest of a creation.
_argument_names: weakref.WeakKeyDictionary[type[Actor], frozenset[str]] = (
    weakref.WeakKeyDictionary()
)


def new_instance(
    actor_class: type[Actor] | str,
    capabilities: dict[str, object],
    requirements: Requirements | None,
) -> Actor:
    """Make an actor of a class, or of the one that 'package.module.Class' names.

    A class may have `actorSystemCapabilityCheck(capabilities, requirements)` to refuse a
    system, and its `__init__` may name `capabilities` and `requirements` as arguments.

    Raises:
        NoCompatibleSystemForActor: the class refuses this system.
        InvalidActorSpecification: the name is not one of an importable class.
        ImportError: the module that is named is not there.
    """
    found = actualActorClass(actor_class) if isinstance(actor_class, str) else actor_class
    check = getattr(found, "actorSystemCapabilityCheck", None)
    if check is not None and not check(capabilities, requirements or {}):
        raise NoCompatibleSystemForActor(found, "the class refuses this system's capabilities")
    wanted = _argument_names.get(found)
    if wanted is None:
        names = inspect.signature(found.__init__).parameters.keys()
        wanted = _argument_names[found] = frozenset({"capabilities", "requirements"} & names)
    if not wanted:
        return found()
    offered = {"capabilities": capabilities, "requirements": requirements}
    return found(**{name: offered[name] for name in wanted})
