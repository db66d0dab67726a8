//! Which file is damaged: DataFusion's errors about a table's files do not name the file.

use datafusion::catalog::Session;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use futures_util::TryStreamExt;

/// The first Parquet file of a statement's tables that cannot be read, with the reason.
pub async fn damaged(context: &SessionContext, statement: &Statement) -> Option<String> {
    let state = context.state();
    let tables = state.resolve_table_references(statement).ok()?;
    for table in tables {
        if let Some(found) = damaged_in(&state, table.table()).await {
            return Some(found);
        }
    }
    None
}

async fn damaged_in(state: &dyn Session, table: &str) -> Option<String> {
    let url = ListingTableUrl::parse(table).ok()?;
    let objects = state.runtime_env().object_store(&url).ok()?;
    let files = url.list_all_files(state, &*objects, "parquet").await.ok()?;
    let files: Vec<_> = files.try_collect().await.ok()?;
    for file in files {
        if let Err(error) = ParquetFormat::default().infer_schema(state, &objects, std::slice::from_ref(&file)).await {
            let store = url.object_store();
            let root = if url.scheme() == "file" { "/" } else { store.as_str() };
            return Some(format!("{root}{}: {error}", file.location));
        }
    }
    None
}
