"""The HTTP interface. `/docs` shows it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import psycopg
from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shop import queries
from shop.database import Db, open_pool
from shop.models import Category, Customer, NewOrder, Order, Product, Products

MOST = 2**31 - 1
Page = Annotated[int, Query(ge=1, le=1_000_000, description="Number of the page, from 1.")]
Size = Annotated[int, Query(ge=1, le=100, description="Items on a page.")]
Id = Annotated[int, Path(ge=1, le=MOST)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with open_pool() as app.state.pool:
        yield


app = FastAPI(title="Shop", version="1.0", lifespan=lifespan)


class Prefix:
    """A web server in front that hides this API under a path says so (X-Forwarded-Prefix): /docs then names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (prefix := Headers(scope=scope).get("x-forwarded-prefix", "")):
            scope = scope | {"root_path": prefix, "path": prefix + scope["path"]}
        await self.app(scope, receive, send)


app.add_middleware(Prefix)


class QuietHealth(logging.Filter):
    """Whoever waits asks often; the answer is worth a line only where it is bad."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        return not ("/health " in line and line.endswith(" 200"))


logging.getLogger("uvicorn.access").addFilter(QuietHealth())


@app.exception_handler(psycopg.OperationalError)
@app.exception_handler(PoolTimeout)
def no_database(request: Request, error: Exception) -> JSONResponse:
    """The database is away: said so, in the shape of all errors."""
    return JSONResponse({"detail": f"The database does not answer: {error}"}, status_code=503)


@app.get("/health", tags=["health"])
def health(db: Db) -> dict[str, str]:
    """200 when the API can use its database, else 503."""
    queries.ping(db)
    return {"status": "ok"}


@app.get("/products", tags=["products"])
def list_products(
    db: Db,
    q: Annotated[str, Query(max_length=200, description="Words, or the beginning or middle of a name.")] = "",
    category: Annotated[str, Query(max_length=100)] = "",
    page: Page = 1,
    size: Size = 24,
) -> Products:
    """Products by name; with `q` those that fit, the best first."""
    items, total = queries.products(db, q=q.strip(), category=category, page=page, size=size)
    return Products(items=items, total=total, page=page, size=size)


@app.get("/products/{product_id}", tags=["products"])
def get_product(db: Db, product_id: Id) -> Product:
    found = queries.product(db, product_id)
    if found is None:
        raise HTTPException(404, "There is no such product.")
    return found


@app.get("/categories", tags=["products"])
def list_categories(db: Db) -> list[Category]:
    """Every category, and how many products it has."""
    return queries.categories(db)


@app.get("/customers/{customer_id}", tags=["customers"])
def get_customer(db: Db, customer_id: Id) -> Customer:
    found = queries.customer(db, customer_id)
    if found is None:
        raise HTTPException(404, "There is no such customer.")
    return found


@app.post("/orders", tags=["orders"], status_code=201)
def make_order(db: Db, order: NewOrder) -> Order:
    """One product in some quantity, at today's price; whole or not at all."""
    made = queries.make_order(db, order) if 1 <= order.product_id <= MOST else None
    if made is None:
        raise HTTPException(404, "There is no such product.")
    return made


@app.get("/orders", tags=["orders"])
def list_orders(db: Db, page: Page = 1, size: Size = 20) -> list[Order]:
    """The newest first."""
    return queries.orders(db, page=page, size=size)


@app.get("/orders/{order_id}", tags=["orders"])
def get_order(db: Db, order_id: Id) -> Order:
    found = queries.order_by_id(db, order_id)
    if found is None:
        raise HTTPException(404, "There is no such order.")
    return found
