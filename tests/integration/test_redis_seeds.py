"""Seeds in a real Redis: whole or not at all, once per data, nothing of the user's without a yes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devenv.extensions.seeders import SEEDERS
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Engine, SeedResult, SeedTarget
from devenv.model.stack import Seed
from devenv.run.cancel import CancelToken
from tests.engines import Told, clean, new_name
from tests.integration.test_recipe_redis import redis_image

pytestmark = pytest.mark.engine

SEEDER = SEEDERS["redis"]
KINDS = {"redis": "commands"}


@dataclass
class Data:
    target: SeedTarget
    folder: Path
    report: Told = field(default_factory=Told)
    asked: list[str] = field(default_factory=list)

    def file(self, name: str, content: str | bytes) -> Seed:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        kind = name.rpartition(".")[2]
        return Seed(name=name, kind=KINDS.get(kind, kind), file=str(path))

    def load(self, seed: Seed, *, again: bool = False, yes: bool = False) -> SeedResult:
        def consent(question: str) -> bool:
            self.asked.append(question)
            return yes

        return SEEDER.seed(self.target, seed, again=again, consent=consent, report=self.report, cancel=CancelToken())

    def refused(self, seed: Seed) -> DevenvError:
        with pytest.raises(DevenvError) as raised:
            self.load(seed)
        assert raised.value.hint
        return raised.value

    def cli(self, *words: str) -> str:
        result = self.target.engine.exec(self.target.container, ["redis-cli", *words])
        return result.output.decode().strip()

    def keys(self) -> set[str]:
        return {key for key in self.cli("KEYS", "*").split() if not key.startswith("devenv:")}

    def state(self, name: str) -> str | None:
        entry = SEEDER.ledger(self.target).get(name)
        return entry.state if entry else None


@pytest.fixture(scope="module")
def server(docker_engine: Engine, docker_base: str) -> Iterator[str]:
    project = new_name()
    payload = {
        "Image": redis_image(docker_engine),
        "Cmd": ["redis-server", "--appendonly", "yes"],
        "Labels": {labels.PROJECT: project, labels.SERVICE: "cache"},
    }
    container = docker_engine.create_container(f"{project}-cache-1", payload)
    docker_engine.start(container)
    yield container
    clean(docker_engine, project)


@pytest.fixture
def data(docker_engine: Engine, server: str, tmp_path: Path) -> Data:
    target = SeedTarget(service="cache", container=server, engine=docker_engine, values={})
    it = Data(target=target, folder=tmp_path)
    until = time.monotonic() + 20
    while it.cli("ping") != "PONG":
        assert time.monotonic() < until
        time.sleep(0.1)
    it.cli("FLUSHALL")
    return it


def test_commands_are_loaded_once_and_again_only_where_they_changed(data: Data) -> None:
    text = (
        '# what the shop starts with\nSET greeting "a \\"b\\"\\x00\\n"\n\nRPUSH queue \'it\\\'s\' two\nINCR counter\n'
    )
    seed = data.file("cache.redis", text)
    assert data.load(seed) == SeedResult(rows=3, unit="key")
    assert data.cli("--no-raw", "GET", "greeting") == '"a \\"b\\"\\x00\\n"'
    assert data.cli("LRANGE", "queue", "0", "-1").split() == ["it's", "two"]
    assert data.load(seed).skipped
    assert data.cli("GET", "counter") == "1"
    entry = SEEDER.ledger(data.target)["cache.redis"]
    assert (entry.state, entry.rows, entry.digest) == ("done", 3, SEEDER.digest(seed))
    assert entry.at.startswith("20")
    # Again, and changed: what it put there goes first, so nothing doubles and nothing stays behind.
    assert data.load(seed, again=True).rows == 3
    assert data.cli("LLEN", "queue") == "2"
    assert data.load(data.file("cache.redis", "RPUSH queue one\n")).rows == 1
    assert (data.keys(), data.cli("LLEN", "queue"), data.asked) == ({"queue"}, "1", [])


def test_one_refused_command_leaves_nothing(data: Data) -> None:
    data.cli("SET", "mine", "kept", "EX", "1000")
    seed = data.file("bad.redis", "SET a 1\nAPPEND mine more\nSADD s x\nLPUSH a 2\nSET never 1\n")
    error = data.refused(seed)
    assert "bad.redis:4: LPUSH: WRONGTYPE" in error.message
    assert (data.keys(), data.cli("GET", "mine"), data.state("bad.redis")) == ({"mine"}, "kept", None)
    assert 900 < int(data.cli("TTL", "mine")) <= 1000
    for line, said in (
        ("NOSUCH x", "bad.redis:2: NOSUCH: there is no such command"),
        ("SET x", "bad.redis:2: SET: wrong number of words"),
        ("SUBSCRIBE x", "bad.redis:2: SUBSCRIBE: it cannot stand"),
        ("SELECT 1", "SELECT cannot stand"),
        ("FLUSHALL", "FLUSHALL cannot"),
        ('SET "x', "bad.redis:2: the quote at column 5 has no end"),
        ("HSET devenv:seeds a b", "devenv's own"),
    ):
        assert said in data.refused(data.file("bad.redis", f"SET ok 1\n{line}\n")).message, line
    assert data.keys() == {"mine"}
    assert not [key for key in data.cli("KEYS", "devenv:*").split() if "stage" in key]


def test_what_is_not_the_seed_s_is_asked_about(data: Data) -> None:
    data.cli("SET", "theme", "dark")
    seed = data.file("config.json", '{"theme": "light", "lang": "en"}')
    assert data.load(seed).kept == "key theme holds a value that config.json did not put there"
    assert (data.keys(), data.cli("GET", "theme"), data.state("config.json")) == ({"theme"}, "dark", None)
    assert data.load(seed, yes=True).rows == 2
    assert data.cli("GET", "theme") == "light"
    # A value that changed since is the application's; one that is gone was used up.
    data.cli("SET", "theme", "blue")
    data.cli("DEL", "lang")
    assert data.load(seed).skipped
    changed = data.file("config.json", '{"theme": "red", "lang": "de"}')
    assert data.load(changed).kept
    assert (data.cli("GET", "theme"), data.keys()) == ("blue", {"theme"})
    assert data.load(changed, yes=True).rows == 2
    assert (data.cli("GET", "theme"), len(data.asked)) == ("red", 4)


def test_a_key_belongs_to_one_seed(data: Data) -> None:
    data.load(data.file("one.redis", "SADD tags a\n"))
    error = data.refused(data.file("two.redis", "SET other 1\nSADD tags b\n"))
    assert "two.redis:2: the key tags is one.redis's" in error.message
    assert (data.keys(), data.cli("SMEMBERS", "tags")) == ({"tags"}, "a")


def test_json_says_every_type(data: Data) -> None:
    flat = data.file("plain.json", '{"n": 1.10, "t": "Zoë", "b": true, "l": ["x", 2], "h": {"a": 1, "b": "c"}}')
    lines = data.file(
        "long.jsonl",
        '{"key": "z", "type": "zset", "value": {"ann": 1.5, "bob": 2}, "ttl": 3600}\n\n'
        '{"key": "s", "type": "set", "value": ["x", "y"]}\n{"key": "e", "type": "stream", "value": [{"a": 1}]}\n',
    )
    assert (data.load(flat).rows, data.load(lines).rows) == (5, 3)
    assert [data.cli("GET", key) for key in "ntb"] == ["1.10", "Zoë", "true"]
    assert data.cli("LRANGE", "l", "0", "-1").split() == ["x", "2"]
    assert data.cli("HGET", "h", "b") == "c"
    assert data.cli("ZSCORE", "z", "ann") == "1.5"
    assert 3500 < int(data.cli("TTL", "z")) <= 3600
    assert {data.cli("TYPE", key) for key in ("s", "e")} == {"set", "stream"}
    many = data.file("many.json", '{"big": [' + ",".join(str(n) for n in range(30_000)) + "]}")
    assert data.load(many).rows == 1
    assert (data.cli("LLEN", "big"), data.cli("LINDEX", "big", "29999")) == ("30000", "29999")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '{"a": 1,\n "b": }', "a.json:2:7: no JSON"),
        ("a.json", '{"a": 1, "a": 2}', 'the key "a" is there twice'),
        ("a.json", '{"a": null}', 'key "a": Redis cannot hold null'),
        ("a.json", '{"a": {"b": []}}', "a list or object inside a value"),
        ("a.json", '{"a": []}', "the value of a list is a list, not empty"),
        ("a.json", "3", "neither an object nor a list"),
        ("a.jsonl", '{"key": "a", "value": 1}\n{"key": 1}\n', "a.jsonl:2: no object with `key` and `value`"),
        ("a.jsonl", '{"key": "a", "value": 1, "tll": 3}\n', "`tll` means nothing"),
        ("a.jsonl", '{"key": "a", "value": 1, "ttl": "x"}\n', "`ttl` is no number"),
        ("a.jsonl", '{"key": "a", "value": 1, "type": "json"}\n', "`json` is no type"),
        ("a.jsonl", '{"key": "a", "value": 1}\n{"key": "a", "value": 1}\n', "a.jsonl:2: the key"),
        ("a.json", b'{"a": "\xff"}', "not UTF-8"),
        ("a.rdb", b"RIFF", "no Redis dump"),
        ("a.rdb", b"REDIS0012\x00\x01", "ends in the middle"),
        ("a.sql", "SELECT 1", "Redis takes no seed of kind sql"),
    ],
)
def test_what_cannot_be_loaded_gets_a_sentence(data: Data, name: str, text: str | bytes, said: str) -> None:
    error = data.refused(data.file(name, text))
    assert said in error.message
    assert error.code == ExitCode.INPUT
    assert data.keys() == set()


def test_a_dump_brings_every_kind_of_value(data: Data) -> None:
    commands = [
        "SET text hello", "SET number 42", f"SET packed {'abc' * 300}", f"SET {'key' * 20} 1", "SET soon 1 EX 5000",
        "RPUSH list a b", "SADD ints 1 2 3", "SADD few a b", "ZADD scores 1.5 a 2 b", "HSET hash f v g 1",
        "XADD stream 1-1 a 1", "XADD stream 2-1 b 2", "XGROUP CREATE stream g 0",
        "XREADGROUP GROUP g c STREAMS stream >", "HSET ttl f v", "HPEXPIRE ttl 5000000 FIELDS 1 f",
        "SETBIT bits 70 1", "PFADD hll a b c", "GEOADD geo 1 2 x",
        f"RPUSH long {' '.join('x' * 90 + str(n) for n in range(300))}",
        f"SADD many {' '.join(f'm{n}' for n in range(700))}",
        f"ZADD board {' '.join(f'{n}.25 m{n}' for n in range(300))}",
        f"HSET map {' '.join(f'f{n} v{n}' for n in range(700))}",
    ]  # fmt: skip
    for command in commands:
        assert "ERR" not in data.cli(*command.split())
    all_keys = data.keys()
    before = {key: data.cli("--no-raw", "DUMP", key) for key in all_keys - {"many", "map", "ttl"}}
    data.cli("SAVE")
    dump = data.target.engine.exec(data.target.container, ["cat", "/data/dump.rdb"]).output
    data.cli("FLUSHALL")
    seed = data.file("dump.rdb", dump)
    assert data.load(seed).rows == len(all_keys)
    assert {key: data.cli("--no-raw", "DUMP", key) for key in before} == before
    assert data.keys() == all_keys
    assert (data.cli("SCARD", "many"), data.cli("HGET", "map", "f699")) == ("700", "v699")
    assert 4000 < int(data.cli("TTL", "soon")) <= 5000
    assert data.load(seed).skipped
    data.cli("FLUSHALL")
    data.cli("-n", "1", "SET", "x", "y")
    data.cli("SAVE")
    other = data.target.engine.exec(data.target.container, ["cat", "/data/dump.rdb"]).output
    data.cli("FLUSHALL")
    assert "keys of database 1" in data.refused(data.file("other.rdb", other)).message


def test_the_print_of_a_value_holds_over_a_restart(data: Data) -> None:
    members = " ".join(f"m{n}" for n in range(1000))
    data.load(data.file("sets.redis", f"SADD big {members}\nHSET map {members}\n"))
    data.target.engine.stop(data.target.container, 10)
    data.target.engine.start(data.target.container)
    until = time.monotonic() + 20
    while data.cli("ping") != "PONG":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert data.state("sets.redis") == "done"
    assert data.load(data.file("sets.redis", "SADD big one\n")).rows == 1
    assert (data.asked, data.keys()) == ([], {"big"})


def test_two_at_once_load_it_once(data: Data) -> None:
    seed = data.file("queue.redis", "".join(f"RPUSH q{n % 7} {n}\n" for n in range(20_000)))
    results: list[SeedResult] = []

    def load() -> None:
        # One project has one `up` at a time: who sweeps the other's client away makes that one say so.
        with contextlib.suppress(DevenvError):
            results.append(data.load(seed))

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(result.rows == 7 for result in results) == 1
    assert sum(int(data.cli("LLEN", f"q{n}")) for n in range(7)) == 20_000


KILLED = """
import sys
from devenv.backends.docker import connect
from devenv.extensions.seeders import SEEDERS
from devenv.model.protocols import SeedTarget
from devenv.model.stack import Seed
from devenv.run.cancel import CancelToken
from tests.engines import Told
url, container, file = sys.argv[1:]
target = SeedTarget(service="cache", container=container, engine=connect(url), values={})
print("go", flush=True)
SEEDERS["redis"].seed(target, Seed(name="big.redis", kind="commands", file=file), again=False,
                      consent=lambda question: False, report=Told(), cancel=CancelToken())
print("done", flush=True)
"""


def test_a_loader_killed_anywhere_leaves_all_or_nothing(data: Data, docker_engine: Engine) -> None:
    seed = data.file("big.redis", "".join(f"RPUSH big {n}\n" for n in range(60_000)))
    root = Path(__file__).parents[2]
    for delay in (0.0, 0.1, 0.25, 0.4, 0.6, 0.9):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, docker_engine.info.host, data.target.container, seed.file],
            stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
        )  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert data.cli("LLEN", "big") == ("60000" if data.state("big.redis") else "0")
    data.load(seed)
    assert (data.cli("LLEN", "big"), data.state("big.redis")) == ("60000", "done")


def test_a_password_is_the_container_s_own(docker_engine: Engine, docker_base: str, tmp_path: Path) -> None:
    project = new_name()
    try:
        for env in (["REDISCLI_AUTH=secret"], []):
            payload = {
                "Image": redis_image(docker_engine), "Cmd": ["redis-server", "--requirepass", "secret"], "Env": env,
                "Labels": {labels.PROJECT: project},
            }  # fmt: skip
            container = docker_engine.create_container(f"{project}-{len(env)}", payload)
            docker_engine.start(container)
            time.sleep(0.5)
            target = SeedTarget(service="cache", container=container, engine=docker_engine, values={})
            data = Data(target=target, folder=tmp_path)
            seed = data.file("a.redis", "SET a 1\n")
            if env:
                assert data.load(seed).rows == 1
            else:
                assert "REDISCLI_AUTH" in data.refused(seed).hint
                with pytest.raises(DevenvError, match="NOAUTH"):
                    SEEDER.ledger(target)
    finally:
        clean(docker_engine, project)
