"""The store: schema, migrations, the one writer's transactions, and named queries for readers.

The only room that speaks SQL.
"""
