//! The files of a run: found, opened, and checked against each other before a row is read.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use skiff::value::Precision;
use skiff::{ColumnUse, Scalar};
use skiff_arrow::PandasSchema;
use skiff_arrow::files::{DataFile, Found, Group, Partition, Source, find, partition_type};
use skiff_arrow::read::{ColumnReader, Reading, half_of};
use skiff_arrow::schema::DataType;

use super::{failure, is_read};
use crate::data::remote::{self, is_remote};
use crate::input::is_standard;
use crate::report::Failure;

/// The extensions of the files that are taken from a folder.
const EXTENSIONS: [&str; 6] = ["parquet", "pq", "arrow", "feather", "ipc", "arrows"];

/// The files, the first of which is open.
pub struct Files {
    sources: Vec<(Source, Vec<(Partition, DataType)>)>,
    first: DataFile,
}

/// The files with the columns that are read.
pub struct Input {
    files: Vec<ChosenFile>,
    /// The columns of the model, then those that are kept.
    columns: Vec<ChosenColumn>,
    /// How many of them are the model's.
    pub taken: usize,
    /// What the model calls its columns.
    pub names: Vec<String>,
    half: Option<Precision>,
    /// The file that was read from last.
    open: Mutex<Option<(usize, Arc<DataFile>)>>,
}

/// A file, and its groups of rows.
struct ChosenFile {
    source: Source,
    partitions: Vec<(Partition, DataType)>,
    groups: Vec<Group>,
}

/// A column that the model takes or that is kept.
struct ChosenColumn {
    name: String,
    /// Its type in the first file.
    data_type: DataType,
    /// Whether any row of any file is null, where that matters.
    has_nulls: bool,
    /// Whether it is read: a column of the model that its plan does not use is not.
    is_read: bool,
    missing: Scalar,
}

/// A group of rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The number of the file.
    pub file: usize,
    /// The number of the group in it.
    pub group: usize,
    /// Its rows, if known.
    pub rows: Option<u64>,
}

impl Input {
    /// Finds the files of the arguments, and opens the first.
    pub fn open(arguments: &[PathBuf]) -> Result<Files, Failure> {
        let mut found = Vec::new();
        for argument in arguments {
            match is_standard(argument) {
                true => {
                    let path = Path::new("standard input").to_owned();
                    found.push((Found { path: path.clone(), partitions: Vec::new() }, Source::unnamed(copy()?, &path)));
                }
                false if is_remote(argument) => found.extend(remote::find(argument, &EXTENSIONS)?),
                false => found.extend(
                    find(argument, &EXTENSIONS).map_err(|error| unreadable(&error))?.into_iter().map(|found| {
                        let source = Source::named(&found.path);
                        (found, source)
                    }),
                ),
            }
        }
        let all = || found.iter().flat_map(|(found, _)| &found.partitions);
        let of = |partition: &Partition| {
            let values = all().filter(|other| other.name == partition.name);
            (partition.clone(), partition_type(values))
        };
        let sources: Vec<_> =
            found.iter().map(|(found, source)| (source.clone(), found.partitions.iter().map(of).collect())).collect();
        let Some((source, partitions)) = sources.first().cloned() else {
            return Err(Failure::Usage("there is no data".to_owned()));
        };
        let first = DataFile::open(source, partitions).map_err(|error| failure(&error))?;
        Ok(Files { sources, first })
    }

    /// All groups of rows in order.
    pub fn units(&self) -> impl Iterator<Item = Unit> + '_ {
        self.files.iter().enumerate().flat_map(|(file, chosen)| {
            chosen.groups.iter().enumerate().map(move |(group, &Group { rows })| Unit { file, group, rows })
        })
    }

    /// How many rows there are, as far as known.
    pub fn rows(&self) -> u64 {
        self.units().filter_map(|unit| unit.rows).sum()
    }

    /// Whether several threads can read at a time.
    pub fn is_shareable(&self) -> bool {
        self.files.iter().all(|file| file.source.is_shareable())
    }

    /// The columns of which a row is null, on which their types depend.
    pub fn has_nulls(&self) -> Vec<bool> {
        self.columns.iter().map(|column| column.has_nulls).collect()
    }

    /// The name of a file.
    pub fn path(&self, file: usize) -> &Path {
        self.files[file].source.path()
    }

    /// What identifies the content of a file without reading it: its name, its length, and when it was written.
    pub fn identity(&self, file: usize) -> String {
        let path = self.path(file);
        if let Some(identity) = self.files[file].source.identity() {
            return format!("{} {identity}", path.display());
        }
        let metadata = path.metadata().ok();
        let written = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_nanos());
        format!("{} {:?} {written:?}", path.display(), metadata.as_ref().map(Metadata::len))
    }

    /// The file of that number, which threads that read from it share.
    pub fn file(&self, number: usize) -> Result<Arc<DataFile>, skiff_arrow::Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, file)) = &*open
            && *last == number
        {
            return Ok(Arc::clone(file));
        }
        let ChosenFile { source, partitions, .. } = &self.files[number];
        let file = Arc::new(DataFile::open(source.clone(), partitions.clone())?);
        *open = Some((number, Arc::clone(&file)));
        Ok(file)
    }

    /// The places of the columns in a file that are read from it, and a reader for each column of the model that is.
    pub fn readers(&self, file: &DataFile) -> Result<(Vec<usize>, Vec<Option<ColumnReader>>), skiff_arrow::Error> {
        let mut places = Vec::new();
        let mut readers = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let reader = match column.is_read {
                true => {
                    let (place, data_type) = place(file, &column.name)?;
                    places.push(place);
                    Some(ColumnReader::new(&data_type, column.reading(file.pandas(), self.half)))
                }
                false => None,
            };
            if index < self.taken {
                readers.push(reader);
            }
        }
        Ok((places, readers))
    }
}

impl ChosenColumn {
    fn reading(&self, pandas: &PandasSchema, half: Option<Precision>) -> Reading {
        let missing = if pandas.has_na(&self.name) { Scalar::Na } else { self.missing.clone() };
        Reading { has_nulls: self.has_nulls, is_nullable: pandas.is_nullable(&self.name), missing, half }
    }
}

impl Files {
    /// The names of the first file's columns, but for those of its index that are not kept.
    pub fn names(&self, keep: &[String]) -> Vec<String> {
        let names = self.first.schema().fields().iter().map(|field| field.name().clone());
        names.filter(|name| !self.first.pandas().is_index(name) || keep.contains(name)).collect()
    }

    /// The first file.
    pub fn first(&self) -> &Path {
        self.first.source().path()
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().map(|(source, _)| source.path())
    }

    /// Checks that all files have the columns that are taken and kept, in the same types.
    pub fn choose(
        self,
        taken: &[String],
        uses: &[ColumnUse],
        names: &[String],
        keep: &[String],
        half: Option<Precision>,
    ) -> Result<Input, Failure> {
        let is_used = is_read(uses);
        let mut columns = Vec::new();
        for (index, name) in taken.iter().chain(keep).enumerate() {
            let (_, data_type) = place(&self.first, name).map_err(|error| failure(&error))?;
            let is_model = index < taken.len();
            let missing = uses.get(index).filter(|_| is_model).map_or(Scalar::None, ColumnUse::missing_text);
            let is_read = !is_model || is_used(index);
            columns.push(ChosenColumn { name: name.clone(), data_type, has_nulls: false, is_read, missing });
        }
        let half = half_of(columns.iter().take(taken.len()).map(|column| &column.data_type), half);
        let (mut files, mut open) = (Vec::with_capacity(self.sources.len()), Some(self.first));
        for (source, partitions) in self.sources {
            let file = match open.take() {
                Some(first) => first,
                None => DataFile::open(source.clone(), partitions.clone()).map_err(|error| failure(&error))?,
            };
            check(&file, &mut columns, taken.len()).map_err(|error| failure(&error.in_file(source.path())))?;
            files.push(ChosenFile { source, partitions, groups: file.groups() });
        }
        let (taken, names) = (taken.len(), names.to_vec());
        Ok(Input { files, columns, taken, names, half, open: Mutex::new(None) })
    }
}

/// The place and the type of a column in a file.
fn place(file: &DataFile, name: &str) -> Result<(usize, DataType), skiff_arrow::Error> {
    let found = file.schema().fields().iter().position(|field| field.name() == name);
    let place = found.ok_or_else(|| {
        skiff_arrow::Error::new(format!("the column `{name}` is missing")).in_file(file.source().path())
    })?;
    Ok((place, file.schema().field(place).data_type().clone()))
}

/// Checks the types of a file's columns, and notes which have nulls.
fn check(file: &DataFile, columns: &mut [ChosenColumn], taken: usize) -> Result<(), skiff_arrow::Error> {
    let mut of_nulls = Vec::new();
    for (index, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.is_read) {
        let (place, found) = place(file, &column.name)?;
        if column.data_type == DataType::Null && index < taken {
            column.data_type = found.clone();
            column.has_nulls = true;
        }
        let is_same = match index < taken {
            true => found == DataType::Null || plain(&column.data_type) == plain(&found),
            false => column.data_type == found,
        };
        if !is_same {
            let what = format!("expected the type {} of the files before, found {found}", column.data_type);
            return Err(skiff_arrow::Error::new(what).in_column(&column.name));
        }
        column.has_nulls |= found == DataType::Null;
        if index < taken && !column.has_nulls && ColumnReader::depends_on_nulls(&found) {
            of_nulls.push((index, place));
        }
    }
    let places: Vec<usize> = of_nulls.iter().map(|&(_, place)| place).collect();
    for ((index, _), has_nulls) in of_nulls.into_iter().zip(file.have_nulls(&places)?) {
        columns[index].has_nulls = has_nulls;
    }
    Ok(())
}

/// The type of the cells: text and bytes have several layouts.
fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        DataType::LargeUtf8 | DataType::Utf8View => &DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => &DataType::Binary,
        other => other,
    }
}

/// An error of finding files.
fn unreadable(error: &skiff_arrow::Error) -> Failure {
    Failure::unreadable(error.file().unwrap_or(Path::new("the data")), error)
}

/// A copy of standard input, which can be read from any place.
fn copy() -> Result<File, Failure> {
    let copied = crate::data::read::Copy::of(&mut std::io::stdin());
    let copied = copied
        .map_err(|error| Failure::unreadable(Path::new("standard input"), format!("cannot read the data: {error}")))?;
    Ok(copied.into_file())
}
