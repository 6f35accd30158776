"""An actor that works with the outside: keeps its watch, hands its outcomes over one by one."""

from dataclasses import dataclass

from thespian.actors import ActorAddress, ActorExitRequest, ActorTypeDispatcher, WatchMessage

from thespian_asyncio.executors import ThreadExecutor
from thespian_asyncio.outside import Executor, Outcome, Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class RearmWatch:
    """An actor's word to itself after a failure: any handled message sets the watch again."""


class OutsideActor(ActorTypeDispatcher):
    """An ActorTypeDispatcher with an `outside`.

    Subclasses call `self.outside.submit(tag, job)` and implement `outcome`. Thespian takes
    what a handler returns for the actor's watch and forgets it when a handler fails twice; here
    every message returns it, and every failure is followed by a message from the actor to
    itself that sets it again. The same on each base with 'Thespian Watch Supported'. What a handler
    of a subclass returns is ignored, `SUPER` included.

    The outside opens with its first use and closes at the actor's exit, after the handler
    of the exit request.
    """

    _outside: Outside | None = None
    _second_chances: tuple[Outcome, ...] = ()

    def new_executor(self) -> Executor:
        """Return the executor for this actor; a simulation overrides it."""
        return ThreadExecutor(type(self).__name__)

    @property
    def outside(self) -> Outside:
        """The actor's outside."""
        if self._outside is None:
            self._outside = Outside(self.new_executor())
        return self._outside

    def outcome(self, outcome: Outcome) -> None:
        """Handle the end of a job.

        When it raises it is called once more with the same outcome, after the others that came
        with it; when it raises again the outcome is given up and the actor gets a PoisonMessage.
        """
        raise NotImplementedError(
            f"{type(self).__name__} submits jobs: it needs outcome() to handle {outcome.tag!r}"
        )

    def receiveMessage(self, message: object, sender: ActorAddress) -> object:
        """Dispatch a message and return the watch."""
        try:
            if isinstance(message, WatchMessage | RearmWatch):
                self._hand_over_outcomes()
            else:
                self._dispatch(message, sender)
        except Exception:
            if self._outside is not None and not isinstance(message, ActorExitRequest):
                self.send(self.myAddress, RearmWatch())
            raise
        finally:
            if isinstance(message, ActorExitRequest) and self._outside is not None:
                self._outside.close()
        return None if self._outside is None else self._outside.watch()

    def _dispatch(self, message: object, sender: ActorAddress) -> None:
        """Hand the message over to the method that is named after its class.

        ActorTypeDispatcher does that too, in several times as long. It is left to it where only a
        base class of the message has a handler, or none has.
        """
        handler = getattr(self, f"receiveMsg_{type(message).__name__}", None)
        if handler is not None:
            handler(message, sender)
        else:
            super().receiveMessage(message, sender)

    def _hand_over_outcomes(self) -> None:
        # The base repeats a message whose handler raised: that repetition is the second
        # chance of the outcomes that failed. Fresh ones that come with it are first tried now.
        second_chances, self._second_chances = self._second_chances, ()
        failed: list[Outcome] = []
        first_error: Exception | None = None
        for outcome in (*second_chances, *self.outside.collect()):
            try:
                self.outcome(outcome)
            except Exception as error:  # noqa: BLE001 - raised below, after the others
                first_error = first_error or error
                failed.append(outcome)
        self._second_chances = tuple(o for o in failed if not _is_among(o, second_chances))
        if first_error is not None:
            raise first_error


def _is_among(outcome: Outcome, outcomes: tuple[Outcome, ...]) -> bool:
    return any(outcome is other for other in outcomes)
