"""The HTTP interface. `/docs` shows it."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import psycopg
from fastapi import FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from shop import __version__, live, logs, queries
from shop.cache import Cache, connect
from shop.database import Db, open_pool
from shop.logs import request_id
from shop.models import Category, Customer, Health, NewOrder, Order, Product, Products
from shop.queue import OrderQueue
from shop.requests import Prefix, Requests

MOST = 2**31 - 1
Page = Annotated[int, Query(ge=1, le=1_000_000, description="Number of the page, from 1.")]
Size = Annotated[int, Query(ge=1, le=100, description="Items on a page.")]
Id = Annotated[int, Path(ge=1, le=MOST)]

logs.set_up("api")
log = logging.getLogger("shop")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    redis = connect(os.environ["REDIS_URL"])
    app.state.cache, app.state.queue = Cache(redis), OrderQueue(redis)
    with open_pool() as app.state.pool:
        yield


app = FastAPI(title="Shop", version=__version__, lifespan=lifespan)
app.add_middleware(Prefix)
app.add_middleware(Requests)  # the last one is the outermost


@app.exception_handler(psycopg.OperationalError)
@app.exception_handler(psycopg.errors.UndefinedTable)
@app.exception_handler(PoolTimeout)
def no_database(request: Request, error: Exception) -> JSONResponse:
    """The database is away, or not the shop's: said so, in the shape of all errors."""
    return JSONResponse({"detail": f"The database cannot be used: {logs.words(error)}"}, status_code=503)


@app.get("/health", tags=["health"])
def health(request: Request, response: Response) -> Health:
    """How each part does. 503 when the database cannot be used; without the cache the shop goes on, only slower."""
    database = cache = "ok"
    try:
        with request.app.state.pool.connection(timeout=2) as db:
            queries.ping(db)
    except (psycopg.Error, PoolTimeout) as error:
        database = logs.words(error)
        response.status_code = 503
    try:
        request.app.state.cache.ping()
    except RedisError as error:
        cache = logs.words(error)
    status = "down" if database != "ok" else "degraded" if cache != "ok" else "ok"
    return Health(status=status, version=__version__, database=database, cache=cache)


@app.get("/version", tags=["health"])
def version() -> dict[str, str]:
    """What runs here."""
    return {"version": __version__}


@app.get("/products", tags=["products"], response_model=Products)
def list_products(
    request: Request,
    db: Db,
    q: Annotated[str, Query(max_length=200, description="Words, or the beginning or middle of a name.")] = "",
    category: Annotated[str, Query(max_length=100)] = "",
    page: Page = 1,
    size: Size = 24,
) -> Response:
    """Products by name; with `q` those that fit, the best first. X-Cache says whether the answer was known: `hit`,
    `miss`, or `away` where there is no cache. `Cache-Control: no-cache` asks anew."""
    cache: Cache = request.app.state.cache
    q = q.strip()
    key = f"products:{category}:{page}:{size}:{q}"
    anew = "no-cache" in request.headers.get("cache-control", "")
    known, told = None if anew else cache.get(key), "hit"
    if known is None:
        items, total = queries.products(db, q=q, category=category, page=page, size=size)
        known = Products(items=items, total=total, page=page, size=size).model_dump_json()
        cache.put(key, known)
        told = "away" if cache.away else "miss"
    return Response(known, media_type="application/json", headers={"X-Cache": told})


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
def make_order(request: Request, db: Db, order: NewOrder) -> Order:
    """One product in some quantity, at today's price; whole or not at all. The worker goes on with it."""
    made = queries.make_order(db, order) if 1 <= order.product_id <= MOST else None
    if made is None:
        raise HTTPException(404, "There is no such product.")
    fields = {"order": made.id, "product": made.product_id}
    log.info("order %s is taken", made.id, extra={"fields": fields})
    queue: OrderQueue = request.app.state.queue
    try:
        queue.put(made.id, request_id.get())  # the order is in the database by now: a worker finds it
        queue.tell(made)
    except RedisError as error:  # the worker finds it in the database
        fields |= {"error": logs.words(error)}
        log.warning("order %s is taken without the queue", made.id, extra={"fields": fields})
    return made


@app.get("/orders", tags=["orders"])
def list_orders(db: Db, page: Page = 1, size: Size = 20) -> list[Order]:
    """The newest first."""
    return queries.orders(db, page=page, size=size)


@app.get("/orders/events", tags=["orders"], response_class=StreamingResponse)
async def follow_orders() -> StreamingResponse:
    """Server-sent events: every order that changes, as it then is, until the reader goes. 503 without the queue."""
    events = live.follow(os.environ["REDIS_URL"])
    try:
        first = await anext(events)
    except RedisError as error:
        raise HTTPException(503, f"The queue does not answer: {logs.words(error)}") from None

    async def told() -> AsyncIterator[str]:
        yield first
        async for event in events:
            yield event

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


@app.get("/orders/{order_id}", tags=["orders"])
def get_order(db: Db, order_id: Id) -> Order:
    found = queries.order_by_id(db, order_id)
    if found is None:
        raise HTTPException(404, "There is no such order.")
    return found
