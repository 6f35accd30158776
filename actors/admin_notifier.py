"""The admins' notifier: orders, payments, expiries, alerts. See `actors.notifier`.

It has a connection and a queue of its own, so that a crowd of shoppers never delays the admins.
"""

from actors.notifier import NotifierActor


class AdminNotifierActor(NotifierActor):
    """Sends the outbox rows for admins."""

    kind = "admin_notifier"
