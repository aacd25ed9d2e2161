"""What the generators of `decode` share: slots that are unpacked, words that are read ahead, checks, and dicts."""

from serschema.model import MAX_DEPTH, Enum

from sercodecs.aligned.generator import Generator
from sercodecs.aligned.position import GAP, Position, Slot, bind, strictest
from sercodecs.aligned.runtime import Table
from sercodecs.aligned.shape import WORD, Shape
from sercodecs.source import Source


def display(members: dict[str, str]) -> str:
    """The source of a dict of these keys and expressions."""
    return f"{{{', '.join(f'{key!r}: {expression}' for key, expression in members.items())}}}"


class Unpacking(Generator):
    """Scalars wait in `slots`, to be unpacked by one call, until something of other size comes.

    Local state of the generated functions: `data`, `end` (where the message ends), `pos`, and `depth` where there is
    recursion. Where the word in front of `at` was unpacked with what stood before it, `ahead` is its name; what
    begins with something else unpacks it again.
    """

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.variables: list[str] = []
        self.late: list[str] = []  # lines that wait for what is unpacked
        self.looked_ahead = False
        self.in_function = False
        self.depth = 0

    def provide_symbols(self) -> None:
        for type_ in self.shape.schema.types:
            if isinstance(type_, Enum):
                symbols = {number: symbol for symbol, number in self.shape.numbers(type_).items()}
                self.source.provide(f"SYMBOLS_{type_.name}", Table(f"enum {type_.name}", symbols))

    def slot(self, slot: Slot) -> str:
        """The expression of the value of a slot."""
        if self.ahead and slot.layout == WORD.layout:
            name = self.local("x", self.ahead)  # the word's own name may soon mean the next one
            self.ahead = ""
            return slot.read.format(name)
        self.unread()
        hint = "octets" if slot.unit else "x" if slot.code else "padding"
        names = [self.source.fresh(hint) for _ in range(slot.variables)]
        self.slots.append(slot)
        self.variables += names
        return slot.read.format(*names)

    def align(self, alignment: int) -> None:
        """What comes next is at a multiple of that."""
        self.slots.append(Slot(GAP, alignment))

    def check(self, condition: str, consequence: str) -> None:
        """Add what has to be done about what is unpacked where the condition holds."""
        self.late += [f"if {condition}:", f"    {consequence}"]

    def word(self, *, look_ahead: bool = False) -> str:
        """The name of the next word, for immediate use. With `look_ahead` it may bring the one after it along."""
        if word := self.ahead:
            self.ahead = ""
            return word
        word = self.slot(WORD)
        self.look(self.fresh_word() if look_ahead else "")
        return word

    def fresh_word(self) -> str:
        return self.source.fresh("word")

    def unread(self) -> None:
        if self.ahead:
            self.ahead, self.at = "", self.at.plus(-4)

    def look(self, word: str) -> None:
        """Make what was read hold, and the next word be `word`, or not be unpacked yet if that is empty."""
        if not word:
            self.unread()
        elif not self.ahead:
            self.slots.append(WORD)
            self.variables.append(word)
            self.looked_ahead = True
        elif word != self.ahead:
            self.source.line(f"{word} = {self.ahead}")
        self.flush()
        self.ahead = word

    def settle(self, word: str = "") -> None:
        self.look(word)
        self.place()

    def place(self) -> None:
        if self.at.name == "pos" and self.at.add:
            self.source.line(f"pos {'+' if self.at.add > 0 else '-'}= {abs(self.at.add)}")
        elif self.at.name != "pos":
            self.source.line(f"pos = {self.at.text}")
        self.at = self.at.at("pos")

    @property
    def here(self) -> Position:
        """Where what comes next stands."""
        return self.at.plus(-4) if self.ahead else self.at

    def flush(self) -> None:
        """Unpack the slots, and do what waits for that."""
        if self.variables:
            self.unpack()
        elif self.slots:
            self.at = self.at.after(self.slots)
            if self.at.name != "pos":
                self.place()
        for text in self.late:
            self.source.line(text)
        self.slots, self.variables, self.length, self.late = [], [], "", []

    def unpack(self) -> None:
        alignment, line = strictest(self.slots), self.source.line
        if not self.length and self.slots[0].alignment == alignment > self.at.modulus:
            self.at = self.at.aligned(alignment)
            self.place()
        call = bind(self.source, "unpack_from", self.prefix, self.slots, self.at, self.length)
        names, at = ", ".join(self.variables), self.at
        self.at = at.after(self.slots, self.length)
        if self.length or alignment > at.modulus:
            line(f"unpack, size = {call}")
            line(f"{names}, = unpack(data, {at.text})")
            line(f"pos += size{f' + {at.add}' if at.add else ''}" if at.name == "pos" else f"pos = {at.text} + size")
            self.at = self.at.at("pos")
        else:
            line(f"{names}, = {call}(data, {at.text})")

    def refuse(self, condition: str, reason: str, *, otherwise: str = "if") -> None:
        with self.source.block(f"{otherwise} {condition}"):
            self.source.line(f"raise DecodeError({reason}, {self.here.text})")

    def at_most(self, text: str, length: int) -> str:
        name = self.source.fresh("text")
        return f"({name} if len({name} := {text}) <= {length} else too_long({name}, {length}))"

    def bounds(self, length: str, least: int, most: int | None, unit: str) -> None:
        if least:
            self.refuse(f"{length} < {least}", f'f"{{{length}}} {unit}, at least {least} needed"')
        if most is not None:
            self.refuse(f"{length} > {most}", f'f"{{{length}}} {unit}, at most {most} allowed"')

    def bound_depth(self, levels: int, guard: str = "") -> None:
        """Emit the check that so many more levels fit, in functions that are called recursively."""
        if self.in_function:
            most = MAX_DEPTH - self.depth - levels
            self.refuse(f"{guard}depth > {most}", f'"more than {MAX_DEPTH} levels of nesting"')

    def hold(self, value: str, held: dict[str, str]) -> str:
        """Emit a dict of what was read so far, or put it into the one there is."""
        if not value:
            return self.local("value", display(held))
        for key, expression in held.items():
            self.source.line(f"{value}[{key!r}] = {expression}")
        return value
