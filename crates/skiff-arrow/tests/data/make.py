"""Writes the small files of this folder by pyarrow: rows for the examples, in the codecs, encodings and types that
bodies of requests may have. `python make.py`, in this folder."""

import pathlib

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
PASSENGERS = pa.table(
    {
        "rank": pa.array([3, 1, 2], pa.int64()),
        "sex": ["male", "female", "female"],
        "age": [22.0, None, 4.25],
        "fare": pa.array([7.25, 71.0, 13.0], pa.float32()),
        "port": ["Southampton", None, "Cherbourg"],
        "alone": [True, False, False],
    }
)
MESSAGES = pa.table({"message": ["win a prize", "lunch", ""]})
CODED = PASSENGERS.set_column(1, "sex", PASSENGERS["sex"].dictionary_encode())
OTHERS = pa.table(
    {
        "rank": pa.array([1, None], pa.uint8()),
        "sex": pa.array(["male", "a longer text than twelve bytes"], pa.string_view()),
        "age": pa.array([1, 2], pa.decimal128(5, 2)),
        "fare": pa.array([1, 2], pa.timestamp("us")),
        "port": pa.array([b"a", None], pa.binary()),
        "alone": pa.nulls(2),
        "list": pa.array([[1], []]),
    }
)


def main():
    for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
        pq.write_table(PASSENGERS, HERE / f"{codec}.parquet", compression=codec)
    for name, table, how in [
        ("plain", PASSENGERS, {"use_dictionary": False}),
        ("version2", PASSENGERS, {"data_page_version": "2.0", "compression": "gzip"}),
        ("groups", PASSENGERS, {"row_group_size": 1}),
        ("delta", PASSENGERS, {"use_dictionary": False, "column_encoding": {"rank": "DELTA_BINARY_PACKED", "sex": "DELTA_BYTE_ARRAY"}}),
        ("split", PASSENGERS, {"use_dictionary": False, "column_encoding": {"age": "BYTE_STREAM_SPLIT"}}),
        ("messages", MESSAGES, {}),
        ("coded", CODED, {}),
        ("others", OTHERS.drop_columns(["alone"]), {}),
    ]:
        pq.write_table(table, HERE / f"{name}.parquet", **how)
    for name, table, codec, chunk in [
        ("none", PASSENGERS, None, None),
        ("lz4", PASSENGERS, "lz4", None),
        ("zstd", PASSENGERS, "zstd", None),
        ("batches", PASSENGERS, None, 1),
        ("lz4-batches", PASSENGERS, "lz4", 2),
        ("messages", MESSAGES, None, None),
        ("coded", CODED, None, None),
        ("coded-zstd", CODED, "zstd", 2),
        ("others", OTHERS, None, None),
        ("others-lz4", OTHERS, "lz4", None),
        ("empty", PASSENGERS.slice(0, 0), None, None),
    ]:
        options = pyarrow.ipc.IpcWriteOptions(compression=codec, allow_64bit=False)
        with pyarrow.ipc.new_stream(HERE / f"{name}.arrows", table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=chunk)


main()
