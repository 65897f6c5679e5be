"""What each line of DataPass's list says, and what is wrong with it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from models import DeliveryModel, Service
from registry.domain.identifiers import compact, is_siret
from registry.domain.search import bare
from registry.exchange.bundle.cells import TEXT_LIMIT
from registry.exchange.bundle.faults import Fault, Faults
from registry.exchange.bundle.reading import HIDDEN
from registry.exchange.datapass.document import line_of, shared

SERVICES = {"fc_certified": Service.FRANCECONNECT_V1, "apipfc_enabled": Service.API_PARTICULIER}
"""DataPass's flag names no version of FranceConnect. Read as V2, it would keep a product qualified
after V1 closes, on a word that nobody said: it is read as V1, the least that it can mean.
"""

APIS = {
    "france_connect": Service.FRANCECONNECT_V1,
    "api_particulier": Service.API_PARTICULIER,
    "api_impot_particulier": Service.API_IMPOT_PARTICULIER,
}
"""The words of ``already_integrated`` that are services of this registry."""

TYPES = {"editor": None, "saas": DeliveryModel.SAAS}
FIELDS = ("type", "name", "siret", *SERVICES, "already_integrated")
SLUG_LIMIT = 100
TAG = "tag:yaml.org,2002:"
BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
WAY_OUT = "complétez DataPass, ou inscrivez l’éditeur par son SIREN (vendors.csv)"


@dataclass(frozen=True, slots=True)
class Claim:
    """A flag as it stands on ``line``; ``value`` false never moves a state."""

    line: int
    flag: str
    service: Service
    value: bool


@dataclass(frozen=True, slots=True)
class Entry:
    line: int
    slug: str
    siren: str
    name: str
    delivery_model: DeliveryModel | None
    claims: tuple[Claim, ...]


@dataclass(slots=True)
class Reading:
    """``faults`` are lines that are not kept; ``warnings`` what is left out of a kept line."""

    file: str
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def fault(self, line: int, place: str, value: str, reason: str) -> None:
        self.faults.append(_fault(self.file, line, place, value, reason))

    def warn(self, line: int, place: str, value: str, reason: str) -> None:
        self.warnings.append(_fault(self.file, line, place, value, reason))


def read(path: Path) -> Reading:
    """Raise ``BundleRefused`` when the file as a whole can't be used."""
    reading = Reading(path.name)
    seen: dict[str, int] = {}
    for key, node in shared(path).value:
        entry = _entry(reading, key, node)
        if entry is None:
            continue
        first = seen.setdefault(entry.slug, entry.line)
        if first != entry.line:
            reading.warn(entry.line, entry.slug, "", f"clé déjà présente à la ligne {first}")
        reading.entries.append(entry)
    _leave_contradictions(reading)
    return reading


def _entry(reading: Reading, key: yaml.Node, node: yaml.Node) -> Entry | None:
    line, slug = line_of(key), _slug(_scalar(key))
    if not slug or len(slug) > SLUG_LIMIT:
        reason = f"clé attendue : de 1 à {SLUG_LIMIT} lettres, chiffres, « - », « . » ou « _ »"
        reading.fault(line, "", _scalar(key), reason)
        return None
    if not isinstance(node, yaml.MappingNode):
        reading.fault(line, slug, _scalar(node), "des champs sont attendus : type, name, siret…")
        return None
    fields = _fields(reading, slug, node)
    if fields is None:
        return None
    siren = _siren(reading, slug, line, fields.get("siret"))
    name = _name(reading, slug, line, fields.get("name"))
    if siren is None or name is None:
        return None
    model = _delivery_model(reading, slug, fields.get("type"))
    return Entry(line, slug, siren, name, model, _claims(reading, slug, fields))


def _fields(reading: Reading, slug: str, node: yaml.MappingNode) -> dict[str, yaml.Node] | None:
    """None when the SIRET or the name is given twice with different values."""
    found: dict[str, yaml.Node] = {}
    contradicted: set[str] = set()
    for key, value in node.value:
        name = _scalar(key)
        if name not in FIELDS:
            reason = f"champ inconnu, laissé de côté ; champs possibles : {', '.join(FIELDS)}"
            reading.warn(line_of(key), slug, name, reason)
            continue
        first = found.setdefault(name, value)
        if first is value:
            continue
        if _plain(first) == _plain(value):
            reason = f"champ déjà écrit à la ligne {line_of(first)}"
            reading.warn(line_of(key), f"{slug}.{name}", _scalar(value), reason)
            continue
        contradicted.add(name)
        report = reading.fault if name in ("siret", "name") else reading.warn
        reason = f"autre valeur à la ligne {line_of(first)} : aucune des deux n’est reprise"
        report(line_of(key), f"{slug}.{name}", _scalar(value), reason)
    if contradicted & {"siret", "name"}:
        return None
    return {name: value for name, value in found.items() if name not in contradicted}


def _siren(reading: Reading, slug: str, line: int, node: yaml.Node | None) -> str | None:
    if node is None or _is_null(node):
        reading.fault(line, f"{slug}.siret", "", f"SIRET absent : {WAY_OUT}")
        return None
    siret = compact(_scalar(node))
    if is_siret(siret):
        return siret[:9]
    reason = f"{_siret_reason(siret, node)} ; {WAY_OUT}"
    reading.fault(line_of(node), f"{slug}.siret", _scalar(node), reason)
    return None


def _siret_reason(siret: str, node: yaml.Node) -> str:
    if not re.fullmatch("[0-9]+", siret):
        return "ce n’est pas un SIRET : 14 chiffres sont attendus"
    if node.tag == f"{TAG}int" and len(siret) < 14:
        return (
            f"SIRET écrit comme un nombre, qui n’a que {len(siret)} chiffres sur 14 (des zéros"
            " perdus ?) : écrivez-le entre guillemets"
        )
    if len(siret) != 14:
        return f"ce n’est pas un SIRET : {len(siret)} chiffres au lieu de 14"
    return "ce n’est pas un SIRET : la clé de contrôle est fausse"


def _name(reading: Reading, slug: str, line: int, node: yaml.Node | None) -> str | None:
    text = "" if node is None or _is_null(node) else _scalar(node).strip()
    if not text:
        reason = "nom absent : complétez DataPass"
    elif len(text) > TEXT_LIMIT:
        reason = f"nom de plus de {TEXT_LIMIT} caractères"
    elif hidden := HIDDEN.search(text):
        reason = f"caractère invisible U+{ord(hidden[0]):04X} : retirez-le"
    else:
        return text
    reading.fault(line if node is None else line_of(node), f"{slug}.name", text, reason)
    return None


def _delivery_model(reading: Reading, slug: str, node: yaml.Node | None) -> DeliveryModel | None:
    if node is None:
        return None
    kind = _scalar(node)
    if kind not in TYPES:
        reason = f"type inconnu, laissé de côté ; attendu : {', '.join(TYPES)}"
        reading.warn(line_of(node), f"{slug}.type", kind, reason)
    return TYPES.get(kind)


def _claims(reading: Reading, slug: str, fields: dict[str, yaml.Node]) -> tuple[Claim, ...]:
    claims = []
    for flag, service in SERVICES.items():
        node = fields.get(flag)
        value = None if node is None else _boolean(reading, f"{slug}.{flag}", node)
        if node is not None and value is not None:
            claims.append(Claim(line_of(node), flag, service, value))
    affirmed = {claim.flag: claim for claim in claims if claim.value}
    if "apipfc_enabled" in affirmed and "fc_certified" not in affirmed:
        reason = "DataPass n’en tient compte qu’avec fc_certified: true ; repris tout de même"
        line = affirmed["apipfc_enabled"].line
        reading.warn(line, f"{slug}.apipfc_enabled", "true", reason)
    if "already_integrated" in fields:
        claims.extend(_integrated(reading, slug, fields["already_integrated"]))
    return tuple(claims)


def _boolean(reading: Reading, place: str, node: yaml.Node) -> bool | None:
    """An empty flag says nothing."""
    if _is_null(node):
        return None
    value = BOOLEANS.get(_scalar(node).lower()) if node.tag == f"{TAG}bool" else None
    if value is None:
        reason = "true ou false attendu, sans guillemets : laissé de côté"
        reading.warn(line_of(node), place, _scalar(node), reason)
    return value


def _integrated(reading: Reading, slug: str, node: yaml.Node) -> Iterator[Claim]:
    """A list of DataPass's names of API, or one of them alone; false and empty say nothing."""
    if _is_null(node) or (
        node.tag == f"{TAG}bool" and BOOLEANS.get(_scalar(node).lower()) is False
    ):
        return
    for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        api = _scalar(item)
        if api in APIS:
            yield Claim(line_of(item), "already_integrated", APIS[api], value=True)
        else:
            reason = f"pas une API suivie ici, laissée de côté ; API suivies : {', '.join(APIS)}"
            reading.warn(line_of(item), f"{slug}.already_integrated", api, reason)


def _leave_contradictions(reading: Reading) -> None:
    """A vendor that stands twice keeps none of the flags on which its entries disagree."""
    said: defaultdict[tuple[str, str], dict[bool, int]] = defaultdict(dict)
    for entry in reading.entries:
        for claim in entry.claims:
            said[entry.siren, claim.flag].setdefault(claim.value, claim.line)
    for position, entry in enumerate(reading.entries):
        agreed = []
        for claim in entry.claims:
            other = said[entry.siren, claim.flag].get(not claim.value)
            if other is None:
                agreed.append(claim)
                continue
            reason = (
                f"la ligne {other} dit le contraire du même éditeur ({entry.siren}) :"
                " aucune des deux n’est reprise ; corrigez DataPass"
            )
            value = str(claim.value).lower()
            reading.warn(claim.line, f"{entry.slug}.{claim.flag}", value, reason)
        reading.entries[position] = replace(entry, claims=tuple(agreed))


def _slug(key: str) -> str:
    plain = bare(key.lower()).encode("ascii", "ignore").decode()
    joined = re.sub("[^a-z0-9._-]+", "-", plain)
    return re.sub("[._-]{2,}", "-", joined).strip("._-")


def _scalar(node: yaml.Node) -> str:
    """The text as it is typed, so that a number keeps all its digits; empty for a collection."""
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == f"{TAG}null")


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_scalar(item) for item in node.value]
    return node.value


def _fault(file: str, line: int, place: str, value: str, reason: str) -> Fault:
    faults = Faults()
    faults.add(file, line, place, value, reason)
    return faults.found[0]
