"""What goes in and out, as JSON. Money is a text with two decimals, so that no client rounds it."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field


class Product(BaseModel):
    id: int
    sku: str
    name: str
    category: str
    description: str
    price: Decimal


class Products(BaseModel):
    """One page. `total` counts all pages."""

    items: list[Product]
    total: int
    page: int
    size: int


class Category(BaseModel):
    name: str
    products: int


class Customer(BaseModel):
    id: int
    name: str
    email: str
    city: str | None
    country: str | None
    orders: int


class NewOrder(BaseModel):
    """Who is not known by the address yet becomes a customer."""

    product_id: int
    quantity: int = Field(default=1, ge=1, le=99)
    name: str = Field(min_length=1, max_length=100, examples=["Ada Lovelace"])
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200, examples=["ada@example.com"])


class Order(BaseModel):
    id: int
    product_id: int
    product: str
    customer_id: int
    customer: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    status: str
    ordered_at: datetime
    done_at: datetime | None


class Health(BaseModel):
    """`ok`, or what is wrong: of the whole and of each part."""

    status: str
    version: str
    database: str
    cache: str
