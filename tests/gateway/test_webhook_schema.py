"""The webhook under schemathesis: requests made of its OpenAPI document, unsigned and signed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckFunction, GenerationMode

from domain.money import parse_coin
from gateway.webhook import PATH
from tests.actors.world import COIN
from tests.gateway.reporting import Reporting, reporting, signed

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

DOCUMENT = Path(__file__).parents[2] / "docs" / "webhook.openapi.yaml"
OPERATION = schemathesis.openapi.from_path(DOCUMENT)[PATH]["POST"]
EXAMPLES = 50
SECONDS = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reporting]:
    async with reporting(tmp_path_factory.mktemp("shop")) as made:
        yield made


async def explore(strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Run a check on many cases, always the same, in a thread beside the shop's loop."""

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(case: Any) -> None:  # noqa: ANN401 - of the strategy's type
        check(case)

    await asyncio.to_thread(each)


def send(case: Case[Any], url: str, *, is_signed: bool) -> requests.Response:
    """Send a case as schemathesis would, with a signature over the very bytes that go out."""
    request = requests.Request(**case.as_transport_kwargs(base_url=url.removesuffix(PATH)))
    prepared = request.prepare()
    if is_signed:
        body = prepared.body or b""
        assert isinstance(body, str | bytes)
        prepared.headers.update(signed(body.encode() if isinstance(body, str) else body))
    with requests.Session() as session:
        response = session.send(prepared, timeout=SECONDS)
    # Server errors, statuses, types, headers and bodies that the document does not know, and what
    # should have been refused and was not.
    case.validate_response(response, excluded_checks=EXCLUDED)
    assert response.status_code < 500
    return response


# It sends more requests of its own, which are not signed.
EXCLUDED = [cast("CheckFunction", schemathesis.checks.CHECKS.get_one("ignored_auth"))]


@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_nothing_unsigned_is_accepted(shop: Reporting, mode: GenerationMode) -> None:
    statuses: set[int] = set()

    def check(case: Case[Any]) -> None:
        statuses.add(send(case, shop.url, is_signed=False).status_code)

    await explore(OPERATION.as_strategy(mode), check)
    assert 401 in statuses
    assert statuses <= {400, 401, 404, 413, 415, 422}
    assert shop.rows() == []


async def test_signed_report_that_is_against_the_document_is_refused(shop: Reporting) -> None:
    statuses: set[int] = set()

    def check(case: Case[Any]) -> None:
        statuses.add(send(case, shop.url, is_signed=True).status_code)

    await explore(OPERATION.as_strategy(GenerationMode.NEGATIVE), check)
    assert 422 in statuses
    assert statuses <= {400, 404, 413, 415, 422}
    assert shop.rows() == []


async def test_signed_report_on_an_address_of_nobody_is_not_found(shop: Reporting) -> None:
    def check(case: Case[Any]) -> None:
        assert send(case, shop.url, is_signed=True).status_code == 404

    await explore(OPERATION.as_strategy(GenerationMode.POSITIVE), check)
    assert shop.rows() == []


async def test_every_valid_signed_report_on_an_order_is_recorded(shop: Reporting) -> None:
    """What is known is kept beside the shop, and both agree at the end."""
    known: dict[tuple[str, int], tuple[str, int, int]] = {}

    def check(drawn: tuple[Case[Any], int]) -> None:
        case, number = drawn
        fields = cast("dict[str, Any]", case.body)
        fields |= {"coin": COIN, "address": shop.orders[number].address}
        receipt = (fields["transaction_id"].lower(), int(fields["output_index"]))
        said = (fields["address"], parse_coin(fields["amount"], COIN))
        before = known.get(receipt)
        status = send(case, shop.url, is_signed=True).status_code
        if before is not None and before[:2] != said:
            assert status == 409
            return
        assert status == 200
        confirmations = int(fields["confirmations"])
        known[receipt] = (*said, confirmations if before is None else max(before[2], confirmations))

    positive = OPERATION.as_strategy(GenerationMode.POSITIVE).filter(_has_outputs)
    await explore(st.tuples(positive, st.integers(0, len(shop.orders) - 1)), check)
    assert len(known) > EXAMPLES // 4
    kept = {(row[1], row[2]): (row[0], row[3], row[4]) for row in shop.rows()}
    assert kept == known


def _has_outputs(case: Case[Any]) -> bool:
    return cast("dict[str, Any]", case.body)["output_index"] is not None
