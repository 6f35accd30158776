"""How people are named to admins."""


def person_name(telegram_username: str | None, telegram_id: int) -> str:
    """How admins find somebody in Telegram: the username, else the id."""
    return f"@{telegram_username}" if telegram_username else f"id {telegram_id}"
