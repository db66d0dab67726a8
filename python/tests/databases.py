"""Queries of `skiff export` in databases: DuckDB, and a PostgreSQL at `SKIFF_POSTGRES`, a connection string."""

import functools
import os
import re

import numpy as np
import onnx_cases

KEY = "the key of a row"


class Query:
    """A method in a database; with the few methods of a session of onnxruntime that are needed."""

    #: Whether an answer of more than two dimensions is a list.
    is_flat = True

    def __init__(self, database, text, inputs, columns):
        self.database, self.text, self.inputs, self.columns = database, text, inputs, columns

    def get_inputs(self):
        return self.inputs

    def get_modelmeta(self):
        from source_cases import features

        self.custom_metadata_map = {"feature_names_in_": features(self.text)}
        return self

    def run(self, _, given):
        if self.inputs[0].name == "X":
            values = list(np.asarray(given["X"], np.float64).T)
        else:
            values = [given[one.name][:, 0] for one in self.inputs]
        # Tables of trees come first.
        query = self.text[re.search(r"^(WITH|SELECT data\.\*)", self.text, re.M).start() :].rstrip().rstrip(";")
        names, rows = self.database(self.columns, values, f'SELECT * FROM ({query}) AS answers ORDER BY "{KEY}"')
        names, rows = names[1 + len(values) :], [row[1 + len(values) :] for row in rows]
        groups = {}
        for at, name in enumerate(names):
            part = re.fullmatch(r"(.*)_\d+", name)
            # Stages are numbered; they are no elements of a list.
            is_list = part is not None and part[1] not in ("staged_predict", "staged_decision_function")
            groups.setdefault((part[1], True) if is_list else (name, False), []).append(at)
        arrays = []
        for (_, is_list), places in groups.items():
            columns = [np.array([row[at] for row in rows]) for at in places]
            arrays.append(np.column_stack(columns) if is_list else columns[0])
        return arrays


def exported(database, command, path, folder, at, method):
    """The method, as a query; none where it is not exported."""
    from source_cases import Input

    source = folder / "model.sql"
    if not onnx_cases.exported(command, path, source, at, method):
        return None
    text = source.read_text()
    found = re.findall(r'(?:COALESCE\(|^ +)data\."((?:[^"]|"")*)"::(float8|text)(?:, .*\))? AS x\d+', text, re.M)
    columns = [(name.replace('""', '"'), kind) for name, kind in found]
    if any(kind == "text" for _, kind in columns):
        inputs = [Input(name, "unknown", (None, 1)) for name, _ in columns]
    else:
        inputs = [Input("X", "tensor(double)", (None, len(columns)))]
    return Query(database, text, inputs, columns)


@functools.cache
def duckdb_connection():
    import duckdb

    # The tables have few rows: more threads wait for each other.
    return duckdb.connect(config={"threads": 1})


def duckdb(columns, values, query):
    import pyarrow

    arrays = [pyarrow.array(range(len(values[0])))]
    for (_, kind), own in zip(columns, values, strict=True):
        arrays.append(pyarrow.array([*own], pyarrow.string() if kind == "text" else pyarrow.float64(), from_pandas=False))
    connection = duckdb_connection()
    connection.register("data", pyarrow.table(arrays, [KEY, *(name for name, _ in columns)]))
    answer = connection.sql(query)
    return answer.columns, answer.fetchall()


@functools.cache
def postgres_connection():
    import psycopg

    return psycopg.connect(os.environ["SKIFF_POSTGRES"], autocommit=True)


def postgres(columns, values, query):
    quoted = [f'"{name}"'.replace("%", "%%") for name in [KEY, *(name.replace('"', '""') for name, _ in columns)]]
    types = ["bigint", *(kind for _, kind in columns)]
    with postgres_connection().cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS data")
        created = ", ".join(f"{name} {kind}" for name, kind in zip(quoted, types, strict=True))
        cursor.execute(f"CREATE TEMPORARY TABLE data ({created})".replace("%%", "%"))
        with cursor.copy("COPY data FROM STDIN") as copy:
            for at, row in enumerate(zip(*values, strict=True)):
                copy.write_row([at, *(one if isinstance(one, str) else float(one) for one in row)])
        cursor.execute(query.encode())
        return [column.name for column in cursor.description], cursor.fetchall()
