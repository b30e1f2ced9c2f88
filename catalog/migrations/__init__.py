"""The steps by which older catalogs become present ones; `catalog.database` runs them."""
