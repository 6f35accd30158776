"""Pure decisions and values of the shop: money, stock, orders, payments. No I/O and no clock."""
