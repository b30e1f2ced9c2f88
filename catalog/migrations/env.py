"""Run by Alembic: migrates the catalog on the connection that `catalog.database` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
