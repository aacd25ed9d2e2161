"""One leaf of a message: its column alone is read and validated, and the way through it goes by `pyarrow` scalars."""

from typing import Any, NoReturn

from serschema.model import List, Map, Record, Ref, Schema, Type, Union

from sercodecs.contract import DecodeError, Path


class Way:
    """The steps along a path, each with the kind that it starts in; `kind` is that of the leaf.

    Raises `DecodeError` where the schema has no such path.
    """

    def __init__(self, schema: Schema, path: Path) -> None:
        type_: Type = Ref(schema.root)
        self.steps: list[tuple[Any, str | int]] = []
        self.structs: list[str] = []
        """The keys from the root on that lead through records and unions only."""
        for step in path:
            kind = schema.resolve(type_)
            match kind:
                case Record(fields=members) | Union(alternatives=members):
                    found = next((member.type for member in members if member.key == step), None)
                    if found is None:
                        _not_there(path)
                    type_ = found
                    if len(self.structs) == len(self.steps):
                        self.structs.append(str(step))
                case List():
                    type_ = kind.item
                case Map():
                    type_ = kind.value
                case _:
                    _not_there(path)
            self.steps.append((kind, step))
        self.path = path
        self.kind = schema.resolve(type_)

    def follow(self, column: Any) -> Any:
        """The leaf in a column of one row, as pyarrow gives it."""
        column.validate(full=True)
        scalar = column[0]
        for kind, step in self.steps[1:]:
            if not scalar.is_valid:
                _not_there(self.path)
            if isinstance(kind, Map):
                entries = scalar.values
                place = entries.field(0).to_pylist().index(step)
                scalar = entries.field(1)[place]
            else:
                scalar = scalar[step]
        if not scalar.is_valid:
            _not_there(self.path)
        return scalar.as_py()


def _not_there(path: Path) -> NoReturn:
    raise DecodeError(f"nothing at {'.'.join(map(str, path))}")
