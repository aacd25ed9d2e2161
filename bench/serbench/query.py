"""SQL over runs, by DuckDB in memory: the tables of `serbench.tables`, filled from runs.

The database sees no file and no network, loads no extension, and nothing in it can be changed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serschema.errors import SerError

from serbench.report.summary import summarise
from serbench.results import Run
from serbench.tables import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class QueryError(SerError):
    """A query that cannot be answered, and why."""


@dataclass(frozen=True)
class Answer:
    titles: list[str]
    rows: list[tuple[Any, ...]]


def ask(runs: Sequence[Run], sql: str) -> Answer:
    """The answer to one query. Raises `QueryError`: duckdb is not installed, or the query is wrong or would write."""
    try:
        import duckdb
    except ImportError:
        raise QueryError("queries need duckdb: pip install 'serbench[query]'") from None
    with duckdb.connect(":memory:") as database:
        database.execute("SET autoinstall_known_extensions = false")
        database.execute("SET autoload_known_extensions = false")
        _fill(database, runs)
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        try:
            statements = database.extract_statements(sql)
            if len(statements) != 1 or statements[0].type == duckdb.StatementType.TRANSACTION:
                raise QueryError("a query is one statement, which has rows")
            database.execute("BEGIN TRANSACTION READ ONLY")
            database.execute(sql)
            if database.description is None:
                raise QueryError("a query is one statement, which has rows")
            return Answer([column[0] for column in database.description], database.fetchall())
        except duckdb.Error as error:
            said = str(error).partition("\n\nLINE")[0]
            raise QueryError(f"{' '.join(said.split())}; serbench query --tables shows what there is") from None


def _fill(database: "DuckDBPyConnection", runs: Sequence[Run]) -> None:
    summaries = [(str(run.path.parent), summarise(run)) for run in runs]
    for name, table in TABLES.items():
        if table.select:
            database.execute(f"CREATE VIEW {name} AS {table.select}")
            continue
        assert table.rows
        names = [column.name for column in table.columns]
        held = [
            {"run": run, **{column: row.get(column) for column in names}}
            for run, summary in summaries
            for row in table.rows(summary)
        ]
        shape = json.dumps([{"run": "VARCHAR", **{column.name: column.type for column in table.columns}}])
        database.execute(
            f"CREATE TABLE {name} AS SELECT unnest(from_json($1::JSON, '{shape}'), recursive := true)",
            [json.dumps(held)],
        )
