//! Results as tables, CSV, Parquet and Arrow, written batch by batch.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::csv;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::{FileWriter, StreamWriter};
use datafusion::arrow::util::pretty::pretty_format_batches_with_options;
use datafusion::common::format::DEFAULT_FORMAT_OPTIONS;
use datafusion::dataframe::DataFrame;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use futures_util::StreamExt;
use tempfile::NamedTempFile;

use crate::Failure;
use crate::arguments::Format;

/// The format that is asked for, or that the ending of the file says.
pub fn format(format: Option<Format>, path: Option<&Path>) -> Result<Format, Failure> {
    let ending = path.and_then(Path::extension).and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    Ok(match (format, path, ending.as_deref()) {
        (Some(Format::Parquet), None, _) => return Err("Parquet is written to a file: use `-o FILE`".into()),
        (Some(format), ..) => format,
        (None, None, _) => Format::Table,
        (None, _, Some("csv")) => Format::Csv,
        (None, _, Some("parquet")) => Format::Parquet,
        (None, _, Some("arrow" | "feather" | "ipc")) => Format::Arrow,
        (None, Some(path), _) => {
            let path = path.display();
            return Err(format!("{path}: expected a name that ends in .csv, .parquet or .arrow, or --format").into());
        }
    })
}

/// Writes the result to a file, which has its name when it is complete.
pub async fn to_file(frame: DataFrame, path: &Path, format: Format) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let in_file = |error: io::Error| format!("{}: {error}", path.display());
    let file = NamedTempFile::new_in(folder).map_err(in_file)?;
    let out = BufWriter::new(file.reopen().map_err(in_file)?);
    written(frame, out, format, true).await?;
    // Temporary files are for their user alone; this one is for whom `umask` says.
    #[cfg(unix)]
    open_to_others(&file).map_err(in_file)?;
    file.persist(path).map_err(|error| in_file(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn open_to_others(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    // A file that is made the ordinary way has the mode that is wanted.
    let path = file.path().with_extension("mode");
    let mode = File::create_new(&path)?.metadata()?.permissions().mode();
    std::fs::remove_file(&path)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Writes the result to standard output: of a table so many rows.
pub async fn to_stdout(frame: DataFrame, format: Format, rows: usize) -> Result<(), Failure> {
    if format != Format::Table {
        let done = written(frame, BufWriter::new(io::stdout()), format, false).await;
        // The reader of the output has closed it.
        return done.or_else(|failure| if is_broken_pipe(&*failure) { Ok(()) } else { Err(failure) });
    }
    // One more, to know whether there are more.
    let frame = if is_query(&frame) { frame.limit(0, Some(rows.saturating_add(1)))? } else { frame };
    let batches = frame.collect().await?;
    let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if batches.iter().all(|batch| batch.num_columns() == 0) {
        return Ok(());
    }
    let mut left = rows;
    let mut shown = |batch: &RecordBatch| {
        let count = batch.num_rows().min(left);
        left -= count;
        batch.slice(0, count)
    };
    let shown: Vec<_> = batches.iter().map(&mut shown).collect();
    println!("{}", pretty_format_batches_with_options(&shown, &DEFAULT_FORMAT_OPTIONS)?);
    if found > rows {
        eprintln!("the first {rows} rows: `--rows N` prints more, and `-o FILE` writes all");
    }
    Ok(())
}

/// Whether its rows can be counted off, unlike those of `EXPLAIN` and `COPY`.
fn is_query(frame: &DataFrame) -> bool {
    use datafusion::logical_expr::LogicalPlan as Plan;

    let plan = frame.logical_plan();
    !matches!(
        plan,
        Plan::Explain(_)
            | Plan::Analyze(_)
            | Plan::DescribeTable(_)
            | Plan::Statement(_)
            | Plan::Dml(_)
            | Plan::Ddl(_)
            | Plan::Copy(_)
    )
}

async fn written(frame: DataFrame, out: impl Write + Send, format: Format, is_file: bool) -> Result<(), Failure> {
    let mut batches = frame.execute_stream().await?;
    let mut writer = Writer::new(out, format, &batches.schema(), is_file)?;
    while let Some(batch) = batches.next().await {
        writer.write(&batch?)?;
    }
    writer.finish()
}

/// A file that is being written.
enum Writer<W: Write + Send> {
    Csv(csv::Writer<W>),
    Parquet(ArrowWriter<W>),
    ArrowFile(FileWriter<W>),
    ArrowStream(StreamWriter<W>),
}

impl<W: Write + Send> Writer<W> {
    fn new(out: W, format: Format, schema: &SchemaRef, is_file: bool) -> Result<Self, Failure> {
        Ok(match format {
            Format::Table => return Err("a table is printed: use CSV, Parquet or Arrow for files".into()),
            Format::Csv => {
                if let Some(nested) = schema.fields().iter().find(|field| is_nested(field.data_type())) {
                    let name = nested.name();
                    return Err(format!(
                        "column `{name}`: CSV has no lists: select elements, `(…)[1]`, or write Parquet or Arrow"
                    )
                    .into());
                }
                let mut writer = csv::Writer::new(out);
                // The header, also if there are no rows.
                writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
                Self::Csv(writer)
            }
            Format::Parquet => {
                let properties =
                    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
                Self::Parquet(ArrowWriter::try_new(out, SchemaRef::clone(schema), Some(properties))?)
            }
            Format::Arrow if is_file => Self::ArrowFile(FileWriter::try_new(out, schema)?),
            Format::Arrow => Self::ArrowStream(StreamWriter::try_new(out, schema)?),
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        match self {
            Self::Csv(writer) => writer.write(batch)?,
            Self::Parquet(writer) => writer.write(batch)?,
            Self::ArrowFile(writer) => writer.write(batch)?,
            Self::ArrowStream(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Csv(writer) => writer.into_inner().flush()?,
            Self::Parquet(writer) => writer.into_inner()?.flush()?,
            Self::ArrowFile(writer) => writer.into_inner()?.flush()?,
            Self::ArrowStream(writer) => writer.into_inner()?.flush()?,
        }
        Ok(())
    }
}

fn is_nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => values.is_nested(),
        other => other.is_nested(),
    }
}

fn is_broken_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = failure.downcast_ref::<io::Error>() {
        return error.kind() == io::ErrorKind::BrokenPipe;
    }
    match failure.downcast_ref::<ArrowError>() {
        Some(ArrowError::IoError(_, error)) => error.kind() == io::ErrorKind::BrokenPipe,
        _ => false,
    }
}
