"""The shop's API: products, customers and orders over HTTP, kept in PostgreSQL."""
