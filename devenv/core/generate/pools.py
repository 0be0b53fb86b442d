"""Words that rows are made from: names of people as a mixed town has them, and plain words for titles and texts."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_FIRST = """
Ada Adam Agnes Ahmed Aiko Alba Alex Alice Amara Amina Amir Ana Anders André Anna Anton Arthur Astrid Aya Ben Bianca
Björn Bruno Camille Carla Carlos Cem Chloé Clara Daniel David Deniz Diego Dina Dmitri Elena Eli Elif Elin Ella Emil
Emilia Emma Enzo Erik Esra Eva Fatima Felix Finn Florence Frida Gabriel Giulia Grace Greta Gustav Hana Hannah Hans
Hassan Helena Henri Hugo Ian Ida Ines Ingrid Irina Isabel Ivan Jakob James Jana Jasmin Jonas José Julia Jun Kai Karim
Kateryna Kenji Lara Lars Laura Lea Leila Leo Lena Liam Lin Linnea Louis Luca Lucía Luis Maja Malik Marco Maria Marta
Martin Mateo Max Maya Mehmet Mei Mia Miguel Mila Milan Mohamed Nadia Naomi Nia Nina Noah Nora Oleh Olga Oliver Olivia
Omar Oscar Otto Paul Paula Pedro Petra Priya Rafael Rania Rosa Ruth Sam Samir Sara Sofia Sören Stella Stefan Tara
Theo Thomas Tomás Ursula Valentina Vera Victor Wanda Wei Yara Yasmin Yuki Yusuf Zeynep Zoë Łukasz
"""
_LAST = """
Abe Adams Ahmed Ali Almeida Andersen Bakker Barbosa Bauer Becker Bell Berg Bernard Bianchi Blanc Bondarenko Brandt
Brown Bruno Campbell Carter Castro Chen Clark Conti Costa Cruz Dahl Davies Demir Diaz Dubois Dupont Ekström Esposito
Evans Farah Fernández Ferrari Fischer Fontaine Fuchs Fuentes Garcia Gomez Gonzalez Gordon Greco Green Gruber Hall
Hansen Haddad Hartmann Hernández Hoffmann Horvat Huber Hughes Ibrahim Ito Ivanov Jackson Jansen Jensen Johansson Jones
Kaya Keller Khan Kim King Klein Koch Kovač Kowalski Kraus Krüger Kumar Lambert Lang Larsen Laurent Lee Leroy Li
Lindqvist Lopez Lund Maier Mancini Marino Martin Martínez Mbeki Mendes Meyer Miller Moreau Moreno Morris Müller Murphy
Nakamura Navarro Nguyen Nielsen Nilsson Novak Nowak Okafor Olsen Ortiz Özdemir Park Patel Pereira Perez Peters Petit
Petrov Popescu Ramos Reyes Ricci Richter Rivera Roberts Rossi Roux Ruiz Russo Santos Sato Schmidt Schneider Schulz
Schwarz Shah Shevchenko Silva Singh Smith Sokolova Suzuki Svensson Tanaka Taylor Thomas Torres Tran Turner Vargas
Vidal Visser Vogel Wagner Walker Wang Weber White Williams Winkler Wolf Wright Yamada Yıldız Young Zhang Zieliński
"""
_WORDS = """
above across after again air all along always answer apple around autumn back ball bank basket beach bell below best
between bird blue boat book bottle box bread bridge bright broad brown brush build busy button cable calm camera candle
cap card carry chair change chest circle city clean clear clock cloth cloud coast coat coffee cold colour come cool
copper corner cotton count country cover craft cream cup curtain dark day deep desk dish door double down draw dream
drink drive dry each early earth east easy edge evening every fair fall family far farm fast feather field fine fire
first flat floor flower fold forest form fresh friend front full game garden gentle gift glass gold good grain green
ground guide hand handle harbour hat heavy high hill home honey hook horse hour house idea inside iron island jar
journey keep kettle key kind kitchen ladder lake lamp large late leaf learn leather letter level lid light line linen
list little long loose low made mail map mark market meadow measure metal middle milk mirror month moon morning mountain
narrow near new night north note number oak ocean office old olive open orange order outside oval paint paper park path
pattern pen pepper picture pine place plain plate play pocket point pot press pure quick quiet rain ready red rest ring
river road rock room rope round salt sand school sea season seat second shade shape sharp shelf shell shirt shoe shop
short show side silver simple sky sleep slow small smooth soft song south space spoon spring square star station steam
steel step stone storm story strong sugar summer sun sweet table tall tea tent thick thin thread time tool top towel
tower town train travel tree turn under valley view village walk wall warm wash watch water wave week west wheel white
wide wind window winter wire wood wool word work world yard year yellow young
"""
FIRST, LAST, WORDS = (tuple(each.split()) for each in (_FIRST, _LAST, _WORDS))
DOMAINS = ("example.com", "example.org", "example.net")

_NO_MARK = str.maketrans({"ł": "l", "Ł": "l", "ı": "i", "ø": "o", "ß": "ss", "ü": "ue", "ö": "oe", "ä": "ae"})
_OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """`text` in the letters that a mail address takes: `Zoë Müller` is `zoe.mueller`; "x" where none is left."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_NO_MARK)).encode("ascii", "ignore").decode()
    return _OTHER.sub(".", plain).strip(".") or "x"


@cache
def people() -> tuple[str, ...]:
    """Every first name with every last name."""
    return tuple(f"{first} {last}" for first in FIRST for last in LAST)


@cache
def slugs(kind: str) -> tuple[str, ...]:
    """`slug` of every name of the kind `person`, `first_name` or `last_name`, in the pool's order."""
    if kind == "person":
        return tuple(f"{first}.{last}" for first in slugs("first_name") for last in slugs("last_name"))
    return tuple(slug(name) for name in (FIRST if kind == "first_name" else LAST))


def escaped(text: str) -> str:
    """`text` as a value of PostgreSQL's COPY in its text format."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
