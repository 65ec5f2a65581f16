"""Systems with names that nobody would choose and reactflow takes, drawn from a seed, and settings for them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from random import Random
from typing import Any

from reactflow import Cell, Flow, Service, System, cell, row
from reactflow.aws import S3, DynamoDB, Kinesis
from reactflow.deploy.listing import list_resources
from reactflow.deploy.resources import Resources
from reactflow.deploy.settings import Settings
from reactflow.errors import BindingError, ConfigurationError

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME = _LETTERS + _LETTERS.upper() + "0123456789"
_STRANGE = (
    "a b", 'say "x"', "it's", "ключ", "名", "a\\b", "a/b", "a$b", "$", "a&b", "{x}", "!Ref", "Fn::Sub", "yes", "null",
    "1", "1e3", "<b>", "#", "a:b", "- a", "%", "🙂", "Ref", "a\u00a0b", "AWS::Region",
)  # fmt: skip
_PATHS = (*_STRANGE, "${AWS::Region}", "{{resolve:ssm:x}}", "a.b.c", "$or", "a.${b}", "x" * 300)


def drawn(seed: int) -> Resources | None:
    """The resources of the system of a seed; None when reactflow or AWS would not take what was drawn."""
    random = Random(seed)
    try:
        system = _system(random)
        settings = _settings(random, system)
        targets = {name: f"app.services:{name.replace('-', '_')}" for name in system.services}
        return list_resources(system, settings, targets)
    except (BindingError, ConfigurationError):
        return None


def many(number: int, first: int = 0) -> Iterator[tuple[int, Resources]]:
    """So many systems that are taken, with their seeds."""
    found, seed = 0, first
    while found < number:
        if (resources := drawn(seed)) is not None:
            found += 1
            yield seed, resources
        seed += 1


def _word(random: Random, more: str, longest: int) -> str:
    size = random.choice((1, 3, 8, 20, longest)) if random.random() < 0.5 else random.randint(3, 12)
    return random.choice(_LETTERS) + "".join(
        random.choice(_NAME + more) for _ in range(min(size, longest) - 1)
    )


def _stream(random: Random) -> str:
    """A name; now and then one that others have, too, and share what is named so."""
    return random.choice(("shared", "shared-2")) if random.random() < 0.15 else _word(random, "._-", 100)


def _bucket(random: Random) -> str:
    middle = "".join(random.choice(_LETTERS + "0123456789-.") for _ in range(random.randint(1, 24)))
    return f"b{middle.replace('..', 'x').strip('.-')}z"


def _template(random: Random) -> str:
    first = random.choice(
        ("", "in/", "in one/", "a+b/", "données/", "x'y/", "1/", "in\\*/" * (random.random() < 0.1))
    )
    last = random.choice(("", ".jpg", "/index.json", ".tar.gz", "!"))
    return f"{first}{random.choice(('{user}', '{user}/{name}', '{user:path}', '{user}-{day:date}'))}{last}"


def _service(random: Random, name: str, place: int) -> Service:
    many_inputs = random.choice((1, 1, 2, 3, 8))
    cells = [f"c{number}" for number in range(many_inputs)]

    def body(space: dict[str, Any]) -> None:
        space["__module__"] = __name__
        space["__annotations__"] = dict.fromkeys(cells, Cell[str])
        space.update({each: cell() for each in cells})

    flow: Any = types.new_class(f"Flow{place}", (Flow,), {}, body)
    key = random.choice(("user", random.choice(_STRANGE), "user"))
    inputs: list[Any] = []
    for each in cells:
        fields = {each: random.choice(_PATHS)}
        kind = random.choice(("kinesis", "dynamodb", "s3" if key == "user" else "kinesis"))
        if kind == "kinesis":
            factor = random.choice((1, 1, 4))
            inputs.append(
                Kinesis(_stream(random), fields=fields, parallelization_factor=factor, order="arrival")
            )
        elif kind == "dynamodb":
            keys = random.choice((None, (key,), (key, random.choice(_STRANGE))))
            inputs.append(DynamoDB(_word(random, "._-", 220), fields=fields, keys=keys, order="arrival"))
        else:
            inputs.append(S3(_bucket(random), key=_template(random), fields={each: "user"}, order="arrival"))
    outputs: list[Any] = []
    for number, each in enumerate(random.sample(cells, k=min(len(cells), random.randint(0, 2)))):
        sinks = (
            Kinesis(_stream(random)),
            DynamoDB(_word(random, "._-", 220)),
            S3(_bucket(random), key="out/{user}"),
        )
        sink = random.choice(sinks[: 3 if key == "user" else 2])
        outputs.append(row(getattr(flow, each), name=f"o{number}") >> sink)
    return Service(flow, name=name, key=key, inputs=inputs, outputs=outputs)


def _system(random: Random) -> System:
    names = {_word(random, "-_", 64) for _ in range(random.choice((1, 1, 2, 4)))}
    return System(*(_service(random, name, place) for place, name in enumerate(sorted(names))))


def arn_of(resource: str) -> str:
    """The ARN of the stream of a table that is there already."""
    table = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{resource.partition('/')[2]}"
    return f"{table}/stream/2026-11-25T00:00:00.000"


def _settings(random: Random, system: System) -> Settings:
    stage = random.choice(("dev", "prod", "Test-7", _word(random, "-", 30)))
    arn = "arn:aws:sns:eu-west-1:123456789012:on-call"
    used = {one.resource for service in system.services.values() for one in service.bound}
    there = frozenset(one for one in sorted(used) if random.random() < 0.2)
    return Settings(
        application=_word(random, "-", 64), stage=stage, prefix=random.choice(("", "p-", "x")),
        python=random.choice(("3.11", "3.12", "3.13")), architecture=random.choice(("x86_64", "arm64")),
        concurrency=random.choice((0, 1, 5, 2000)), shards=random.choice((0, 1, 7)),
        timeout=random.choice((1, 60, 900)), log_days=random.randint(1, 3653),
        stream_hours=random.choice((24, 168, 8760)), filters=random.random() < 0.5,
        alarms_to=random.choice(("", arn)),
        environment=random.choice(({}, {"MODE": "fast: #1 'x'", "Url": "{{resolve:secretsmanager:db}}"})),
        existing=there, streams={one: arn_of(one) for one in there if one.startswith("dynamodb/")},
    )  # fmt: skip
