"""Short ways to say who is told what."""

from domain.order import Audience, Noticed, NoticeKind


def tell_shopper(
    kind: NoticeKind, amount_base_units: int | None = None, detail: str | None = None
) -> Noticed:
    """A notice for the shopper."""
    return Noticed(
        kind=kind, audience=Audience.SHOPPER, amount_base_units=amount_base_units, detail=detail
    )


def tell_admins(
    kind: NoticeKind, amount_base_units: int | None = None, detail: str | None = None
) -> Noticed:
    """A notice for every admin."""
    return Noticed(
        kind=kind, audience=Audience.ADMINS, amount_base_units=amount_base_units, detail=detail
    )
