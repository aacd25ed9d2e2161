"""Java serialization against a live JVM: it writes what we write, and it reads what we write.

For each case the classes of `serschema.idl.java` are compiled, together with Java code that builds the values with them
as a program would. The JVM then writes these objects (`built`), and reads our octets and writes what it has read
(`again`). All cases go through one JVM, which compiles them with its own javac.

    python tests/test_java_jvm.py      records what the JVM writes in tests/vectors/java.json

That file is what `test_java.py` holds the codec against where there is no JDK.
"""

import json
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal as D
from functools import cache
from math import inf, nan
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sercodecs import java
from serschema import shared
from serschema.generate import generate
from serschema.idl import java as idl
from serschema.jsonform import schema_to_json, to_json
from serschema.limits import project
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
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Union,
    Uuid,
)
from serschema.strategies import EXAMPLES
from serschema.values import first_difference

VECTORS = Path(__file__).parent / "vectors" / "java.json"

HARNESS = """
import java.io.*;
import java.lang.reflect.Method;
import java.net.*;
import java.nio.file.*;
import java.util.*;
import javax.tools.*;

/** In each folder: compiles its sources, writes the objects of Build, reads and writes again the files ours.N. */
public class Harness {
    public static void main(String[] arguments) throws Exception {
        File[] folders = new File(arguments[0]).listFiles(File::isDirectory);
        Arrays.sort(folders);
        for (File folder : folders) one(folder.toPath());
    }

    static void one(Path folder) throws Exception {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        String[] options = {"-encoding", "UTF-8", "-nowarn", "-proc:none", "-Xdoclint:none", "-d", folder.toString(),
            folder.resolve("Types.java").toString(), folder.resolve("Build.java").toString()};
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        if (javac.run(null, messages, messages, options) != 0) {
            Files.write(folder.resolve("javac.txt"), messages.toByteArray());
            return;
        }
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Class<?> build = loader.loadClass("Build");
            for (int i = 0; ; i++) {
                Method method;
                try { method = build.getMethod("value" + i); } catch (NoSuchMethodException end) { break; }
                Files.write(folder.resolve("built." + i), octets(method.invoke(null)));
            }
            for (int i = 0; Files.exists(folder.resolve("ours." + i)); i++) {
                byte[] again;
                try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(folder.resolve("ours." + i))) {
                    @Override protected Class<?> resolveClass(ObjectStreamClass c) throws ClassNotFoundException {
                        return Class.forName(c.getName(), false, loader);
                    }
                }) {
                    again = octets(in.readObject());
                    if (in.read() != -1) throw new IOException("octets after the object");
                } catch (Exception error) {
                    again = error.toString().getBytes("UTF-8");
                }
                Files.write(folder.resolve("again." + i), again);
            }
        }
    }

    static byte[] octets(Object object) throws IOException {
        ByteArrayOutputStream buffer = new ByteArrayOutputStream();
        ObjectOutputStream out = new ObjectOutputStream(buffer);
        out.writeObject(object);
        out.close();
        return buffer.toByteArray();
    }
}
"""


@dataclass(frozen=True)
class Case:
    """Values of a schema. `default_uid` is the codec's option; `build` replaces the Java code that is derived."""

    schema: Schema
    values: list[Any]
    default_uid: bool = False
    build: tuple[str, ...] = ()


# Java code that builds a value as the generated classes have it.


class Builder:
    """Statements that build one value; `expression` returns the Java expression for a part."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.lines: list[str] = []

    def variable(self, java_type: str) -> str:
        name = f"v{len(self.lines)}"
        self.lines.append(f"{java_type} {name} = new {java_type}();")
        return name

    def expression(self, value, type_) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return str(value).lower()
            case Int(bits=bits):
                signed = value - (1 << bits) if value >> bits - 1 and value > 0 else value
                return f"({ {8: 'byte', 16: 'short', 32: 'int', 64: 'long'}[bits] }) {signed}L"
            case Float(bits=32):
                return f"java.lang.Float.intBitsToFloat({struct.unpack('>i', struct.pack('>f', value))[0]})"
            case Float():
                return f"java.lang.Double.longBitsToDouble({struct.unpack('>q', struct.pack('>d', value))[0]}L)"
            case String():
                octets = value.encode("utf-16-be")
                units = [f"\\u{unit:04x}" for unit in struct.unpack(f">{len(octets) // 2}H", octets)]
                # An escaped line end or quote would end the literal.
                special = {"\\u000a": "\\n", "\\u000d": "\\r", "\\u0022": '\\"', "\\u005c": "\\\\"}
                chunks = ["".join(special.get(u, u) for u in units[i : i + 10000]) for i in range(0, len(units), 10000)]
                literals = ", ".join(f'"{chunk}"' for chunk in chunks)
                return f'new java.lang.String(java.lang.String.join("", new java.lang.String[] {{{literals}}}))'
            case Bytes():
                return f"new byte[] {{{', '.join(f'(byte) {octet}' for octet in value)}}}"
            case Enum():
                return f"{idl.class_name(self.schema, kind.name)}.{idl.constants(kind)[value]}"
            case Timestamp():
                since = value - datetime(1970, 1, 1, tzinfo=UTC)
                seconds, nanos = since.days * 86400 + since.seconds, since.microseconds * 1000
                return f"java.time.Instant.ofEpochSecond({seconds}L, {nanos}L)"
            case Uuid():
                return f'java.util.UUID.fromString("{value}")'
            case Decimal():
                return (
                    "new java.math.BigDecimal(new java.math.BigInteger("
                    f'"{value.as_tuple().sign * "-"}{"".join(map(str, value.as_tuple().digits))}"), {kind.scale})'
                )
            case List(item=item):
                items = [self.expression(one, item) for one in value]
                if code := idl.primitive(self.schema, item):
                    return f"new {idl.PRIMITIVES[code][0]}[] {{{', '.join(items)}}}"
                return self.filled(f"java.util.ArrayList<{self.boxed(item)}>", "add", items)
            case Map():
                entries = [
                    f"{self.expression(k, kind.key)}, {self.expression(v, kind.value)}" for k, v in value.items()
                ]
                types = f"{self.boxed(kind.key)}, {self.boxed(kind.value)}"
                return self.filled(f"java.util.LinkedHashMap<{types}>", "put", entries)
            case Union() | Record():
                parts = [
                    f"{member.name} = {self.expression(value[member.field.key], member.field.type)};"
                    for member in idl.members(self.schema, kind)
                    if member.field.key in value
                ]
                name = self.variable(idl.class_name(self.schema, kind.name))
                self.lines += [f"{name}.{part}" for part in parts]
                return name

    def filled(self, java_type: str, method: str, arguments: list[str]) -> str:
        name = self.variable(java_type)
        self.lines += [f"{name}.{method}({argument});" for argument in arguments]
        return name

    def boxed(self, type_) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case List(item=item):
                code = idl.primitive(self.schema, item)
                return f"{idl.PRIMITIVES[code][0]}[]" if code else f"java.util.List<{self.boxed(item)}>"
            case Map():
                return f"java.util.Map<{self.boxed(kind.key)}, {self.boxed(kind.value)}>"
            case Bytes():
                return "byte[]"
            case _:
                return idl.descriptor(self.schema, type_, True)[1:-1].replace("/", ".")


def build_source(case: Case) -> str:
    methods = []
    bodies = case.build
    if not bodies:
        bodies = []
        for value in case.values:
            builder = Builder(case.schema)
            result = builder.expression(value, Ref(case.schema.root))
            bodies.append("\n".join([*builder.lines, f"return {result};"]))
    for i, body in enumerate(bodies):
        methods.append(f"public static java.lang.Object value{i}() {{\n{body}\n}}\n")
    return "public class Build {\n" + "\n".join(methods) + "}\n"


# The cases.

EMPLOYEE = Schema(
    "Employee",
    (Record("Employee", (Field("name", 1, String()), Field("address", 2, String()), Field("number", 3, Int(32)))),),
)
ANA = {"name": "Ana Henríquez", "address": "Avda. Vergara 110, Concón", "number": 101}


def pair(type_, *types) -> Schema:
    """Two optional fields and a list, where the same object may be met again."""
    fields = (Field("a", 1, type_, True), Field("b", 2, type_, True), Field("all", 3, List(Ref("Item"))))
    return Schema("Pair", (Record("Pair", fields), Record("Item", (Field("it", 1, type_, True),)), *types))


def twice(*values) -> list:
    """Each value in the two fields of a `pair`, then all of them, twice, in its list."""
    return [
        *({"a": value, "b": value, "all": []} for value in values),
        {"all": [{"it": value} for value in values * 2] + [{}]},
    ]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLOUR = Enum("Colour", (("RED", 0), ("class", 1), ("class_", 2)))
SHADE = Enum("Shade", (("RED", 0),))
MAPS = Schema(
    "Maps",
    (
        Record(
            "Maps",
            (
                Field("flags", 1, Map(Bool(), Bool())),
                Field("tiny", 2, Map(Int(8, False), Float(32))),
                Field("small", 3, Map(Int(16), Float(64))),
                Field("ints", 4, Map(Int(32), Int(32))),
                Field("longs", 5, Map(Int(64, False), Bytes())),
                Field("texts", 6, Map(String(), List(String()))),
            ),
        ),
    ),
)


def maps(**chosen):
    return {"flags": {}, "tiny": {}, "small": {}, "ints": {}, "longs": {}, "texts": {}} | chosen


# Strings of one hash: "Aa" and "BB" have the same, and so have all their sequences.
COLLIDING = [a + b + c + d for a in ("Aa", "BB") for b in ("Aa", "BB") for c in ("Aa", "BB") for d in ("Aa", "BB")]

RESERVED = Schema(
    "String",
    (
        Record(
            "String",
            (
                Field("class", 1, Ref("List"), doc="Ends */ here, C:\\users \\u0041 & <b> @tag"),
                Field("class_", 2, String()),
                Field("int", 3, Int(32), True),
                Field("serialVersionUID", 4, List(String())),
                Field("camelCase", 5, Map(String(), Ref("java")), key="camel-case"),
                Field("goto", 6, Timestamp()),
            ),
            doc="Several\n\nlines, ñandú.",
        ),
        Union("List", (Field("null", 1, Ref("record")), Field("true", 2, Ref("Integer")))),
        Enum("record", (("default", 0), ("OTHER", 1))),
        Record("Integer", ()),
        Record("java", (Field("Map", 1, Int(16)),)),
        Enum("Map", (("ONE", 0),)),
    ),
    doc="Names that Java takes for itself.",
)
ANY_STRING = "q\0z\u00e9\u07ff\u0800\uffff\U00010000\U0010ffff"
TEXTS = Schema("Texts", (Record("Texts", (Field("a", 1, String()), Field("b", 2, List(String())))),))


@cache
def cases() -> dict[str, Case]:
    found = {
        "employee": Case(EMPLOYEE, [ANA]),
        "employee_default_uid": Case(EMPLOYEE, [ANA], default_uid=True),
        "order_default_uid": Case(shared.load("order").schema, shared.load("order").values[:1], default_uid=True),
        "reserved_default_uid": Case(RESERVED, [generate(RESERVED, 1)], default_uid=True),
        "reserved": Case(RESERVED, [generate(RESERVED, seed) for seed in range(2)]),
        "bool": Case(pair(Bool()), twice(True, False)),
        "int8": Case(pair(Int(8)), twice(-128, -1, 0, 127)),
        "uint8": Case(pair(Int(8, False)), twice(0, 127, 128, 255)),
        "int16": Case(pair(Int(16)), twice(-32768, -129, -128, 127, 128)),
        "uint16": Case(pair(Int(16, False)), twice(127, 128, 32768, 65408, 65535)),
        "int32": Case(pair(Int(32)), twice(-(1 << 31), -129, -128, 127, 128)),
        "uint32": Case(pair(Int(32, False)), twice(127, 128, (1 << 32) - 129, (1 << 32) - 128)),
        "int64": Case(pair(Int(64)), twice(-(1 << 63), -129, -128, 127, 128)),
        "uint64": Case(pair(Int(64, False)), twice(127, 128, (1 << 64) - 129, (1 << 64) - 128)),
        "float32": Case(pair(Float(32)), twice(0.0, -0.0, 1.5, nan, inf, 2.0**-149)),
        "float64": Case(pair(Float(64)), twice(0.0, -0.0, 0.1, -nan, -inf, 5e-324)),
        "string": Case(pair(String()), twice("", "a", "Ljava/lang/String;", ANY_STRING)),
        "bytes": Case(pair(Bytes()), twice(b"", b"\0\x7f\x80\xff")),
        "timestamp": Case(
            pair(Timestamp()),
            twice(
                EPOCH,
                EPOCH.replace(microsecond=1),
                datetime(1, 1, 1, tzinfo=UTC),
                datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            ),
        ),
        "uuid": Case(pair(Uuid()), twice(UUID(int=0), UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"))),
        "decimal": Case(
            pair(Decimal(40, 2)),
            twice(*map(D, ("0.00", "0.05", "-0.16", "1.28", "-3276.80", "9" * 38 + ".99", "-1" + "0" * 37 + ".00"))),
        ),
        "enum": Case(pair(Ref("Colour"), COLOUR), twice("RED", "class", "class_")),
        "enums": Case(
            Schema("E", (Record("E", (Field("a", 1, Ref("Colour")), Field("b", 2, Ref("Shade")))), COLOUR, SHADE)),
            [{"a": "RED", "b": "RED"}],
        ),
        "arrays": Case(pair(List(Int(32, False))), twice([], [0, 1, (1 << 32) - 1])),
        "lists": Case(pair(List(List(Uuid()))), twice([], [[], [UUID(int=7)]])),
        "maps_small": Case(
            MAPS,
            [
                maps(),
                maps(flags={True: False, False: True}, tiny={200: 1.5, 3: nan}, small={-5: 0.1, 1000: 2.0}),
                maps(
                    ints={i: i for i in range(-3, 3)}, longs={(1 << 64) - 1: b"x", 1 << 40: b""}, texts={"": ["", ""]}
                ),
                *(maps(ints={i * 7: i for i in range(size)}) for size in (11, 13, 23, 25, 47)),
            ],
        ),
        "maps_grown": Case(
            MAPS,
            [
                *(maps(ints={i * 7: i for i in range(size)}) for size in (12, 24, 48, 49, 96, 97)),
                *(maps(ints={i * 1024: i for i in range(size)}) for size in (8, 9, 10, 11, 12, 13, 20, 24, 25)),
                *(maps(texts={key: [] for key in COLLIDING[:size]}) for size in (8, 9, 10, 16)),
                maps(longs={(i << 36) + (i << 4): b"" for i in range(11)}),
                maps(longs={(i << 63) + (i << 31) + i * 32: b"" for i in (0, 1)} | {i * 32: b"" for i in range(9)}),
                maps(small={i * 16 - 80: 1.0 for i in range(10)}, tiny={i * 16: 1.0 for i in range(16)}),
                maps(texts={"ab\U0001f600" * i + "é" * j: [] for i in range(4) for j in range(5)}),
            ],
        ),
        "union": Case(
            pair(
                Ref("Choice"),
                Union("Choice", (Field("z", 1, Int(8)), Field("text", 2, String()), Field("me", 3, List(Ref("Item"))))),
            ),
            twice({"z": 1}, {"text": "t"}, {"me": [{}, {"it": {"z": 1}}]}),
        ),
        "long_strings": Case(TEXTS, [{"a": "a" * 65535, "b": ["a" * 65536, "\0" * 32768, "é" * 32767]}]),
    }
    for name in shared.NAMES:
        loaded = shared.load(name, records=4) if shared.load(name).scalable else shared.load(name)
        found[f"shared_{name}"] = Case(loaded.schema, loaded.values[:1])
    for name, schema in EXAMPLES.items():
        found[f"example_{name}"] = Case(schema, [generate(schema, seed) for seed in range(3)])
    return found


# What a program may share beyond what our values stand for: it is read only.
SHARING = {
    "sharing_literals": Case(
        TEXTS,
        [{"a": "Ljava/lang/String;", "b": ["x", "x", "x", "Ljava/lang/String;"]}],
        build=(
            """Texts t = new Texts(); t.a = "Ljava/lang/String;"; t.b = new java.util.ArrayList<>();
            for (int i = 0; i < 3; i++) t.b.add("x"); t.b.add(t.a); return t;""",
        ),
    ),
    "sharing_objects": Case(
        pair(Ref("Item")),
        [{"a": {}, "b": {}, "all": [{}, {"it": {}}, {"it": {}}]}],
        build=(
            """Item one = new Item(), two = new Item(); two.it = one;
            Pair p = new Pair(); p.a = one; p.b = one; p.all = java.util.List.of(one, two, two);
            p.all = new java.util.ArrayList<>(p.all); return p;""",
        ),
    ),
    "sharing_decimals": Case(
        pair(Decimal(9, 2)),
        [{"a": D("0.05"), "b": D("0.05"), "all": [{"it": D("0.05")}, {"it": D("0.00")}, {"it": D("0.00")}]}],
        build=(
            """Pair p = new Pair(); p.a = new java.math.BigDecimal("0.05"); p.b = new java.math.BigDecimal("0.05");
            Item i = new Item(), j = new Item(), k = new Item(); i.it = p.a;
            j.it = java.math.BigDecimal.valueOf(0, 2); k.it = new java.math.BigDecimal("0.00");
            p.all = new java.util.ArrayList<>(java.util.List.of(i, j, k)); return p;""",
        ),
    ),
    "sharing_containers": Case(
        Schema(
            "Root",
            (
                Record(
                    "Root",
                    (
                        Field("a", 1, List(Int(32))),
                        Field("b", 2, List(Int(32))),
                        Field("c", 3, Map(String(), Bytes())),
                        Field("d", 4, Map(String(), Bytes())),
                        Field("e", 5, List(List(String()))),
                        Field("f", 6, Uuid()),
                        Field("g", 7, Uuid()),
                    ),
                ),
            ),
        ),
        [
            {
                "a": [1, 2],
                "b": [1, 2],
                "c": {"k": b"v", "l": b"v"},
                "d": {"k": b"v", "l": b"v"},
                "e": [["s"], ["s"]],
                "f": UUID(int=5),
                "g": UUID(int=5),
            }
        ],
        build=(
            """Root r = new Root(); r.a = new int[] {1, 2}; r.b = r.a; byte[] v = {118};
            r.c = new java.util.LinkedHashMap<>(); r.c.put("k", v); r.c.put("l", v); r.d = r.c;
            java.util.List<String> s = new java.util.ArrayList<>(java.util.List.of("s"));
            r.e = new java.util.ArrayList<>(java.util.List.of(s, s));
            r.f = new java.util.UUID(0, 5); r.g = r.f; return r;""",
        ),
    ),
}


def written_again(value) -> bool:
    """Whether objects that the JVM has read are in identity and capacity those that we stand for.

    It reads every empty string as the same object, and gives a map a larger table than `put` does where that is full.
    """
    parts = list(walk(value))
    full = {table * 3 // 4 for table in (16, 32, 64, 128)}
    return parts.count("") <= 1 and not any(isinstance(part, dict) and len(part) in full for part in parts)


def walk(value):
    yield value
    match value:
        case dict():
            for part in [*value, *value.values()]:
                yield from walk(part)
        case list():
            for part in value:
                yield from walk(part)


@cache
def run_jvm() -> dict[str, list[tuple[bytes, bytes, bytes]]]:
    """For each value of each case: our octets, what the JVM wrote, what it wrote after it had read ours."""
    results = {}
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        (top / "Harness.java").write_text(HARNESS, encoding="utf-8")
        for name, case in (cases() | SHARING).items():
            folder = top / name
            folder.mkdir()
            types = idl.write(case.schema, explicit_uid=not case.default_uid)
            (folder / "Types.java").write_text(types, encoding="utf-8")
            (folder / "Build.java").write_text(build_source(case), encoding="utf-8")
            codec = java.compile(case.schema, default_uid=case.default_uid)
            for i, value in enumerate(case.values):
                (folder / f"ours.{i}").write_bytes(codec.encode(value))
        command = ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", str(top / "Harness.java"), str(top)]
        subprocess.run(command, check=True, timeout=300)
        for name, case in (cases() | SHARING).items():
            problems = top / name / "javac.txt"
            assert not problems.exists(), problems.read_text(encoding="utf-8")
            results[name] = [
                tuple((top / name / f"{part}.{i}").read_bytes() for part in ("ours", "built", "again"))
                for i in range(len(case.values))
            ]
    return results


needs_jdk = pytest.mark.skipif(
    shutil.which("java") is None or shutil.which("javac") is None,
    reason="needs a JDK of version 17 or newer: on Debian, apt-get install openjdk-17-jdk-headless",
)


@needs_jdk
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", cases())
def test_the_jvm_writes_the_same(name):
    for ours, built, _ in run_jvm()[name]:
        assert ours.hex() == built.hex()


@needs_jdk
@pytest.mark.parametrize("name", cases())
def test_the_jvm_reads_ours(name):
    case = cases()[name]
    codec = java.compile(case.schema, default_uid=case.default_uid)
    for value, (ours, _, again) in zip(case.values, run_jvm()[name], strict=True):
        assert again.startswith(ours[:4]), again
        promised, _ = project(value, case.schema, java.CODECS[0].limits)
        assert first_difference(promised, codec.decode(again)) == ""
        if written_again(value):
            assert again.hex() == ours.hex()


@needs_jdk
@pytest.mark.parametrize("name", SHARING)
def test_what_the_jvm_shares_is_read(name):
    codec = java.compile(SHARING[name].schema)
    for value, (_, built, again) in zip(SHARING[name].values, run_jvm()[name], strict=True):
        assert first_difference(value, codec.decode(built)) == ""
        assert first_difference(value, codec.decode(again)) == ""


def recorded() -> dict[str, Any]:
    """The vectors: the cases made here, and what the JVM wrote for them."""
    version = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[1]
    kept = {name: case for name, case in (cases() | SHARING).items() if not name.startswith(("shared_", "example_"))}
    del kept["long_strings"]
    return {
        "producer": f"java.io.ObjectOutputStream of {version}",
        "command": "python tests/test_java_jvm.py",
        "cases": [
            {
                "name": name,
                "default_uid": case.default_uid,
                "shared": name in SHARING,
                "schema": schema_to_json(case.schema),
                "values": [
                    {"value": to_json(value, case.schema), "hex": built.hex()}
                    for value, (_, built, _) in zip(case.values, run_jvm()[name], strict=True)
                ],
            }
            for name, case in kept.items()
        ],
    }


if __name__ == "__main__":
    vectors = recorded()
    cases_ = ",\n".join(json.dumps(case, ensure_ascii=False) for case in vectors.pop("cases"))
    VECTORS.write_text(f'{json.dumps(vectors)[:-1]}, "cases": [\n{cases_}\n]}}\n', encoding="utf-8")
