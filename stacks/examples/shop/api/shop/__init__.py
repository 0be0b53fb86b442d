"""The shop: an API over HTTP, a worker that works its orders off; both on PostgreSQL and Redis."""

__version__ = "2.0"
"""The page names the version of the API that it was made for (index.html); the two go out together."""
