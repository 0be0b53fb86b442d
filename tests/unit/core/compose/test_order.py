"""A printed model reads as Compose 5.6.1 prints it, to the byte."""

from __future__ import annotations

import json

from devenv.core.compose.order import ordered, yaml_text
from devenv.core.source import read_yaml

PRINTED = """\
name: d
services:
  app:
    deploy:
      resources:
        limits:
          cpus: 0.5
          memory: "1073741824"
    command:
      - foo
    environment:
      "1": a:b
      A: ""
      B: '12:30:45'
      D: "2024-01-01"
      EMO: é
      F: null
      FE: "1e3"
      'N': "null"
      'ON': 'on'
      Q: '''q'''
      T: "true"
      TEXT: |
        one
        two
      X: '#a'
    image: busybox
    networks:
      default: null
    ulimits:
      build:
        soft: 1
        hard: 2
    build:
      context: /d
      dockerfile: Dockerfile
      args:
        A: x
    depends_on:
      zeb:
        condition: service_started
        required: true
    healthcheck:
      test:
        - CMD-SHELL
        - 'a: b'
      timeout: 1s
      interval: 5s
    ports:
      - mode: ingress
        target: 80
        protocol: tcp
    x-foo:
      a: long long long long long long long long long long long long long long long
        long long long long long long long long long text
      z: 1
  zeb:
    image: nginx
networks:
  default:
    name: d_default
volumes:
  a:
    name: d_a
    driver: x
    labels:
      a: b
x-top:
  a: 2
  b: 1
"""


def backwards(value: object) -> object:
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def test_keys_and_quotes_are_those_of_compose_wherever_the_keys_stood() -> None:
    value = read_yaml(PRINTED, "printed.yaml").value
    assert yaml_text(ordered(backwards(value))) + "\n" == PRINTED


def test_json_has_its_top_by_name_and_all_else_in_the_same_order() -> None:
    value = {"x-a": 1, "services": {"b": {"ports": [], "image": "x"}, "a": {}}, "name": "d", "networks": {}}
    expected = {"name": "d", "networks": {}, "services": {"a": {}, "b": {"image": "x", "ports": []}}, "x-a": 1}
    assert json.dumps(ordered(value, json=True)) == json.dumps(expected)


def test_a_job_has_the_order_of_a_service_and_what_is_its_own_first() -> None:
    value = {"jobs": {"b": {"ports": [{"target": 1, "mode": "host"}], "image": "x", "triggers": {"manual": True}}}}
    shown = json.dumps(ordered({**value, "networks": {}, "services": {}}))
    assert shown == (
        '{"services": {}, "jobs": {"b": {"triggers": {"manual": true}, "image": "x", '
        '"ports": [{"mode": "host", "target": 1}]}}, "networks": {}}'
    )
