"""The shoppers' notifier: invoices, payments, goods. See `actors.notifier`."""

from actors.notifier import NotifierActor


class ShopperNotifierActor(NotifierActor):
    """Sends the outbox rows for shoppers."""

    kind = "shopper_notifier"
