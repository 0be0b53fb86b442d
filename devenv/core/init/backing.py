"""What a repository's code connects to: from the packages it depends on, and from URLs in the example of its
environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from devenv.core.init.guess import Backing, Repository

POSTGRES = Backing(
    name="db", title="PostgreSQL", use="postgres", schemes=("postgres", "postgresql"), variable="DATABASE_URL",
)  # fmt: skip
REDIS = Backing(name="cache", title="Redis", use="redis", schemes=("redis",), variable="REDIS_URL")
MYSQL = Backing(
    name="db", title="MySQL", use="mariadb", schemes=("mysql", "mariadb"), variable="DATABASE_URL",
)  # fmt: skip
"""MariaDB speaks its protocol, and devenv can make it."""
MONGO = Backing(
    name="mongo", title="MongoDB", image="mongo:8.0", port=27017, schemes=("mongodb",), variable="MONGODB_URI",
    url="mongodb://mongo:27017/app", data="/data/db",
)  # fmt: skip
RABBIT = Backing(
    name="queue", title="RabbitMQ", image="rabbitmq:4.1", port=5672, schemes=("amqp",), variable="AMQP_URL",
    url="amqp://guest:guest@queue:5672/", data="/var/lib/rabbitmq",
)  # fmt: skip
SEARCH = Backing(
    name="search", title="Elasticsearch", image="docker.elastic.co/elasticsearch/elasticsearch:8.19.0", port=9200,
    variable="ELASTICSEARCH_URL", url="http://search:9200", data="/usr/share/elasticsearch/data",
    environment={
        "discovery.type": "single-node", "xpack.security.enabled": "false", "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
    },
)  # fmt: skip
MEMCACHED = Backing(
    name="memcached", title="Memcached", image="memcached:1.6", port=11211, variable="MEMCACHED_URL",
    url="memcached:11211",
)  # fmt: skip
KAFKA = Backing(
    name="kafka", title="Kafka", image="apache/kafka:4.0.0", port=9092, variable="KAFKA_BROKERS", url="kafka:9092",
    environment={
        "KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092", "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    },
)  # fmt: skip

BACKING: tuple[tuple[Backing, str], ...] = (
    (
        POSTGRES,
        r"psycopg2?(-binary)?|asyncpg|pg8000|pg|pg-promise|postgres|@prisma/adapter-pg|github\.com/lib/pq|github\.com/jackc/pgx"
        r"(/v\d)?|gorm\.io/driver/postgres|ext-(pdo_)?pgsql|postgresql|tokio-postgres|(sqlx|diesel)\+postgres",
    ),
    (
        MYSQL,
        r"mysqlclient|pymysql|aiomysql|mysql-connector-python|mysql2?|mysql-connector-j(ava)?|mariadb(-java-client)?"
        r"|github\.com/go-sql-driver/mysql|gorm\.io/driver/mysql|ext-(pdo_mysql|mysqli)|(sqlx|diesel)\+mysql",
    ),
    (
        REDIS,
        r"redis|ioredis|aioredis|bull|bullmq|connect-redis|rq|sidekiq|resque|predis/predis|ext-redis|jedis|lettuce-core"
        r"|spring-boot-starter-data-redis|github\.com/(go-)?redis/(go-)?redis(/v\d)?|django-redis|celery\[redis\]",
    ),
    (MONGO, r"pymongo|motor|mongoose|mongodb|mongoid|mongoengine|mongo|go\.mongodb\.org/mongo-driver(/v2)?|ext-mongodb"
            r"|mongodb/mongodb|spring-boot-starter-data-mongodb"),
    (RABBIT, r"pika|aio-pika|amqplib|bunny|lapin|github\.com/rabbitmq/amqp091-go|php-amqplib/php-amqplib"
             r"|spring-boot-starter-amqp"),
    (SEARCH, r"elasticsearch|@elastic/elasticsearch|elasticsearch-rails|github\.com/elastic/go-elasticsearch/v\d"
             r"|elasticsearch/elasticsearch|spring-boot-starter-data-elasticsearch"),
    (MEMCACHED, r"pymemcache|python-memcached|pylibmc|memjs|dalli|ext-memcached"),
    (KAFKA, r"kafka-python|confluent-kafka|aiokafka|kafkajs|ruby-kafka|rdkafka|spring-kafka|kafka-clients"
            r"|github\.com/segmentio/kafka-go"),
)  # fmt: skip
"""Each with the packages, of any language, that speak to it."""


def from_packages(named: Iterable[str], file: str) -> dict[str, tuple[Backing, str]]:
    """By title: the services that the packages `named` (of `file`) speak to, each with the reason."""
    found: dict[str, tuple[Backing, str]] = {}
    for backing, pattern in BACKING:
        compiled = re.compile(pattern)
        package = next((name for name in sorted(named) if compiled.fullmatch(name)), None)
        if package:
            found[backing.title] = (backing, f"{package.replace('+', ' with ')} in {file}")
    return found


def from_variables(variables: Mapping[str, str], file: str) -> dict[str, tuple[Backing, str]]:
    """By title: the services that URLs among `variables` (of `file`) mean."""
    found: dict[str, tuple[Backing, str]] = {}
    for name, value in variables.items():
        backing = by_url(value)
        if backing:
            found.setdefault(backing.title, (backing, f"{name} in {file}"))
    connection = variables.get("DB_CONNECTION", "")
    for backing, kinds in ((POSTGRES, ("pgsql", "postgres", "postgresql")), (MYSQL, ("mysql", "mariadb"))):
        if connection in kinds:
            found.setdefault(backing.title, (backing, f"DB_CONNECTION in {file}"))
    return found


def by_url(value: str) -> Backing | None:
    """The service that a URL's scheme means; `postgresql+asyncpg://` is PostgreSQL's too."""
    match = re.match(r"(?:jdbc:)?([a-z]+)(?:\+[a-z0-9]+)?://", value)
    return next((b for b, _ in BACKING if match and match[1] in b.schemes), None)


def from_code(repository: Repository, endings: tuple[str, ...]) -> dict[str, tuple[Backing, str]]:
    """By title: the services whose URLs, or whose usual variables, the code itself names."""
    found: dict[str, tuple[Backing, str]] = {}
    for backing, _ in BACKING:
        schemes = "|".join(backing.schemes)
        variable = "" if backing.variable == "DATABASE_URL" else rf"|\b{backing.variable}\b"
        where = repository.search(rf"[\"'](?:jdbc:)?(?:{schemes or '-'})(?:\+\w+)?://{variable}", *endings)
        if where:
            found.setdefault(backing.title, (backing, f"{where[0]} names it"))
    return found
