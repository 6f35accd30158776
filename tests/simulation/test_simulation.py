"""The shop in a world that fails it: fresh seeds every time, and seeds that once failed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.episode import run_episode
from tests.simulation.faults import FAULTS
from tests.simulation.running import Task, play
from tests.simulation.scenario import scenario_of
from tests.simulation.shrinking import command_of

ROOT = Path(__file__).resolve().parents[2]
FRESH_ORDERS = 100

# Seeds that failed once, as (seed, episode, orders), each with what was wrong.
REGRESSIONS = [
    pytest.param(7, 1, 100, id="address-actor-dies-during-the-start-and-the-place-is-lost"),
    pytest.param(7, 0, 100, id="new-notices-overtake-old-ones-at-a-start"),
]

# What 300 orders must have gone through.
WHOLE_LIFE = [
    "order_paid_by_chain", "order_paid_by_admin", "order_shipped_by_shop", "order_shipped_by_admin",
    "order_expired_by_chain", "order_expired_by_admin", "order_cancelled_by_shopper",
    "order_cancelled_by_admin", "order_revived_by_shop", "order_revived_by_admin", "time_extended",
    "expiry_warned", "money_set_aside", "refund_recorded", "payment_over", "payment_late",
    "payment_partial", "payment_reversed", "admin_clear", "wish_too_many_timeouts",
]  # fmt: skip

pytestmark = pytest.mark.timeout(900)


def simulate(*arguments: str, hash_seed: str = "0") -> tuple[int, dict[str, object]]:
    """Run the command line; its exit code and the JSON object on its last line."""
    command = [sys.executable, "-m", "tests.simulation", *arguments, "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    ended = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    return ended.returncode, json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_fresh_seed_violates_nothing(number: int) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    task = Task(scenario=scenario_of(seed, number, FRESH_ORDERS))
    sys.stdout.write(f"{command_of(task)}\n")
    outcome = play(task)
    assert [str(each) for each in outcome.violations] == [], command_of(task)
    assert outcome.orders >= FRESH_ORDERS


@pytest.mark.parametrize(("seed", "episode", "orders"), REGRESSIONS)
def test_seed_that_failed_once_violates_nothing(seed: int, episode: int, orders: int) -> None:
    outcome = run_episode(scenario_of(seed, episode, orders))
    assert [str(each) for each in outcome.violations] == []


def test_every_fault_hits_a_live_order_once_in_a_hundred_orders() -> None:
    code, result = simulate("--orders", "300", "--seed", "3")
    assert code == 0
    assert isinstance(result["faults"], dict)
    assert [name for name in FAULTS if result["faults"][name] < 3] == []
    lifecycle = result["lifecycle"]
    assert isinstance(lifecycle, dict)
    assert {name for name in WHOLE_LIFE if not lifecycle.get(name)} == set()


def test_same_seed_is_the_same_run_on_one_process_and_on_several() -> None:
    one = simulate("--orders", "130", "--seed", "9", hash_seed="1")
    other = simulate("--orders", "130", "--seed", "9", "--processes", "1", hash_seed="2")
    assert one == other
    assert one[0] == 0
    assert one[1].keys() == {
        "seed", "orders", "violations", "steps", "invariant_checks", "crashes", "digest", "faults",
        "lifecycle",
    }  # fmt: skip


def test_other_seed_is_another_run() -> None:
    digests = {run_episode(scenario_of(seed, 0, 5)).digest for seed in range(3)}
    assert len(digests) == 3


def test_world_without_faults_is_quiet() -> None:
    outcome = run_episode(scenario_of(4, 0, 50), dict.fromkeys(FAULTS, 0.0))
    assert [str(each) for each in outcome.violations] == []
    assert set(outcome.faults.values()) == {0}
    assert outcome.crashes == 0


def test_violation_is_told_with_the_command_that_shows_it_again() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--orders", "20", "--seed", "5"]
    planted = [*command, "--plant", "first_line_of_a_cart_is_the_price", "--shrink"]
    ended = subprocess.run(planted, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert ended.returncode == 1
    (smallest,) = [line for line in ended.stdout.splitlines() if line.startswith("smallest: ")]
    again = smallest.removeprefix("smallest: python ").split()
    repeated = subprocess.run([sys.executable, *again], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - our own command
    assert repeated.returncode == 1
    assert "--plant first_line_of_a_cart_is_the_price" in smallest
    assert int(again[again.index("--orders") + 1]) < 20


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--orders", "many"], "write digits"),
        (["--without", "earthquake"], "write one of"),
        (["--fault", "power_loss"], "write NAME=P"),
        (["--fault", "power_loss=2"], "P is 0 to 1"),
    ],
)
def test_wrong_arguments_are_told_what_to_write(arguments: list[str], advice: str) -> None:
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert ended.returncode == 2
    assert advice in ended.stderr
    assert "Traceback" not in ended.stderr
