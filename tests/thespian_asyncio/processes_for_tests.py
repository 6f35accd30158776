"""A program: an OutsideActor on Thespian's base of several processes; prints what it saw.

It runs as a program of its own because that base forks and must come before loops and threads.
"""

import sys
import time

from thespian.actors import ActorAddress, ActorSystem, PoisonMessage

from thespian_asyncio import Outcome, OutsideActor


class Worker(OutsideActor):
    """Upper-cases what it gets, slowly, in its thread; fails at "fail"."""

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__()
        self.values: list[object] = []

    def receiveMsg_str(self, message: str, sender: ActorAddress) -> None:
        """Submit a job, tell the values, or fail."""
        if message == "fail":
            raise ValueError(message)
        if message == "tell":
            self.send(sender, list(self.values))
        else:
            self.outside.submit(message, lambda: _slow_upper(message))

    def outcome(self, outcome: Outcome) -> None:
        """Keep the value."""
        self.values.append(outcome.value)


def _slow_upper(text: str) -> str:
    time.sleep(0.2)
    return text.upper()


def main(port: int) -> None:
    """Run the scenario and print the values after each step."""
    system = ActorSystem(
        "multiprocTCPBase",
        capabilities={"Admin Port": port, "Convention Address.IPv4": ("127.0.0.1", port)},
        logDefs={"version": 1},
        transientUnique=True,
    )
    try:
        worker = system.createActor(Worker)
        system.tell(worker, "before")
        time.sleep(0.6)
        print(system.ask(worker, "tell", 5))  # noqa: T201 - a program prints
        system.tell(worker, "during")
        poison = system.ask(worker, "fail", 5)
        print(isinstance(poison, PoisonMessage))  # noqa: T201 - a program prints
        time.sleep(0.6)
        print(system.ask(worker, "tell", 5))  # noqa: T201 - a program prints
    finally:
        system.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
