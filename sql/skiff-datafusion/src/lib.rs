//! Predictions of scikit-learn's models as functions of SQL, for DataFusion.
//!
//! There is a function for each method of an estimator: `skiff_predict`, `skiff_predict_proba`, `skiff_transform`, …
//! Its first argument is a constant text, the model: a file, or a version in a registry
//! (`s3://bucket/models/churn@sha256:…`). The others are the model's columns in order. The type of the result is known
//! when the query is planned, from the plan's signature.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use datafusion::prelude::SessionContext;
//! use skiff_datafusion::{Models, functions};
//!
//! # async fn example() -> datafusion::error::Result<()> {
//! let context = SessionContext::new();
//! for function in functions(&Arc::new(Models::default())) {
//!     context.register_udf(function);
//! }
//! context.register_parquet("flowers", "data/", Default::default()).await?;
//! context.sql("SELECT id, skiff_predict('iris.joblib', a, b, c, d) FROM flowers").await?.show().await
//! # }
//! ```

mod function;
mod models;

pub use function::functions;
pub use models::{Models, ModelsError};
