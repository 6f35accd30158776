"""The first schema.

Amounts of fiat are in minor units. Amounts of coins are in quote units (satoshi, litoshi, lamport;
gwei for ETH) with what is finer than a quote unit in a column of its own, so that SQL can compare
and add them exactly. Times are RFC 3339 in UTC with microseconds: as texts they sort as times.
"""

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        telegram_id INTEGER NOT NULL UNIQUE,
        telegram_username TEXT,
        language TEXT NOT NULL DEFAULT 'en',
        timeout_count INTEGER NOT NULL DEFAULT 0 CHECK (timeout_count >= 0),
        last_timeout_at TEXT,
        can_receive_messages INTEGER NOT NULL DEFAULT 1 CHECK (can_receive_messages IN (0, 1)),
        registered_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE categories (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> '')
    ) STRICT
    """,
    """
    CREATE TABLE subcategories (
        id INTEGER PRIMARY KEY,
        category_id INTEGER NOT NULL REFERENCES categories (id),
        name TEXT NOT NULL CHECK (name <> ''),
        UNIQUE (category_id, name)
    ) STRICT
    """,
    """
    CREATE TABLE items (
        id INTEGER PRIMARY KEY,
        subcategory_id INTEGER NOT NULL REFERENCES subcategories (id),
        item_type TEXT NOT NULL DEFAULT 'digital' CHECK (item_type IN ('digital', 'physical')),
        description TEXT NOT NULL,
        price_minor INTEGER NOT NULL CHECK (price_minor > 0),
        fiat_currency TEXT NOT NULL,
        private_data TEXT,
        is_sold INTEGER NOT NULL DEFAULT 0 CHECK (is_sold IN (0, 1)),
        added_at TEXT NOT NULL,
        UNIQUE (subcategory_id, private_data),
        CHECK (item_type = 'physical' OR private_data IS NOT NULL)
    ) STRICT
    """,
    "CREATE INDEX items_unsold ON items (subcategory_id, id) WHERE is_sold = 0",
    """
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        user_id INTEGER NOT NULL REFERENCES users (id),
        request_id TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL
            CHECK (status IN ('created', 'paid', 'shipped', 'cancelled', 'expired')),
        payment_state TEXT NOT NULL
            CHECK (payment_state IN
                ('none', 'seen', 'partial', 'paid', 'over', 'late', 'reversed')),
        version INTEGER NOT NULL CHECK (version > 0),
        currency TEXT NOT NULL,
        fiat_currency TEXT NOT NULL,
        total_minor INTEGER NOT NULL CHECK (total_minor > 0),
        rate TEXT NOT NULL,
        amount_quote_units INTEGER NOT NULL CHECK (amount_quote_units > 0),
        tolerance_quote_units INTEGER NOT NULL
            CHECK (tolerance_quote_units >= 0 AND tolerance_quote_units < amount_quote_units),
        confirmations_required INTEGER NOT NULL CHECK (confirmations_required > 0),
        payment_address TEXT NOT NULL UNIQUE,
        address_index INTEGER NOT NULL CHECK (address_index >= 0),
        active_slot INTEGER CHECK (active_slot >= 0),
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        covered_at TEXT,
        paid_at TEXT,
        shipped_at TEXT,
        closed_at TEXT,
        tracking_number TEXT,
        UNIQUE (currency, address_index),
        UNIQUE (user_id, active_slot),
        CHECK ((status = 'created') = (active_slot IS NOT NULL)),
        CHECK (status NOT IN ('paid', 'shipped') OR paid_at IS NOT NULL),
        CHECK (status <> 'shipped' OR shipped_at IS NOT NULL),
        CHECK ((status IN ('cancelled', 'expired')) = (closed_at IS NOT NULL))
    ) STRICT
    """,
    "CREATE INDEX orders_open ON orders (id) WHERE status IN ('created', 'paid')",
    "CREATE INDEX orders_of_user ON orders (user_id, id)",
    """
    CREATE TABLE order_items (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        item_id INTEGER NOT NULL REFERENCES items (id),
        price_at_purchase_minor INTEGER NOT NULL CHECK (price_at_purchase_minor > 0),
        holds_unit INTEGER NOT NULL CHECK (holds_unit IN (0, 1)),
        created_at TEXT NOT NULL,
        UNIQUE (order_id, item_id)
    ) STRICT
    """,
    # The proof against overselling: a unit is in one live or sold order at the most.
    "CREATE UNIQUE INDEX order_items_one_holder ON order_items (item_id) WHERE holds_unit = 1",
    """
    CREATE TABLE reserved_stock (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        category_id INTEGER NOT NULL REFERENCES categories (id),
        subcategory_id INTEGER NOT NULL REFERENCES subcategories (id),
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        reserved_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        UNIQUE (order_id, subcategory_id)
    ) STRICT
    """,
    """
    CREATE TABLE payments (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        currency TEXT NOT NULL,
        address TEXT NOT NULL,
        transaction_id TEXT NOT NULL,
        output_index INTEGER,
        amount_quote_units INTEGER NOT NULL CHECK (amount_quote_units >= 0),
        amount_rest_base_units INTEGER NOT NULL DEFAULT 0
            CHECK (amount_rest_base_units BETWEEN 0 AND 999999999),
        state TEXT NOT NULL CHECK (state IN ('seen', 'confirmed', 'gone', 'reversed')),
        in_time INTEGER NOT NULL CHECK (in_time IN (0, 1)),
        block_height INTEGER,
        block_hash TEXT,
        chain_time TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        CHECK (amount_quote_units > 0 OR amount_rest_base_units > 0)
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX payments_one_receipt
        ON payments (currency, address, transaction_id, ifnull(output_index, -1))
    """,
    "CREATE INDEX payments_of_order ON payments (order_id)",
    """
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        audience TEXT NOT NULL CHECK (audience IN ('shopper', 'admins')),
        chat_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        order_id INTEGER REFERENCES orders (id),
        amount_quote_units INTEGER,
        amount_rest_base_units INTEGER,
        detail TEXT,
        state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'undeliverable')),
        why TEXT,
        created_at TEXT NOT NULL,
        delivered_at TEXT,
        CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
    ) STRICT
    """,
    "CREATE INDEX outbox_pending ON outbox (audience, id) WHERE state = 'pending'",
    "CREATE INDEX outbox_of_order ON outbox (order_id)",
    "CREATE INDEX outbox_undeliverable ON outbox (chat_id) WHERE state = 'undeliverable'",
    """
    CREATE TABLE audit_log (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        by TEXT NOT NULL CHECK (by IN ('shopper', 'admin', 'chain', 'clock', 'shop')),
        by_telegram_id INTEGER,
        order_id INTEGER REFERENCES orders (id),
        what TEXT NOT NULL,
        why TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX audit_log_of_order ON audit_log (order_id)",
    """
    CREATE TABLE commands (
        id TEXT PRIMARY KEY,
        result TEXT NOT NULL,
        recorded_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE refused_orders (
        order_id INTEGER PRIMARY KEY,
        refused_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE chain_places (
        currency TEXT PRIMARY KEY,
        height INTEGER NOT NULL CHECK (height >= 0),
        block_hash TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT
    """,
)
