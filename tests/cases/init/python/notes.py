import os

import psycopg
from flask import Flask, jsonify

app = Flask(__name__)


def rows(query):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return connection.execute(query).fetchall()


@app.get("/")
def notes():
    return jsonify([{"id": id, "title": title} for id, title in rows("SELECT id, title FROM notes ORDER BY id")])


@app.get("/health")
def health():
    rows("SELECT 1")
    return "ok"
