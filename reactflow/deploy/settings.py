"""How services are deployed: the settings of a stage, and the physical names that things have there.

A folder's ``pyproject.toml`` says them once for all stages in ``[tool.reactflow.deploy]``, and what is other in one
stage in ``[tool.reactflow.stages.NAME]``; code never does. It must not ask AWS for anything.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

from attrs import Attribute, Factory, evolve, field, fields, frozen

from reactflow.errors import ConfigurationError
from reactflow.service.decoding import short
from reactflow.service.suggest import suggestion

Architecture = Literal["x86_64", "arm64"]
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")  # of which Lambda has runtimes, and reactflow runs on
STATE: Final = "reactflow-state"  # the logical name of the table of units
QUARANTINE: Final = "reactflow-quarantine"  # the logical name of the bucket of what triggers give up
_OWN: Final = {f"dynamodb/{STATE}": ("-reactflow-state", 255), f"s3/{QUARANTINE}": ("-quarantine", 35)}
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}|")
_PHYSICAL: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
_STREAM: Final = re.compile(
    r"arn:aws[\w-]*:dynamodb:[\w-]+:\d{12}:table/[A-Za-z0-9._-]{3,255}/stream/[\w:.-]+"
)
_RESOURCE: Final = re.compile(r"(kinesis|dynamodb|s3)/[A-Za-z0-9._-]{1,255}")


def _matches(pattern: re.Pattern[str], what: str) -> Any:
    def check(settings: object, attribute: Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ConfigurationError(f"{attribute.name} = {short(value)} is not {what}")

    return check


def _one_of(*known: str) -> Any:
    def check(settings: object, attribute: Attribute[str], value: object) -> None:
        if value not in known:
            raise ConfigurationError(f"{attribute.name} = {short(value)} is not {' or '.join(known)}")

    return check


def _between(lowest: int, highest: int, unit: str) -> Any:
    def check(settings: object, attribute: Attribute[int], value: object) -> None:
        if type(value) is not int or not lowest <= value <= highest:
            raise ConfigurationError(
                f"{attribute.name} = {short(value)} is no whole number of {unit} from {lowest} to {highest}"
            )

    return check


def _truth(settings: object, attribute: Attribute[bool], value: object) -> None:
    if type(value) is not bool:
        raise ConfigurationError(f"{attribute.name} = {short(value)} is not true or false")


def _texts(settings: object, attribute: Attribute[Mapping[str, str]], value: object) -> None:
    if not isinstance(value, Mapping) or not all(
        isinstance(one, str) for pair in value.items() for one in pair
    ):
        raise ConfigurationError(f"{attribute.name} = {short(value)} is no table of texts")


def _names(settings: object, attribute: Attribute[Mapping[str, str]], value: Mapping[str, str]) -> None:
    _texts(settings, attribute, value)
    for resource, name in value.items():
        _resource(attribute.name, resource)
        if not _PHYSICAL.fullmatch(name):
            raise ConfigurationError(f"{attribute.name}: {resource!r} = {short(name)} can be no name on AWS")


def _streams(settings: object, attribute: Attribute[Mapping[str, str]], value: Mapping[str, str]) -> None:
    _texts(settings, attribute, value)
    for resource, arn in value.items():
        _resource(attribute.name, resource)
        if not _STREAM.fullmatch(arn):
            raise ConfigurationError(
                f"{attribute.name}: {resource!r} = {short(arn)} is no ARN of a table's stream"
            )


def _existing(settings: object, attribute: Attribute[frozenset[str]], value: frozenset[str]) -> None:
    for resource in value:
        _resource(attribute.name, resource)


def _resource(setting: str, resource: object) -> None:
    if not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
        raise ConfigurationError(
            f"{setting}: {short(resource)} is no resource: write kinesis/STREAM, dynamodb/TABLE or s3/BUCKET"
        )


def _listed(value: object) -> Any:
    """A list of texts as a tuple; anything else as it is, for the validator to refuse."""
    return tuple(value) if isinstance(value, (list, tuple, set, frozenset)) else value


def _set_of(value: object) -> Any:
    return (
        frozenset(map(str, value))
        if isinstance(value, (list, tuple, set, frozenset))
        else frozenset([str(value)])
    )


def _include(settings: object, attribute: Attribute[tuple[str, ...]], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(one, str) and one for one in value):
        raise ConfigurationError(f"{attribute.name} = {short(value)} is no list of files or folders")


def _prefix_of(settings: Settings) -> str:
    return f"{settings.stage.lower()}-"


def _keeps_data(settings: Settings) -> bool:
    return settings.stage != "dev"


def _running() -> str:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return here if here in PYTHONS else PYTHONS[-1]


@frozen(kw_only=True)
class Settings:
    """The settings of a deployment.

    ``application`` and ``stage`` name the stack: ``app-dev``. ``prefix`` stands before the physical names of streams,
    tables and buckets (``dev-`` unless given); ``names`` gives some by hand (``{"s3/photos": "acme-photos"}``), and
    ``existing`` lists resources that are there already, and are neither made nor deleted (by their physical name).
    ``streams`` gives the ARN of an existing table's stream, which cannot be told from its name. ``python`` and
    ``architecture`` are the functions', ``memory`` in MB, ``timeout`` in seconds, ``concurrency`` how many of each
    function run at a time at most (0: as many as the account has room for). ``log_days`` is how long logs are kept;
    ``shards`` of the streams that are made, 0 for on-demand streams, and ``stream_hours`` how long streams keep
    records, existing ones too. ``keep_data`` keeps tables, buckets and streams when the stack is deleted (in all stages
    but ``dev``, unless given). ``filters`` has AWS leave out changes of items in which nothing stands that is read.
    ``environment`` is set for the functions; ``include`` lists more files and folders of the project that go into the
    package, ``requirements`` names the file that says what it needs (else ``requirements.txt``, else
    ``pyproject.toml``), ``bundle_boto3`` takes boto3 along instead of the runtime's own. ``alarms_to`` is the ARN of
    an SNS topic that is told of alarms.

    Raises ConfigurationError for a setting of another kind.

    >>> Settings().stack, Settings(stage="prod", prefix="").physical("kinesis/measurements")
    ('app-dev', 'measurements')
    """

    application: str = field(default="app", validator=_matches(_NAME, "a name of letters, digits and '-'"))
    stage: str = field(default="dev", validator=_matches(_NAME, "a name of letters, digits and '-'"))
    prefix: str = field(
        default=Factory(_prefix_of, takes_self=True),
        validator=_matches(_PREFIX, "a prefix of small letters, digits and '-'"),
    )
    names: Mapping[str, str] = field(factory=dict, validator=_names)
    existing: frozenset[str] = field(default=frozenset(), converter=_set_of, validator=_existing)
    streams: Mapping[str, str] = field(factory=dict, validator=_streams)
    python: str = field(default=Factory(_running), validator=_one_of(*PYTHONS))
    architecture: str = field(default="x86_64", validator=_one_of(*get_args(Architecture)))
    memory: int = field(default=512, validator=_between(128, 10_240, "MB"))
    timeout: int = field(default=60, validator=_between(1, 900, "seconds"))
    concurrency: int = field(default=0, validator=_between(0, 10_000, "functions at a time"))
    log_days: int = field(default=30, validator=_between(1, 3653, "days"))
    shards: int = field(default=0, validator=_between(0, 10_000, "shards"))
    stream_hours: int = field(default=24, validator=_between(24, 8760, "hours"))
    keep_data: bool = field(default=Factory(_keeps_data, takes_self=True), validator=_truth)
    filters: bool = field(default=False, validator=_truth)
    environment: Mapping[str, str] = field(factory=dict, validator=_texts)
    include: tuple[str, ...] = field(default=(), converter=_listed, validator=_include)
    requirements: str = field(
        default="", validator=_matches(re.compile(r"[^/\0][^\0]*|"), "a file of the project")
    )
    bundle_boto3: bool = field(default=False, validator=_truth)
    alarms_to: str = field(
        default="",
        validator=_matches(re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+|"), "the ARN of an SNS topic"),
    )

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return f"{self.application}-{self.stage}"

    def physical(self, resource: str) -> str:
        """The name that a resource has on AWS, as a text for ``Fn::Sub``.

        A bucket's holds the account and the region unless it is given by hand: all of AWS shares their names. What is
        of this stack alone, the table of units and the quarantine, is named after it.

        >>> Settings().physical("s3/photos")
        'dev-photos-${AWS::AccountId}-${AWS::Region}'
        >>> Settings(names={"s3/photos": "acme-photos"}).physical("s3/photos")
        'acme-photos'
        """
        kind, _, name = resource.partition("/")
        if resource in self.names:
            return self.names[resource]
        if resource in self.existing:
            return name
        if resource in _OWN:
            suffix, room = _OWN[resource]
            name = shortened(self.stack.lower(), room - len(suffix)) + suffix
        else:
            name = f"{self.prefix}{name}"
        if kind == "s3":
            return f"{name}-${{AWS::AccountId}}-${{AWS::Region}}"
        return name


def shortened(name: str, longest: int) -> str:
    """The name, or, where that is too long, its beginning and a hash, so that two of them stay two.

    >>> shortened("house-dev", 20), shortened("house-of-many-rooms-dev", 20)
    ('house-dev', 'house-of-ma-995b9659')
    """
    if len(name) <= longest:
        return name
    return f"{name[: longest - 9].rstrip('-_.')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def settings_for(folder: Path, stage: str | None = None) -> Settings:
    """The settings of a stage (``stage`` of ``[tool.reactflow]``, else ``dev``), from the folder's ``pyproject.toml``.

    Raises ConfigurationError for a stage or setting that there is not, and for a value of another kind.

    >>> settings_for(Path("/nowhere/house")).stack
    'house-dev'
    """
    file = folder / "pyproject.toml"
    tool = _table(file)
    common, stages = _part(file, tool, "deploy"), _part(file, tool, "stages")
    name = stage or tool.get("stage") or "dev"
    if stages and name not in stages and name != "dev":
        raise ConfigurationError(
            f"{file}: there is no stage {name!r}{suggestion(name, stages)}: [tool.reactflow.stages] has "
            f"{', '.join(stages)}"
        )
    own = _part(file, stages, str(name), "stages.")
    given = {"application": _application(folder), **common, **own, "stage": name}
    known = [one.name for one in fields(Settings) if one.name != "stage"]
    for where, table in (("deploy", common), (f"stages.{name}", own)):
        for key in table:
            if key == "stage":
                raise ConfigurationError(
                    f"{file}: [tool.reactflow.{where}] names no stage: choose one by --stage, or "
                    "stage in [tool.reactflow]"
                )
            if key not in known:
                raise ConfigurationError(
                    f"{file}: [tool.reactflow.{where}] has no setting {key!r}{suggestion(key, known)}; it has "
                    f"{', '.join(known)}"
                )
    for key in ("names", "streams", "environment"):
        both = [one[key] for one in (common, own) if key in one]
        if len(both) == 2 and all(isinstance(one, dict) for one in both):
            given[key] = {**both[0], **both[1]}
    try:
        return Settings(**given)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def with_changes(settings: Settings, **changes: Any) -> Settings:
    """The same with some settings changed, such as by a flag. Raises ConfigurationError as ``Settings`` does."""
    return evolve(settings, **changes)


def _table(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("reactflow", {})
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    return found if isinstance(found, dict) else {}


def _part(file: Path, table: Mapping[str, Any], name: str, parent: str = "") -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{file}: tool.reactflow.{parent}{name} is a table: write [tool.reactflow.{parent}{name}]"
        )
    return found


def _application(folder: Path) -> str:
    """The name of the folder, as far as it can be one of a stack."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", folder.resolve().name).strip("-")[:64]
    return plain if _NAME.fullmatch(plain) else "app"
