"""A YAML file from outside, read with suspicion into nodes that know their lines."""

import re
from pathlib import Path

import yaml

from registry.exchange.bundle.faults import BundleRefused, Fault

SIZE_LIMIT = 5_000_000
DEPTH_LIMIT = 10
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SECTION = "shared"


def shared(path: Path) -> yaml.MappingNode:
    """What stands under ``shared:``; raise ``BundleRefused`` with one fault if it can't be had."""
    file = path.name
    text = _text(path)
    try:
        _check_shape(text, file)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise refused(
            file, _line(error, text), f"ce n’est pas du YAML : {_problem(error)}"
        ) from None
    return _section(root, file)


def refused(file: str, line: int, reason: str) -> BundleRefused:
    return BundleRefused([Fault(file, line, "", "", reason)])


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _text(path: Path) -> str:
    file = path.name
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise refused(str(path), 0, f"fichier illisible ({error.strerror})") from None
    if len(raw) > SIZE_LIMIT:
        raise refused(file, 0, "plus de 5 Mo : ce n’est pas la liste des éditeurs de DataPass")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        reason = f"octet 0x{raw[error.start]:02X} qui n’est pas de l’UTF-8"
        raise refused(file, line, reason) from None
    if control := CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        reason = f"caractère de contrôle U+{ord(control[0]):04X} : retirez-le"
        raise refused(file, line, reason)
    return text


def _check_shape(text: str, file: str) -> None:
    """Event by event, so that neither an alias nor a deep nesting is ever built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if getattr(event, "anchor", None) is not None:
            reason = "les ancres (&) et les alias (*) sont refusés : écrivez la valeur en entier"
            raise refused(file, line, reason)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            raise refused(file, line, f"imbrication de plus de {DEPTH_LIMIT} niveaux")


def _section(root: yaml.Node | None, file: str) -> yaml.MappingNode:
    if root is None or root.value == "":
        raise refused(file, 0, "fichier vide")
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    found = [(key, node) for key, node in pairs if key.value == SECTION]
    if not found:
        raise refused(file, line_of(root), f"rubrique « {SECTION}: » absente")
    if len(found) > 1:
        reason = f"rubrique « {SECTION}: » déjà écrite à la ligne {line_of(found[0][0])}"
        raise refused(file, line_of(found[1][0]), reason)
    key, node = found[0]
    if not isinstance(node, yaml.MappingNode):
        reason = f"« {SECTION}: » doit contenir des éditeurs, sous la forme « clé: {{…}} »"
        raise refused(file, line_of(key), reason)
    return node


def _line(error: yaml.YAMLError, text: str) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    return text.encode().count(b"\n", 0, getattr(error, "position", 0)) + 1


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", "illisible"))
