"""Java serialization: stream version 5, protocol version 2 (Java Object Serialization Specification, chapter 6).

An object is its class descriptor and its fields; the descriptor (name, serialVersionUID, fields with their types) is in
the stream once, and every descriptor, string, array and object gets the next handle, through which it is referred to
when it is met again. What is met again is a matter of identity in the heap. So that bytes are defined, a value stands
for the objects that a Java program makes by assigning to the fields of the classes of `serschema.idl.java`:

- Bool, Int, Float: primitive fields. Where null must be possible (optional fields, union alternatives, maps) they are
  boxed by `valueOf`: Boolean, Byte, and Short, Integer, Long in -128..127 are one object per number, others are new.
  Unsigned integers are their two's complement in the signed type of that width.
- String: a new object each, even an empty one, in modified UTF-8. Bytes: a new `byte[]`.
- Enum: a constant is one object.
- Timestamp: `Instant`, whose epoch is one object; in the stream `java.time.Ser`. Uuid: a new `java.util.UUID`.
- Decimal: `new BigDecimal(new BigInteger(...), scale)`, as such all new.
- List: a primitive array (`int[]`) for Bool, Int, Float items; else `ArrayList`. Map: `LinkedHashMap`, filled by `put`
  from empty, which decides the capacity that its stream tells.
- Union, Record: a new object of their class. Optional and absent: null. Descriptors and type strings are shared.

Only a NaN's payload is lost, since `ObjectOutputStream` writes all as one NaN. The serialVersionUID of our classes is
1, or with `default_uid` what the JVM derives for a class that declares none (section 4.6).

The reader takes what an `ObjectOutputStream` may write for these classes, any sharing included: what is shared in the
stream is shared in the value. Cyclic objects are refused, and references that would make the value, written out, more
than `reader.SHARING` times as large as the data. Other classes, another serialVersionUID or other fields are refused.
"""

from serschema.limits import Limits
from serschema.model import Schema

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, Format
from sercodecs.java import reader, writer
from sercodecs.java.explain import explain
from sercodecs.java.shape import Shape
from sercodecs.source import Source

FORMAT = Format(
    name="java",
    title="Java serialization",
    specification="Java Object Serialization Specification, stream protocol version 2",
    history="Part of Java since JDK 1.1 (1997), where it carries RMI; stream protocol version 2 since JDK 1.2 (Java "
    "Object Serialization Specification).",
    textual=False,
    self_describing=True,
    byte_order="big",
    canonical=Claim(
        False, "Java Object Serialization: objects that are one are written once, and maps in their own order"
    ),
    evolution=Claim(
        True, "Java Object Serialization, 5.6.2: fields may be added and taken away under one serialVersionUID"
    ),
    languages={
        "java": "java.io",
        "python": "javaobj-py3",
    },
    carries=Carries(
        bool="boolean; java.lang.Boolean where null is possible",
        int="byte, short, int, long; boxed where null is possible",
        float="float, double; boxed where null is possible",
        string="String, modified UTF-8",
        bytes="byte[]",
        enum="enum constant, by name",
        timestamp="java.time.Instant",
        uuid="java.util.UUID",
        decimal="java.math.BigDecimal",
        list="ArrayList; primitive array of numbers",
        map="LinkedHashMap",
        union="object of its class, all alternatives but one null",
        record="object of its class, its descriptor once",
        optional="null if absent",
    ),
)


def compile(schema: Schema, *, default_uid: bool = False) -> Codec:
    """Specialise for a schema; every schema can be carried. `default_uid`: its classes declare no serialVersionUID."""
    shape = Shape(schema, default_uid)
    source = Source(f"java {schema.root}")
    writer.generate(shape, source)
    reader.generate(shape, source)
    encode, decode = source.build("encode", "decode")
    return Codec(encode=encode, decode=decode, source=source.text())


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(nan="canonical"),
        validates=True,
        compile=compile,
        explain=explain,
        lacks={"evolution": "a class that is not described as the schema has it is refused"},
    ),
)
