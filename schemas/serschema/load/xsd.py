"""XML Schema to the model (W3C XML Schema 1.0, second edition), parsed by xmlschema.

    xs:boolean             Bool
    xs:byte to unsignedLong  Int, with minInclusive and the like; xs:integer and its kin the narrowest for their bounds
    xs:float, xs:double    Float(32), Float(64)
    xs:decimal             Decimal of totalDigits and fractionDigits
    xs:dateTime            Timestamp
    xs:base64Binary, xs:hexBinary  Bytes, with length, minLength, maxLength
    xs:string, all others  String, with length or maxLength; Uuid by the pattern that `serschema.idl.xsd` writes
    enumeration            Enum of strings that are identifiers; integers are a range
    xs:list                List
    sequence, all          Record; an element that may be absent is optional, one that may be repeated a List
    choice                 Union; inside of a sequence it is one of the field `choice`
    `item`, `entry`        List, Map, where an element holds nothing but `item`s or `entry`s of `key` and `value`

The root is the type of the global element that is asked for, or of the only one that no other refers to. A type without
a name is named after its element. Files are taken from this machine only. An xs:appinfo of `serschema.idl.xsd` is
heeded. `Schema.notes` tells what is left out: patterns, defaults, nillable. Refused is what the model does not have:
attributes, mixed content, wildcards, substitution groups, abstract types, xs:union.
"""

import difflib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from serschema.errors import SchemaError
from serschema.idl import attribute
from serschema.idl.xsd import HELPERS, INTEGERS, NAMESPACE
from serschema.load.jsonschema import narrowest
from serschema.load.naming import Notes, TypeNames, listed, member_names, type_name, unique
from serschema.load.python import DIGITS
from serschema.load.text import read
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    List,
    Map,
    Named,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    is_identifier,
)

XS = f"{{{NAMESPACE}}}"
WIDTHS = {f"{XS}{name}": Int(*width) for width, name in INTEGERS.items()}
UNBOUNDED = {
    f"{XS}{name}": ends
    for name, ends in {
        "integer": (None, None),
        "nonNegativeInteger": (0, None),
        "positiveInteger": (1, None),
        "nonPositiveInteger": (None, 0),
        "negativeInteger": (None, -1),
    }.items()
}
PLAIN: dict[str, Type] = {
    f"{XS}boolean": Bool(),
    f"{XS}float": Float(32),
    f"{XS}double": Float(64),
    f"{XS}dateTime": Timestamp(),
}
OCTETS = (f"{XS}base64Binary", f"{XS}hexBinary")
UUID = HELPERS[Uuid()][2]
PATTERNS = tuple(pattern for _, _, pattern in HELPERS.values())


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema of a global element of an .xsd file, or of one of its types. Raises `SchemaError` with the place."""
    path = Path(path).resolve()
    try:
        xmlschema = import_module("xmlschema")
    except ImportError:
        raise SchemaError("XSD needs xmlschema: pip install 'serbench[xsd]'", source=str(path)) from None
    lines = _Lines(tuple(include))
    lines.survey(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", xmlschema.XMLSchemaImportWarning)
            warnings.simplefilter("error", xmlschema.XMLSchemaIncludeWarning)
            parsed = xmlschema.XMLSchema10(str(path), allow="local", defuse="always", uri_mapper=lines.found)
        return _Importer(path, parsed, lines).schema(message)
    except (xmlschema.XMLSchemaException, Warning, OSError) as error:
        reason = getattr(error, "message", None) or str(error)
        source, line = lines.place(getattr(error, "validator", None), getattr(error, "elem", None))
        raise SchemaError(" ".join(reason.split())[:200], source=source or str(path), line=line) from None
    except RecursionError:
        raise SchemaError("types are nested too deeply in one another", source=str(path)) from None


class _Lines:
    """Where the elements of some files stand: xmlschema does not know, libxml2 does.

    Also which file a schemaLocation means, as one that is not beside the file is looked for in `folders`.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self.files: dict[Path, list[int]] = {}
        self.elements: dict[int, tuple[str, int]] = {}
        self.surveyed: list[Any] = []  # the roots in `elements`, so that no id is used again
        self.moved: dict[str, str] = {}

    def survey(self, path: Path) -> None:
        """Read a file and those that it refers to, each once."""
        left = [path]
        for path in left:  # grows with what they refer to
            if path in self.files:
                continue
            root = _xml(path)
            elements = list(root.iter("*"))
            self.files[path] = [element.sourceline for element in elements]
            for element in elements:
                location = element.get("schemaLocation")
                if location and element.tag in (f"{XS}include", f"{XS}import", f"{XS}redefine"):
                    left.append(self.locate(location, path, element.sourceline))

    def locate(self, location: str, path: Path, line: int) -> Path:
        if "://" in location:
            advice = "save it beside this file, and refer to it by its name"
            raise SchemaError(f"{location} is not fetched: {advice}", source=str(path), line=line)
        for folder in (path.parent, *self.folders):
            if "\0" not in location and (folder / location).is_file():
                found = (folder / location).resolve()
                self.moved[(path.parent / location).resolve().as_uri()] = found.as_uri()
                return found
        raise SchemaError(f"there is no file {location!r}: --include FOLDER", source=str(path), line=line)

    def found(self, uri: str) -> str:
        """Where a file is that stands elsewhere than it is said to."""
        return self.moved.get(uri, uri)

    def place(self, component: Any, element: Any) -> tuple[str, int]:
        """The file and the line of an element, if they are known."""
        schema = getattr(component, "schema", component)
        root = getattr(schema, "root", None)
        if root is not None and not any(root is held for held in self.surveyed):
            self.surveyed.append(root)
            path = Path(getattr(schema, "filepath", None) or "")
            for held, line in zip(root.iter(), self.files.get(path, ())):
                self.elements[id(held)] = (str(path), line)
        return self.elements.get(id(element), ("", 0))


def _xml(path: Path) -> Any:
    """The root of an XML file. Raises `SchemaError`."""
    etree: Any = import_module("lxml.etree")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    octets = read(path).encode()
    try:
        return etree.fromstring(octets, parser)
    except etree.XMLSyntaxError as error:
        raise SchemaError(f"is not XML: {error.msg}"[:200], source=str(path), line=error.lineno or 0) from None
    except ValueError as error:
        raise SchemaError(f"is not XML: {error}"[:200], source=str(path)) from None


class _Importer:
    """A named type is converted after the one that refers to it: nothing recurses from type to type."""

    def __init__(self, path: Path, parsed: Any, lines: _Lines) -> None:
        self.source = str(path)
        self.parsed = parsed
        self.lines = lines
        self.notes = Notes()
        self.names = TypeNames()
        self.given: dict[int, Ref] = {}
        self.pending: list[Callable[[], Named]] = []

    def error(self, message: str, component: Any) -> SchemaError:
        source, line = self.lines.place(component, component.elem)
        return SchemaError(message, source=source or self.source, line=line)

    # The root

    def schema(self, message: str) -> Schema:
        component = self.root(message)
        self.names.declared = {_identifier(name) for name in map(_local, self.parsed.types)}
        type_ = component.type if hasattr(component, "type") else component
        if type_.is_simple() or type_.has_simple_content():
            raise self.error(f"{_shown(component)} is no message: it has no elements", component)
        ref = self.complex(type_, type_name(_local(component.name)), "", root=True)
        types: list[Named] = []
        for convert in self.pending:  # grows with what the types refer to
            types.append(convert())
        docs = [note for note in self.parsed.annotations if note.parent in (None, self.parsed)]
        doc = _said(type_).get("schema_doc", _documentation(docs[0]) if docs else "")
        try:
            return Schema(ref.name, tuple(types), doc, self.notes.lines())
        except SchemaError as error:
            raise SchemaError(str(error), source=self.source) from None

    def root(self, message: str) -> Any:
        elements = {_local(name): element for name, element in self.parsed.elements.items()}
        types = {_local(name): type_ for name, type_ in self.parsed.types.items()}
        if message:
            known = types | elements
            if message not in known:
                near = difflib.get_close_matches(message, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {listed(known) or 'none'}"
                raise SchemaError(f"there is no element {message!r}; {hint}", source=self.source)
            return known[message]
        if not elements:
            some = next((name for name, type_ in types.items() if type_.is_complex()), "TYPE")
            raise SchemaError(f"no element stands at the top: say {self.source}:{some}", source=self.source)
        held = {part.get("ref", "").rpartition(":")[2] for part in self.parsed.root.iter(f"{XS}element")}
        held |= {name for name, element in elements.items() if element.substitution_group}
        free = [element for name, element in elements.items() if name not in held] or list(elements.values())
        if len(free) > 1:
            names = [_local(element.name) for element in free]
            which = f"there are {listed(names)}; say {self.source}:{names[0]}, for instance"
            raise SchemaError(f"which element is the message? {which}", source=self.source)
        return free[0]

    # Complex types

    def complex(self, type_: Any, hint: str, owner: str, root: bool = False) -> Ref:
        """A use of a complex type, which is then converted in its turn."""
        key = id(type_)
        if key not in self.given:
            self.refuse(type_)
            if type_.name and not type_.name.startswith(XS):
                name = self.names.declare(_said(type_).get("name", _identifier(_local(type_.name))))
            else:
                name = self.names.make(hint, owner)
            self.given[key] = Ref(name)
            self.pending.append(lambda: self.named(type_, name, root))
        return self.given[key]

    def refuse(self, type_: Any) -> None:
        """Raise for what the model does not have."""
        for attribute_ in type_.attributes.values():
            what = f"the attribute {_local(attribute_.name)!r}" if attribute_.name else "xs:anyAttribute"
            raise self.error(f"{_shown(type_)}: {what}: serbench has elements only", type_)
        if type_.mixed:
            raise self.error(f"{_shown(type_)}: mixed content: serbench has no text between elements", type_)
        if type_.abstract:
            raise self.error(f"{_shown(type_)}: an abstract type has no value", type_)

    def named(self, type_: Any, name: str, root: bool) -> Named:
        doc = _said(type_).get("doc", _documentation(type_.annotation))
        group = type_.content
        once = (group.min_occurs, group.max_occurs) == (1, 1)
        if once and group.model == "choice" and len(group) and not root:
            return Union(name, tuple(self.fields(group, name, choice=True)), doc)
        if once and group.model != "choice":
            return Record(name, tuple(self.fields(group, name)), doc)
        if not len(group):
            return Record(name, (), doc)
        return Record(name, (self.group(group, name, 1, set()),), doc)

    def fields(self, group: Any, owner: str, choice: bool = False) -> list[Field]:
        if group.model == "all":
            self.notes.add("elements of xs:all have an order here", owner)
        made: list[Field] = []
        particles = list(group) if choice else list(_particles(group))
        keys = [_local(particle.name) for particle in particles if _is_element(particle)]
        names = member_names(keys)
        taken = set(names.values())
        for particle in particles:
            if (particle.max_occurs or 1) < 1 or particle.max_occurs == 0:
                self.notes.add("what may not occur is left out", owner)
            elif _is_element(particle):
                made.append(self.element(particle, owner, names[_local(particle.name)], len(made) + 1, choice))
            elif hasattr(particle, "model"):
                made.append(self.group(particle, owner, len(made) + 1, taken))
            else:
                raise self.error(f"{owner}: xs:any may be anything: serbench needs elements", particle)
        seen: set[str] = set()
        for field, particle in zip(made, particles):
            if field.key in seen:
                raise self.error(f"{owner}: the element {field.key!r} stands there twice", particle)
            seen.add(field.key)
        return made

    def group(self, group: Any, owner: str, number: int, taken: set[str]) -> Field:
        """A group within a group, or one that is repeated: a field of a type of its own, called after its kind."""
        name = unique(group.model, taken)
        taken.add(name)
        self.notes.add(f"a group becomes the field {name!r}", owner)
        type_name_ = self.names.make(type_name(name), owner)
        make = Union if group.model == "choice" else Record
        self.pending.append(
            lambda: make(type_name_, tuple(self.fields(group, type_name_, choice=group.model == "choice")))
        )
        field = Field(name, number, Ref(type_name_))
        return _occurring(field, group)

    # Elements

    def element(self, element: Any, owner: str, name: str, number: int, choice: bool) -> Field:
        place = f"{owner}.{name}"
        global_ = element.ref if element.ref is not None else element
        if global_.name in self.parsed.maps.substitution_groups:
            raise self.error(f"{place}: a substitution group: write a choice of its members", element)
        if global_.abstract:
            raise self.error(f"{place}: an abstract element has no value", element)
        if element.nillable:
            self.notes.add("nillable is left out", place)
        if element.default is not None or element.fixed is not None:
            self.notes.add("a default or a fixed value is left out", place)
        type_ = self.type(element.type, element, owner, name)
        declared = Field(name, number, type_, False, _local(element.name), _documentation(element.annotation))
        try:
            said = _said(element)
            made = _occurring(declared, element, choice)
            if element.max_occurs == 1 and said.get("type", {}).get("kind") == "List" and not isinstance(type_, List):
                made = replace(declared, type=List(type_, element.min_occurs, 1))
            return attribute.field(made, said, attribute.unhinted)
        except attribute.Unfit as unfit:
            raise self.error(f"{place}: the appinfo {attribute.ATTRIBUTE}: {unfit}", element) from None

    def type(self, type_: Any, element: Any, owner: str, name: str) -> Type:
        """The type of an element: a simple one, a list or a map in an element of its own, or a complex one."""
        if type_.name == f"{XS}anyType":
            raise self.error(f"{owner}.{name}: xs:anyType may be anything: serbench needs a type", element)
        if type_.is_simple() or (type_.has_simple_content() and not type_.attributes):
            simple = type_ if type_.is_simple() else type_.content
            return self.simple(simple, element, owner, name)
        if not type_.name and not type_.mixed and not type_.attributes and type_.content.model == "sequence":
            said = _said(type_)
            if "type" in said and not len(type_.content):
                return attribute.type_from_json(said["type"])
            [only] = type_.content if len(type_.content) == 1 else [None]
            if _is_element(only) and (type_.content.min_occurs, type_.content.max_occurs) == (1, 1):
                found = self.items(only, owner, name)
                if found is not None:
                    return found
        return self.complex(type_, type_name(name), owner)

    def items(self, only: Any, owner: str, name: str) -> Type | None:
        """The list or the map that the repeated `item` or `entry` of an element makes."""
        if _local(only.name) == "item":
            return List(self.type(only.type, only, owner, name), only.min_occurs, only.max_occurs)
        pair = [] if only.type.is_simple() or only.type.name or only.type.attributes else list(only.type.content)
        shape = [(_local(part.name or ""), part.min_occurs, part.max_occurs) for part in pair]
        if (_local(only.name), only.min_occurs, only.max_occurs, shape) != (
            "entry", 0, None, [("key", 1, 1), ("value", 1, 1)]
        ):  # fmt: skip
            return None
        key = self.type(pair[0].type, pair[0], owner, f"{name}_key")
        if not isinstance(key, Bool | Int | String):
            return None
        return Map(key, self.type(pair[1].type, pair[1], owner, f"{name}_value"))

    # Simple types

    def simple(self, type_: Any, element: Any, owner: str, name: str) -> Type:
        place = f"{owner}.{name}"
        if type_.is_union():
            raise self.error(f"{place}: xs:union: write a choice of elements", element)
        if type_.is_list():
            self.notes.add("an xs:list is a list", place)
            least, most = type_.min_length or 0, type_.max_length
            base = type_
            while not hasattr(base, "item_type"):
                base = base.base_type
            return List(self.simple(base.item_type, element, owner, name), least, most)
        base = _base(type_)
        if base.name in PLAIN:
            self.left_out(type_, place)
            return PLAIN[base.name]
        if base.name in WIDTHS or base.name in UNBOUNDED:
            return self.integer(type_, base.name, element, place)
        if base.name == f"{XS}decimal":
            return self.decimal(type_, place)
        if base.name in OCTETS:
            self.left_out(type_, place)
            return Bytes(type_.min_length or 0, type_.max_length)
        if base.name == f"{XS}anySimpleType":
            raise self.error(f"{place}: xs:anySimpleType may be anything: serbench needs a type", element)
        if base.name != f"{XS}string":
            self.notes.add(f"xs:{_local(base.name)} stays a string", place)
        return self.string(type_, owner, name, place)

    def left_out(self, type_: Any, place: str) -> None:
        if any(pattern not in PATTERNS for pattern in _patterns(type_)):
            self.notes.add("xs:pattern is left out", place)
        if type_.enumeration and _base(type_).name != f"{XS}string":
            self.notes.add("xs:enumeration is left out", place)

    def string(self, type_: Any, owner: str, name: str, place: str) -> Type:
        if UUID in _patterns(type_):
            return Uuid()
        if type_.enumeration and all(isinstance(value, str) for value in type_.enumeration):
            symbols = list(dict.fromkeys(type_.enumeration))
            if all(map(is_identifier, symbols)):
                return self.enum(type_, symbols, owner, name)
            strange = next(symbol for symbol in symbols if not is_identifier(symbol))
            self.notes.add(f"an enumeration with values that are no identifiers, as {strange!r}, is a string", place)
            return String(max(map(len, symbols)))
        self.left_out(type_, place)
        if type_.min_length:
            self.notes.add("the least length of a text is left out", place)
        return String(type_.max_length)

    def enum(self, type_: Any, symbols: list[str], owner: str, name: str) -> Ref:
        key = id(type_)
        if key not in self.given:
            try:
                numbered = attribute.symbols(tuple((s, number) for number, s in enumerate(symbols)), _said(type_))
            except attribute.Unfit as unfit:
                raise self.error(f"{_shown(type_)}: the appinfo {attribute.ATTRIBUTE}: {unfit}", type_) from None
            if type_.name:
                given = self.names.declare(_identifier(_local(type_.name)))
            else:
                given = self.names.make(type_name(name), owner)
            doc = _said(type_).get("doc", _documentation(type_.annotation))
            self.given[key] = Ref(given)
            self.pending.append(lambda: Enum(given, numbered, doc))
        return self.given[key]

    def integer(self, type_: Any, base: str, element: Any, place: str) -> Int:
        low, high = _bounds(type_)
        if type_.enumeration:
            self.notes.add("an enumeration of integers is a range", place)
            low, high = min(type_.enumeration), max(type_.enumeration)
        elif _patterns(type_):
            self.left_out(type_, place)
        if base in WIDTHS:
            width = WIDTHS[base]
            least = None if low is None or low <= width.lower else low
            most = None if high is None or high >= width.upper else high
            return Int(width.bits, width.signed, least, most)
        ends = UNBOUNDED[base]
        low, high = ends[0] if low is None else low, ends[1] if high is None else high
        if low is None or high is None:
            self.notes.add(f"xs:{_local(base)} has 64 bits", place)
        made = narrowest(low, high)
        if made is None:
            raise self.error(f"{place}: an integer of {low}..{high} does not fit 64 bits", element)
        return made

    def decimal(self, type_: Any, place: str) -> Decimal:
        digits = [type_.get_facet(f"{XS}{name}") for name in ("totalDigits", "fractionDigits")]
        if None in digits:
            self.notes.add(
                f"an xs:decimal without totalDigits or fractionDigits has {DIGITS.precision} or {DIGITS.scale}", place
            )
        precision, scale = (
            plain if facet is None else facet.value
            for facet, plain in zip(digits, (DIGITS.precision, DIGITS.scale), strict=True)
        )
        if scale == 0 or precision >= scale:
            return Decimal(precision, scale)
        return Decimal(precision, precision)


def _bounds(type_: Any) -> tuple[int | None, int | None]:
    """The ends of a range of integers; those that are exclusive are moved."""
    ends: list[list[int]] = []
    for side, step in (("min", 1), ("max", -1)):
        facets = [(type_.get_facet(f"{XS}{side}{kind}"), off) for kind, off in (("Inclusive", 0), ("Exclusive", step))]
        ends.append([int(facet.value) + off for facet, off in facets if facet is not None])
    return max(ends[0], default=None), min(ends[1], default=None)


def _occurring(field: Field, particle: Any, choice: bool = False) -> Field:
    """The field of what may be absent, or be repeated."""
    least, most = particle.min_occurs, particle.max_occurs
    if (least, most) in ((0, 1), (1, 1)):
        return replace(field, optional=least == 0 and not choice)
    return replace(field, type=List(field.type, least, most))


def _particles(group: Any) -> Iterator[Any]:
    """The particles of a sequence, those of plain sequences in it included."""
    for particle in group:
        plain = getattr(particle, "model", "") == "sequence" and (particle.min_occurs, particle.max_occurs) == (1, 1)
        if plain:
            yield from _particles(particle)
        else:
            yield particle


def _is_element(particle: Any) -> bool:
    return hasattr(particle, "substitution_group")


def _restricted(type_: Any) -> Iterator[Any]:
    """A simple type and those that it restricts, up to the one that is built in."""
    yield type_
    while not (type_.name or "").startswith(XS):
        type_ = type_.base_type
        yield type_


def _base(type_: Any) -> Any:
    return list(_restricted(type_))[-1]


def _patterns(type_: Any) -> list[str]:
    """The patterns of a simple type that are not built in."""
    *own, _ = _restricted(type_)
    return [pattern.get("value") for made in own for pattern in made.elem.iter(f"{XS}pattern")]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _identifier(name: str) -> str:
    return name if is_identifier(name) else type_name(name) or "Type"


def _shown(component: Any) -> str:
    """What to call a component in an error."""
    named = component
    while named.name is None and getattr(named, "parent", None) is not None:
        named = named.parent
    return _local(named.name or "") or "the type"


def _annotations(component: Any) -> Iterator[Any]:
    annotation = getattr(component, "annotation", None)
    if annotation is not None and annotation.elem is not None:
        yield from annotation.elem


def _said(component: Any) -> dict[str, Any]:
    """Our own appinfo. Raises `attribute.Unfit`."""
    for part in _annotations(component):
        if part.tag == f"{XS}appinfo" and part.get("source") == attribute.ATTRIBUTE:
            return attribute.parse(part.text or "")
    return {}


def _documentation(annotation: Any) -> str:
    if annotation is None or annotation.elem is None:
        return ""
    found = annotation.elem.find(f"{XS}documentation")
    text = "" if found is None else "".join(found.itertext())
    return "\n".join(line.strip() for line in text.split("\n")).strip("\n")
