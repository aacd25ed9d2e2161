"""Between a value and the objects of pyasn1: what fills them, by position, and what reads them, which checks it all."""

from decimal import Decimal as PyDecimal
from math import inf
from typing import Any, assert_never

from serschema.model import (
    MAX_DEPTH,
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)
from serschema.values import is_binary32

from sercodecs.asn1.values import (
    DEPTH,
    EXACT,
    bad,
    deep,
    symbols_by_number,
    time,
    time_text,
    unscaled,
    unwritable,
)
from sercodecs.quick import uuid_of
from sercodecs.source import Source


def _real(value: float) -> Any:
    """Mantissa, base 2 and exponent, exactly, the mantissa odd; pyasn1 would make it base 10. A zero stays one."""
    if value == 0.0 or value in (inf, -inf):
        return value
    above, below = value.as_integer_ratio()
    zeros = (above & -above).bit_length() - 1
    return above >> zeros, 2, zeros + 1 - below.bit_length()


def runtime() -> dict[str, Any]:
    """What the generated source calls."""
    from pyasn1.type.base import noValue
    from pyasn1.type.univ import Null

    return {
        "real": _real,
        "time_text": time_text,
        "time": time,
        "unscaled": unscaled,
        "scaleb": EXACT.scaleb,
        "is_binary32": is_binary32,
        "bad": bad,
        "unwritable": unwritable,
        "uuid_of": uuid_of,
        "Decimal": PyDecimal,
        "ABSENT": Null(),
        "noValue": noValue,
    }


class Writer:
    """Generates `to_native`. A function gets a value and what makes its object, which has the tag of its place.

    `components` are the component lists of the types by name.
    """

    def __init__(self, schema: Schema, components: dict[str, Any], source: Source) -> None:
        self.schema = schema
        self.components = components
        self.source = source
        self.deep = deep(schema)

    def generate(self, root: Any) -> None:
        level = ", level" if self.deep else ""
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"put_{type.name}(v, new{level})"):
                if self.deep:
                    self.source.line(f"if level >= {DEPTH}: unwritable('nested deeper than {DEPTH} levels')")
                self.source.line("o = new()")
                self.source.line("put = o.setComponentByPosition")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
                self.source.line("return o")
        with self.source.function("to_native(value)"):
            self.source.line(f"return {self.value('value', Ref(self.schema.root), root, '0')}")

    def union(self, union: Union) -> None:
        components = self.components[union.name]
        self.source.line("(key, x), = v.items()")
        word = "if"
        for i, alternative in enumerate(union.alternatives):
            with self.source.block(f"{word} key == {alternative.key!r}"):
                self.put(i, self.value("x", alternative.type, components[i].asn1Object))
            word = "elif"
        with self.source.block("else"):
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def record(self, record: Record) -> None:
        """An absent field is said to be: pyasn1 takes a record for present if it has only optional fields itself."""
        components = self.components[record.name]
        if not record.fields:
            self.source.line("o.clear()")
        for i, field in enumerate(record.fields):
            spec = components[i].asn1Object
            if field.optional:
                with self.source.block(f"if {field.key!r} in v"):
                    self.put(i, self.value(f"v[{field.key!r}]", field.type, spec))
                with self.source.block("else"):
                    self.put(i, "ABSENT")
            else:
                self.put(i, self.value(f"v[{field.key!r}]", field.type, spec))

    def put(self, position: int, value: str, put: str = "put") -> None:
        self.source.line(f"{put}({position}, {value}, False, False, False)")

    def constant(self, hint: str, value: Any) -> str:
        """A global name of its own: objects that are equal may have different tags."""
        name = self.source.fresh(hint)
        self.source.globals[name] = value
        return name

    def value(self, target: str, type_: Type, spec: Any, level: str = "level + 1") -> str:
        """Make the object of a value, with statements before where need be; returns an expression."""
        line = self.source.line
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return f"{self.constant('bool', (spec.clone(False), spec.clone(True)))}[{target}]"
            case Enum():
                return f"{self.constant(kind.name, {s: spec.clone(n) for s, n in kind.symbols})}[{target}]"
            case Int() | Bytes():
                argument = target
            case Float():
                argument = f"real({target})"
            case String():
                argument = f"{target}.encode()"
            case Timestamp():
                argument = f"time_text({target}).encode()"
            case Uuid():
                argument = f"{target}.bytes"
            case Decimal():
                argument = f"unscaled({target}, {kind.scale})"
            case List():
                result, put, i, x = map(self.source.fresh, ("list", "put", "i", "x"))
                self.many(result, put, spec)
                with self.source.block(f"for {i}, {x} in enumerate({target})"):
                    item = self.value(x, kind.item, spec.componentType)
                    line(f"{put}({i}, {item}, False, False, False)")
                return result
            case Map():
                result, put, i, key, x = map(self.source.fresh, ("map", "put", "i", "key", "x"))
                self.many(result, put, spec)
                entry, into = self.source.fresh("entry"), self.source.fresh("put")
                with self.source.block(f"for {i}, ({key}, {x}) in enumerate({target}.items())"):
                    line(f"{entry} = {self.constant('new', spec.componentType.clone)}()")
                    line(f"{into} = {entry}.setComponentByPosition")
                    parts = spec.componentType.componentType
                    self.put(0, self.value(key, kind.key, parts[0].asn1Object), into)
                    self.put(1, self.value(x, kind.value, parts[1].asn1Object), into)
                    line(f"{put}({i}, {entry}, False, False, False)")
                return result
            case Union() | Record():
                argument = f"{target}, {self.constant('new', spec.clone)}{f', {level}' if self.deep else ''}"
                return f"put_{kind.name}({argument})"
            case _:
                assert_never(kind)
        return f"{self.constant('new', spec.clone)}({argument})"

    def many(self, result: str, put: str, spec: Any) -> None:
        """An empty SEQUENCE OF, and its method."""
        self.source.line(f"{result} = {self.constant('new', spec.clone)}().clear()")
        self.source.line(f"{put} = {result}.setComponentByPosition")


class Reader:
    """Generates `from_native`: what pyasn1 read becomes a value, or an error if it is none."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = deep(schema)

    def generate(self) -> None:
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"take_{type.name}(o{', depth' if self.deep else ''})"):
                if self.deep:
                    self.source.line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
        with self.source.function("from_native(native)"):
            self.source.line(f"return take_{self.schema.root}(native{', 0' if self.deep else ''})")

    def union(self, union: Union) -> None:
        self.source.line("name = o.getName()")
        self.source.line("x = o.getComponent()")
        for alternative in union.alternatives:
            with self.source.block(f"if name == {alternative.name!r}"):
                self.source.line(f"return {{{alternative.key!r}: {self.value('x', alternative.type)}}}")

    def record(self, record: Record) -> None:
        line = self.source.line
        if not record.fields:
            line(f"if len(o): bad('something in the empty record {record.name}')")
            line("return {}")
            return
        names = [f"c{i}" for i in range(len(record.fields))]
        line(f"{', '.join(names)}, = o.components or (noValue,) * {len(names)}")
        parts = []
        for name, field in zip(names, record.fields, strict=True):
            if not field.optional:
                value = self.value(name, field.type)
                parts.append(f"{field.key!r}: {value}")
        line(f"r = {{{', '.join(parts)}}}")
        for name, field in zip(names, record.fields, strict=True):
            if field.optional:
                with self.source.block(f"if {name} is not noValue"):
                    line(f"r[{field.key!r}] = {self.value(name, field.type)}")
        line("return r")

    def value(self, target: str, type_: Type) -> str:
        """Convert and check an object, with statements before where need be; returns an expression."""
        line = self.source.line
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return f"bool({target})"
            case Int():
                found = self.local(f"int({target})")
                self.require(f"{kind.lower} <= {found} <= {kind.upper}", "an integer out of its range")
                return found
            case Float():
                found = self.local(f"float({target})")
                if kind.bits == 32:
                    self.require(f"is_binary32({found})", "a real that 32 bits do not hold")
                return found
            case String():
                found = self.local(f"{target}.asOctets().decode()")
                self.length(found, 0, kind.max_length)
                return found
            case Bytes():
                found = self.local(f"{target}.asOctets()")
                self.length(found, kind.min_length, kind.max_length)
                return found
            case Enum():
                return f"{self.source.bind(kind.name, symbols_by_number(kind))}[int({target})]"
            case Timestamp():
                return f"time({target}.asOctets().decode())"
            case Uuid():
                return f"uuid_of({target}.asOctets())"
            case Decimal():
                found, bound = self.local(f"int({target})"), 10**kind.precision
                self.require(f"-{bound} < {found} < {bound}", "a decimal of too many digits")
                return f"scaleb(Decimal({found}), {-kind.scale})"
            case List():
                result, x = self.source.fresh("list"), self.source.fresh("x")
                line(f"{result} = []")
                with self.source.block(f"for {x} in {target}.components"):
                    line(f"{result}.append({self.value(x, kind.item)})")
                self.length(result, kind.min_length, kind.max_length)
                return result
            case Map():
                result, entry, key, x = map(self.source.fresh, ("map", "entry", "key", "x"))
                line(f"{result} = {{}}")
                with self.source.block(f"for {entry} in {target}.components"):
                    line(f"{key}, {x} = {entry}.components")
                    line(f"{result}[{self.value(key, kind.key)}] = {self.value(x, kind.value)}")
                return result
            case Union() | Record():
                return f"take_{kind.name}({target}{', depth + 1' if self.deep else ''})"
            case _:
                assert_never(kind)

    def local(self, expression: str) -> str:
        name = self.source.fresh("x")
        self.source.line(f"{name} = {expression}")
        return name

    def require(self, condition: str, otherwise: str) -> None:
        self.source.line(f"if not {condition}: bad({otherwise!r})")

    def length(self, target: str, least: int, most: int | None) -> None:
        if least or most is not None:
            upper = "" if most is None else f" <= {most}"
            self.require(f"{least} <= len({target}){upper}", "a length out of its range")
