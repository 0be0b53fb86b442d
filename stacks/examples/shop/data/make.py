#!/usr/bin/env python3
"""Makes the shop's seeds: products, customers and orders, the same bytes each time. Standard library only.

    python3 data/make.py [FOLDER]     writes products.csv, customers.csv and orders.csv (by default to ../seeds)

All randomness comes from one generator of our own, whose numbers no Python version changes.
"""

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path

PRODUCTS, CUSTOMERS, ORDERS = 5_000, 20_000, 200_000
OPENED = datetime(2023, 1, 2)
"""The shop's first day; everything that is sold was sold in the three years that follow."""
DAYS = 3 * 365

MATERIALS: dict[str, dict[str, int]] = {
    "wood": {"Oak": 130, "Walnut": 160, "Beech": 110, "Bamboo": 90, "Ash": 120, "Cork": 80},
    "metal": {"Steel": 120, "Copper": 170, "Brass": 160, "Enamel": 100, "Aluminium": 90, "Iron": 110},
    "ware": {"Stoneware": 110, "Porcelain": 140, "Glass": 100, "Marble": 200, "Terracotta": 80},
    "cloth": {"Linen": 120, "Cotton": 80, "Wool": 150, "Felt": 90, "Leather": 190, "Canvas": 90},
}
"""By kind, with what they do to a price, in percent."""
STYLES = (
    "Classic", "Nordic", "Compact", "Folding", "Everyday", "Heritage", "Studio", "Coastal", "Alpine", "Urban", "Garden",
    "Harbour", "Meadow", "Atelier", "Traveller's", "Weekend", "Little", "Grand", "Quiet", "Sunday", "Midnight",
    "Morning", "Harvest", "Winter", "Summer",
)  # fmt: skip
THINGS: dict[str, dict[str, tuple[int, str, str]]] = {
    "Kitchen": {
        "Chopping Board": (28, "wood", "Kind to blades, with a groove that keeps the juice off the table."),
        "Mixing Bowl": (19, "metal ware", "Deep enough for dough, with a lip that pours without dripping."),
        "Coffee Dripper": (24, "metal ware", "Slow, even extraction for one cup or two."),
        "Teapot": (39, "metal ware", "Holds a litre; the lid stays on while you pour."),
        "Mug": (12, "ware", "A handle for the whole hand, and a rim that feels thin."),
        "Storage Jar": (14, "ware metal", "Closes tight, stacks well, shows what is inside."),
        "Frying Pan": (54, "metal", "Heats evenly and goes from the stove into the oven."),
        "Bread Knife": (34, "wood metal", "Long teeth for hard crusts, balanced in the hand."),
        "Salt Cellar": (16, "wood ware", "A pinch at hand beside the stove."),
        "Serving Platter": (36, "wood ware", "For the roast, the cheese or far too many cookies."),
    },
    "Table": {
        "Dinner Plate": (15, "ware", "Coupe shape, safe in the dishwasher, easy to stack."),
        "Soup Bowl": (13, "ware wood", "Wide and deep, for soup, pasta or cereal."),
        "Carafe": (26, "ware metal", "Water, wine or iced tea; fits into the door of the fridge."),
        "Tumbler": (9, "ware metal", "Thick base, clear ring, made for daily use."),
        "Napkin": (8, "cloth", "Softer with each wash."),
        "Table Runner": (29, "cloth", "Dresses the table without hiding it."),
        "Candle Holder": (18, "wood metal ware", "Stands firm and catches the wax."),
        "Cutlery Set": (64, "metal", "Sixteen pieces, polished by hand."),
    },
    "Living": {
        "Floor Lamp": (119, "wood metal", "Warm light that dims down to a glow."),
        "Desk Lamp": (69, "wood metal", "A jointed arm that stays where you put it."),
        "Throw Blanket": (59, "cloth", "Light enough for summer evenings, warm enough for winter ones."),
        "Cushion": (27, "cloth", "A removable cover and a filling that keeps its shape."),
        "Wall Clock": (44, "wood metal", "Silent movement, a face one reads from afar."),
        "Side Table": (139, "wood metal", "Room for a book, a cup and a lamp."),
        "Bookend": (21, "wood metal ware", "Heavy, felt below, made in pairs."),
        "Vase": (32, "ware metal", "Narrow neck: three stems look like a bouquet."),
        "Picture Frame": (22, "wood metal", "Opens from the front, hangs both ways."),
    },
    "Office": {
        "Notebook": (11, "cloth", "Lies flat, takes ink, numbered pages."),
        "Pen Tray": (17, "wood metal cloth", "Keeps the desk in order."),
        "Desk Organizer": (33, "wood metal cloth", "Five compartments, no clutter."),
        "Laptop Sleeve": (42, "cloth", "Padded where it matters, slim where it counts."),
        "Monitor Stand": (58, "wood metal", "Lifts the screen to your eyes, hides the keyboard below."),
        "Pencil Case": (19, "cloth", "Holds twelve pens and one long ruler."),
        "Waste Basket": (31, "wood metal cloth", "A quiet corner for bad ideas."),
    },
    "Garden": {
        "Planter": (37, "wood metal ware", "A drain hole, a saucer and room for roots."),
        "Watering Can": (34, "metal", "A long spout, balanced when full."),
        "Trowel": (18, "metal wood", "One forged piece that does not bend."),
        "Pruning Shears": (29, "metal wood", "A clean cut and a spring that lasts."),
        "Bird Feeder": (26, "wood metal ware", "Easy to fill, hard for squirrels."),
        "Bench": (189, "wood metal", "Two seats, weatherproof, better each year."),
        "Lantern": (38, "metal ware wood", "Candle or light bulb, windproof."),
    },
    "Travel": {
        "Backpack": (89, "cloth", "Twenty litres, a back that breathes, pockets that make sense."),
        "Weekender": (129, "cloth", "Everything for three days, within the limits of the cabin."),
        "Water Bottle": (24, "metal ware", "Cold for a day, hot for half of it."),
        "Wash Bag": (32, "cloth", "Opens wide, hangs up, wipes clean."),
        "Umbrella": (36, "wood cloth", "Opens with one hand, survives the corner of the street."),
        "Wallet": (45, "cloth", "Six cards, some notes, no bulk."),
        "Luggage Tag": (13, "cloth wood metal", "Your name, out of sight."),
    },
}
COLOURS = ("Sand", "Charcoal", "Moss", "Sky", "Rust", "Ivory", "Plum", "Ochre", "Slate", "Rose", "Ink", "Sage")

FIRST_NAMES = """
Ada Adam Aisha Alice Amina Ana Anders Anna Anton Arjun Astrid Ayla Beatriz Ben Bruno Camille Carla Carlos Chen
Chiara Chloe Clara Daan Daniel David Diego Elena Elias Elif Emil Emma Erik Eva Fatima Felix Finn Fiona Freya Gabriel
Greta Hana Hannah Hugo Ida Ines Ingrid Isaac Isabel Ivan Jakob Jana Jasmin Jin Joao Johan Jonas Julia Kai Karin
Katya Kenji Klara Lara Lars Laura Lea Leila Lena Leo Liam Lina Linus Lucas Lucia Luis Luka Maja Malik Marco Maria
Marie Marta Mateo Maya Mei Mia Mila Mina Mohammed Nadia Naomi Nils Nina Noah Nora Olga Oliver Olivia Omar Oskar
Paula Pedro Petra Priya Rafael Rania Ravi Rosa Ruth Samir Samuel Sara Selma Sofia Stefan Tariq Theo Thomas Tomas Uma
Vera Victor Viktoria Wei Yara Yuki Yusuf Zoe
"""
LAST_NAMES = """
Abbas Ahmed Almeida Andersen Bauer Becker Berg Bernard Bianchi Brown Carvalho Castro Chen Clarke Costa Dahl Davis
Diaz Dubois Eriksen Evans Fernandez Ferrari Fischer Fontaine Garcia Ghosh Gomez Gruber Haddad Hansen Hassan Hoffman
Horvat Huber Ibrahim Ito Ivanova Jansen Jensen Johansson Jones Kaya Keller Khan Kim Koch Kovacs Kowalski Kumar
Larsen Laurent Lee Lehmann Lewis Lindberg Lopez Maier Mancini Marino Martin Mehta Mendes Meyer Moreau Moretti
Mueller Murphy Nakamura Nguyen Nielsen Novak Nowak Olsen Park Patel Pavlov Peeters Pereira Petrov Popescu Ramos Rao
Ricci Rossi Roux Saito Santos Schmidt Schneider Sharma Silva Singh Smit Smith Sokolova Svensson Tanaka Taylor Toth
Tran Varga Vasquez Visser Vogel Wagner Walker Wang Weber Wilson Wolf Yamamoto Yilmaz Young Zhang Zimmermann
"""
CITIES = {
    "Amsterdam": "NL", "Athens": "GR", "Barcelona": "ES", "Berlin": "DE", "Bologna": "IT", "Bordeaux": "FR",
    "Bristol": "GB", "Brussels": "BE", "Copenhagen": "DK", "Dublin": "IE", "Edinburgh": "GB", "Gdansk": "PL",
    "Ghent": "BE", "Graz": "AT", "Hamburg": "DE", "Helsinki": "FI", "Krakow": "PL", "Leipzig": "DE", "Lisbon": "PT",
    "Ljubljana": "SI", "London": "GB", "Lyon": "FR", "Madrid": "ES", "Milan": "IT", "Munich": "DE", "Nantes": "FR",
    "Oslo": "NO", "Paris": "FR", "Porto": "PT", "Prague": "CZ", "Riga": "LV", "Rotterdam": "NL", "Seville": "ES",
    "Stockholm": "SE", "Tallinn": "EE", "Turin": "IT", "Utrecht": "NL", "Vienna": "AT", "Warsaw": "PL", "Zurich": "CH",
}  # fmt: skip


class Dice:
    """A 64-bit linear congruential generator (Knuth's MMIX constants), its upper bits used."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, end: int) -> int:
        """A whole number from 0 to `end` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 32) * end >> 32

    def one_of(self, items: Sequence[str]) -> str:
        return items[self.below(len(items))]


class Weighted:
    """Picks an index as often as its weight says."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._sums = list(accumulate(weights))

    def pick(self, dice: Dice) -> int:
        return bisect(self._sums, dice.below(self._sums[-1]))


def products(dice: Dice) -> Iterator[tuple[str, ...]]:
    """id, sku, name, category, description, price, added_at: no two of one name."""
    yield ("id", "sku", "name", "category", "description", "price", "added_at")
    kinds = [(category, thing) for category, things in THINGS.items() for thing in things]
    names: set[str] = set()
    while len(names) < PRODUCTS:
        category, thing = kinds[dice.below(len(kinds))]
        base, made_of, text = THINGS[category][thing]
        group = MATERIALS[dice.one_of(made_of.split())]
        material = dice.one_of(tuple(group))
        name = f"{dice.one_of(STYLES)} {material} {thing}"
        if dice.below(3) == 0:
            name += f", {dice.one_of(COLOURS)}"
        if name in names:
            continue
        names.add(name)
        number = len(names)
        euros = max(4, base * group[material] * (80 + dice.below(50)) // 10_000)
        price = f"{euros}.{dice.one_of(('00', '50', '90', '95'))}"
        added = OPENED - timedelta(days=dice.below(400), minutes=dice.below(24 * 60))
        sku = f"{category[:2].upper()}-{number:05d}"
        yield (str(number), sku, name, category, f"{text} Material: {material.lower()}.", price, stamp(added))


def customers(dice: Dice) -> Iterator[tuple[str, ...]]:
    """id, name, email, city, country, joined_at, in the order in which they joined."""
    yield ("id", "name", "email", "city", "country", "joined_at")
    cities, firsts, lasts = tuple(CITIES), FIRST_NAMES.split(), LAST_NAMES.split()
    for number in range(1, CUSTOMERS + 1):
        first, last = dice.one_of(firsts), dice.one_of(lasts)
        email = f"{first}.{last}.{number}@example.com".lower()
        city = dice.one_of(cities)
        yield (str(number), f"{first} {last}", email, city, CITIES[city], stamp(joined(number, dice)))


def joined(number: int, dice: Dice) -> datetime:
    """Evenly over the shop's time, by daylight."""
    return OPENED + timedelta(days=(number - 1) * DAYS // CUSTOMERS, hours=6 + dice.below(17), minutes=dice.below(60))


def orders(dice: Dice, prices: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """id, customer_id, product_id, quantity, unit_price, status, ordered_at, in the order in which they came in."""
    yield ("id", "customer_id", "product_id", "quantity", "unit_price", "status", "ordered_at")
    # A few products sell far better than most; people order in the evening, and more each month.
    popular = Weighted([1 + 4000 // (1 + dice.below(800)) for _ in range(PRODUCTS)])
    hours = Weighted([2, 1, 1, 1, 1, 2, 5, 9, 12, 14, 15, 16, 18, 16, 15, 15, 16, 19, 24, 30, 32, 27, 16, 7])
    quantities = Weighted([70, 18, 6, 4, 1, 1])
    days = Weighted([100 + day // 4 for day in range(DAYS)])
    times = sorted(days.pick(dice) * 1440 + hours.pick(dice) * 60 + dice.below(60) for _ in range(ORDERS))
    for number, minute in enumerate(times, 1):
        # Whoever joined by the day before may order; the first day belongs to the first customers.
        known = max(20, minute // 1440 * CUSTOMERS // DAYS)
        age = DAYS - minute // 1440
        status = "cancelled" if dice.below(40) == 0 else "taken" if age <= 3 else "packed" if age <= 10 else "done"
        product = popular.pick(dice)
        yield (
            str(number),
            str(1 + dice.below(known)),
            str(1 + product),
            str(1 + quantities.pick(dice)),
            prices[product],
            status,
            stamp(OPENED + timedelta(minutes=minute)),
        )


def stamp(at: datetime) -> str:
    """UTC, to the minute, as PostgreSQL reads it."""
    return at.strftime("%Y-%m-%dT%H:%MZ")


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in ',"\n') else value


def write(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    path.write_bytes("".join(",".join(map(quoted, row)) + "\n" for row in rows).encode())


def main(folder: Path) -> None:
    """Write the three files into `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    stock = list(products(Dice(1)))
    write(folder / "products.csv", stock)
    write(folder / "customers.csv", customers(Dice(2)))
    write(folder / "orders.csv", orders(Dice(3), [row[5] for row in stock[1:]]))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "seeds")
