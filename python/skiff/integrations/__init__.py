"""Predictions where the data is: Polars, DuckDB, pandas, Dask, Ray and Spark.

Each module has the name of its library and needs that library only: workers need neither scikit-learn nor the file of the
model, which travels to each of them once and is opened once in each process.
"""
