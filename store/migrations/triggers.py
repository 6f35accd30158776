"""Triggers as statements: to refuse what must not be, and to see to what must follow.

A refusal rolls back the statement (`RAISE (ABORT, ...)`) and reaches Python as
`sqlite3.IntegrityError` with the text given here.

`INSERT OR REPLACE` deletes what is in its way without asking a trigger
(https://sqlite.org/lang_conflict.html). The shop never uses it; what others can do with it is
narrowed by `m0003_key_guards`, and the rest `store.invariants` finds.
"""

# Of an amount in quote units and a rest: 10**9 base units make a quote unit of ETH, the one coin
# that has rests.
WHOLE = "{0}(amount_quote_units) + {0}(amount_rest_base_units) / 1000000000"
REST = "{0}(amount_rest_base_units) % 1000000000"


def refuse(name: str, event: str, when: str, text: str) -> str:
    """Refuse an event on a table where a condition holds."""
    return (
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when}"
        f" BEGIN SELECT RAISE (ABORT, '{text}'); END"
    )


def then(name: str, event: str, when: str, *statements: str) -> str:
    """Let statements follow an event where a condition holds."""
    body = " ".join(f"{statement};" for statement in statements)
    return f"CREATE TRIGGER {name} AFTER {event} WHEN {when} BEGIN {body} END"


def fixed(table: str, columns: str, text: str) -> str:
    """Refuse every change of these columns."""
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns.split(", "))
    return refuse(f"{table}_terms_stand", f"UPDATE OF {columns} ON {table}", changed, text)


def kept(table: str, text: str) -> str:
    """Refuse to delete rows."""
    return refuse(f"{table}_is_never_deleted_from", f"DELETE ON {table}", "TRUE", text)
