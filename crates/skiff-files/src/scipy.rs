//! scipy's sparse matrices and arrays, of every format, with their indices checked.

use skiff_pickle::{Bytes, Graph, Node, NodeId};

use crate::numpy::{DType, Endian, NdArray, Order};
use crate::{Instance, Scalar, ValueError, ValueErrorKind as Kind};

/// A sparse matrix whose indices are all within its shape.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// Its format in the file. `data`, `indices` and `indptr` are those of CSC for CSC and of CSR for everything else:
    /// formats other than these two are converted on reading, their numbers to float64.
    pub format: SparseFormat,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// The stored values, one-dimensional; numbers or bools.
    pub data: NdArray,
    /// The column (CSC: row) of each value.
    pub indices: NdArray,
    /// The start of each row's (CSC: column's) values; it is ascending from 0, and its last element is the number of
    /// values that count.
    pub indptr: NdArray,
}

/// scipy's formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SparseFormat {
    /// Compressed rows.
    Csr,
    /// Compressed columns.
    Csc,
    /// Triples.
    Coo,
    /// Diagonals.
    Dia,
    /// Compressed rows of blocks.
    Bsr,
    /// Lists in lists.
    Lil,
    /// A dict.
    Dok,
}

/// The most rows that are converted: an empty matrix of a quintillion rows is a small file.
const MOST_ROWS: usize = 1 << 26;

impl Sparse {
    /// The sparse matrix at `id`; `None` if the node is something else.
    ///
    /// # Errors
    /// When it is one and damaged: index arrays that are inconsistent or out of range of the shape.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        let Some((module, name)) = Instance::class(graph, id) else { return Ok(None) };
        let Some(format) = format_of(module, name) else { return Ok(None) };
        let Some(instance) = Instance::read(graph, id) else { return Ok(None) };
        Reader { graph, id, source: Source::Instance(&instance) }.read(format).map(Some)
    }

    /// The sparse matrix that `scipy.sparse.save_npz` wrote, whose arrays are in the dict at `id`; `None` when the
    /// dict has other arrays.
    ///
    /// # Errors
    /// As [`Sparse::read`].
    pub fn read_npz(graph: &Graph, id: NodeId) -> Result<Option<Self>, ValueError> {
        let Node::Dict(pairs) = graph.node(id) else { return Ok(None) };
        let reader = Reader { graph, id, source: Source::Arrays(pairs) };
        let Some(format) = reader.attribute("format") else { return Ok(None) };
        // One string, which Python 2 and old scipy write as bytes.
        let format = NdArray::read(graph, format)?.and_then(|format| format.to_strings(graph));
        let Some(format) = format.as_deref().and_then(<[String]>::first).and_then(|name| format_named(name)) else {
            return Err(reader.missing("format"));
        };
        reader.read(format).map(Some)
    }

    /// A CSR or CSC matrix from its three arrays, checked.
    ///
    /// # Errors
    /// Arrays that are inconsistent with each other or the shape.
    pub fn from_parts(
        format: SparseFormat,
        shape: (usize, usize),
        data: NdArray,
        indices: NdArray,
        indptr: NdArray,
        id: NodeId,
    ) -> Result<Self, ValueError> {
        let wrong = |what| ValueError::new(Kind::SparseIndex(what), id);
        let (major, minor) = if format == SparseFormat::Csc { (shape.1, shape.0) } else { shape };
        if data.ndim() != 1 || indices.ndim() != 1 || indptr.ndim() != 1 {
            return Err(wrong("its arrays are not one-dimensional"));
        }
        let pointers = indptr.to_i64().ok_or(wrong("`indptr` does not hold integers"))?;
        let places = indices.to_i64().ok_or(wrong("`indices` does not hold integers"))?;
        if places.len() != data.len() {
            return Err(wrong("`indices` and `data` have different lengths"));
        }
        if Some(pointers.len()) != major.checked_add(1) {
            return Err(wrong("the length of `indptr` does not match the shape"));
        }
        if pointers.first() != Some(&0) || !pointers.is_sorted() {
            return Err(wrong("`indptr` is not ascending from 0"));
        }
        let stored = pointers.last().and_then(|&last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
        let places = places.get(..stored).ok_or(wrong("`indptr` ends beyond the stored values"))?;
        if !places.iter().all(|&place| usize::try_from(place).is_ok_and(|place| place < minor)) {
            return Err(wrong("an index is out of range of the shape"));
        }
        // Last, so that a scan finds wrong indices in matrices of unsupported dtypes, too.
        if !data.dtype.is_real() {
            let kind = Kind::ElementKind { expected: "numbers", found: data.dtype.to_string() };
            return Err(ValueError::new(kind, id));
        }
        Ok(Self { format, shape, data, indices, indptr })
    }

    /// The number of stored values, including explicit zeros and duplicate entries.
    pub fn stored(&self) -> usize {
        numbers(&self.indptr).last().copied().unwrap_or(0)
    }

    /// The matrix as CSR: `(indptr, indices, data)`. Duplicate entries are kept, in order.
    pub fn to_csr(&self) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
        let (indptr, mut indices) = (numbers(&self.indptr), numbers(&self.indices));
        let mut data = self.data.to_f64().unwrap_or_default();
        if self.format != SparseFormat::Csc {
            indices.truncate(self.stored());
            data.truncate(self.stored());
            return (indptr, indices, data);
        }
        let columns = indptr.windows(2).enumerate().flat_map(|(column, ends)| {
            let count = ends.last().zip(ends.first()).map_or(0, |(end, start)| end - start);
            std::iter::repeat_n(column, count)
        });
        let triples = indices.iter().copied().zip(columns).zip(data).map(|((row, column), value)| (row, column, value));
        csr_of(self.shape.0, triples.collect())
    }

    /// The dense matrix, in C order, with duplicate entries summed; `None` if that needs more than `most`
    /// numbers.
    pub fn to_dense(&self, most: usize) -> Option<Vec<f64>> {
        let (rows, columns) = self.shape;
        let size = rows.checked_mul(columns).filter(|&size| size <= most)?;
        let mut dense = vec![0.0; size];
        let (indptr, indices, data) = self.to_csr();
        for (row, ends) in indptr.windows(2).enumerate() {
            let (&start, &end) = (ends.first()?, ends.last()?);
            for (column, value) in indices.get(start..end)?.iter().zip(data.get(start..end)?) {
                *dense.get_mut(row * columns + column)? += value;
            }
        }
        Some(dense)
    }
}

/// Indices that were checked when they were read.
fn numbers(array: &NdArray) -> Vec<usize> {
    let numbers = array.to_i64().unwrap_or_default();
    numbers.into_iter().map(|number| usize::try_from(number).unwrap_or(usize::MAX)).collect()
}

fn format_of(module: &str, name: &str) -> Option<SparseFormat> {
    let rest = module.strip_prefix("scipy.sparse")?;
    if !(rest.is_empty() || rest.starts_with('.')) {
        return None;
    }
    format_named(name.strip_suffix("_matrix").or_else(|| name.strip_suffix("_array"))?)
}

fn format_named(name: &str) -> Option<SparseFormat> {
    Some(match name {
        "csr" => SparseFormat::Csr,
        "csc" => SparseFormat::Csc,
        "coo" => SparseFormat::Coo,
        "dia" => SparseFormat::Dia,
        "bsr" => SparseFormat::Bsr,
        "lil" => SparseFormat::Lil,
        "dok" => SparseFormat::Dok,
        _ => return None,
    })
}

type Triple = (usize, usize, f64);

/// Sorts triples by row, keeping the order within a row. Their rows are in range.
fn csr_of(rows: usize, mut triples: Vec<Triple>) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
    triples.sort_by_key(|&(row, ..)| row);
    let mut indptr = vec![0; rows.saturating_add(1)];
    for &(row, ..) in &triples {
        if let Some(count) = indptr.get_mut(row.saturating_add(1)) {
            *count += 1;
        }
    }
    let mut total = 0;
    for place in &mut indptr {
        total += *place;
        *place = total;
    }
    let indices = triples.iter().map(|&(_, column, _)| column).collect();
    let data = triples.iter().map(|&(.., value)| value).collect();
    (indptr, indices, data)
}

struct Reader<'a> {
    graph: &'a Graph,
    id: NodeId,
    source: Source<'a>,
}

/// The arrays.
#[derive(Clone, Copy)]
enum Source<'a> {
    Instance(&'a Instance<'a>),
    Arrays(&'a [(NodeId, NodeId)]),
}

impl Reader<'_> {
    fn read(&self, format: SparseFormat) -> Result<Sparse, ValueError> {
        let shape = self.shape()?;
        if format != SparseFormat::Csr && shape.0 > MOST_ROWS {
            return Err(self.wrong("more than 2²⁶ rows"));
        }
        match format {
            SparseFormat::Csr | SparseFormat::Csc => {
                let [data, indices, indptr] = [self.array("data")?, self.array("indices")?, self.array("indptr")?];
                Sparse::from_parts(format, shape, data, indices, indptr, self.id)
            }
            SparseFormat::Coo => self.coo(shape),
            SparseFormat::Dia => self.dia(shape),
            SparseFormat::Bsr => self.bsr(shape),
            SparseFormat::Lil => self.lil(shape),
            SparseFormat::Dok => self.dok(shape),
        }
    }

    fn attribute(&self, name: &str) -> Option<NodeId> {
        match self.source {
            Source::Instance(instance) => instance.attribute(name),
            Source::Arrays(pairs) => {
                let (_, array) = pairs.iter().find(|(key, _)| self.graph.str_of(*key) == Some(name))?;
                Some(*array)
            }
        }
    }

    fn wrong(&self, what: &'static str) -> ValueError {
        ValueError::new(Kind::SparseIndex(what), self.id)
    }

    fn missing(&self, name: &'static str) -> ValueError {
        ValueError::new(Kind::SparseAttribute(name), self.id)
    }

    fn shape(&self) -> Result<(usize, usize), ValueError> {
        let shape = self.attribute("_shape").or_else(|| self.attribute("shape"));
        match shape.and_then(|shape| self.shape_pair(shape)) {
            // Lengths beyond a 64-bit index do not occur.
            Some((rows, columns)) if i64::try_from(rows).is_ok() && i64::try_from(columns).is_ok() => {
                Ok((rows, columns))
            }
            _ => Err(self.missing("shape")),
        }
    }

    /// Two integers, of Python or of numpy; for one integer, which only one-dimensional sparse arrays have, the shape of one row.
    fn shape_pair(&self, id: NodeId) -> Option<(usize, usize)> {
        match self.graph.items(id) {
            Some(&[length]) => {
                let length = Scalar::read(self.graph, length).ok()??.as_i64()?;
                Some((1, usize::try_from(length).ok()?))
            }
            _ => self.index_pair(id),
        }
    }

    /// Two integers, of Python or of numpy.
    fn index_pair(&self, id: NodeId) -> Option<(usize, usize)> {
        if let Ok(Some(pair)) = NdArray::read(self.graph, id) {
            let &[first, second] = pair.to_i64()?.as_slice() else { return None };
            return Some((usize::try_from(first).ok()?, usize::try_from(second).ok()?));
        }
        let &[first, second] = self.graph.items(id)? else { return None };
        let index = |id| usize::try_from(Scalar::read(self.graph, id).ok()??.as_i64()?).ok();
        Some((index(first)?, index(second)?))
    }

    fn array(&self, name: &'static str) -> Result<NdArray, ValueError> {
        let id = self.attribute(name).ok_or(self.missing(name))?;
        NdArray::read(self.graph, id)?.ok_or(self.missing(name))
    }

    fn indices(&self, array: &NdArray) -> Result<Vec<usize>, ValueError> {
        let numbers = array.to_i64().ok_or(self.wrong("an index array does not hold integers"))?;
        let index = |number| usize::try_from(number).map_err(|_| self.wrong("an index is negative"));
        numbers.into_iter().map(index).collect()
    }

    fn values(&self, array: &NdArray) -> Result<Vec<f64>, ValueError> {
        let kind = || Kind::ElementKind { expected: "numbers", found: array.dtype.to_string() };
        array.to_f64().ok_or_else(|| ValueError::new(kind(), self.id))
    }

    /// Checks that an element is in the shape. Called before the numbers are read, so that matrices of unsupported dtypes
    /// are checked as well.
    fn within(&self, (rows, columns): (usize, usize), row: usize, column: usize) -> Result<(), ValueError> {
        if row < rows && column < columns { Ok(()) } else { Err(self.wrong("an index is out of range of the shape")) }
    }

    fn finish(&self, format: SparseFormat, shape: (usize, usize), triples: Vec<Triple>) -> Result<Sparse, ValueError> {
        triples.iter().try_for_each(|&(row, column, _)| self.within(shape, row, column))?;
        let (indptr, indices, data) = csr_of(shape.0, triples);
        let id = self.id;
        let integers = |numbers: &[usize]| {
            let bytes = numbers.iter().flat_map(|&number| i64::try_from(number).unwrap_or(i64::MAX).to_le_bytes());
            let dtype = DType::Int { size: 8, endian: Endian::Little };
            NdArray::from_bytes(dtype, vec![numbers.len()], Order::C, Bytes::from(bytes.collect::<Vec<u8>>()), id)
        };
        let bytes: Vec<u8> = data.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dtype = DType::Float { size: 8, endian: Endian::Little };
        let data = NdArray::from_bytes(dtype, vec![data.len()], Order::C, Bytes::from(bytes), id)?;
        Ok(Sparse { format, shape, data, indices: integers(&indices)?, indptr: integers(&indptr)? })
    }

    fn coo(&self, shape: (usize, usize)) -> Result<Sparse, ValueError> {
        let (rows, columns) = match self.attribute("coords").map(|coords| self.graph.items(coords)) {
            // Since scipy 1.13.
            Some(Some(&[rows, columns])) => {
                let read = |id| NdArray::read(self.graph, id)?.ok_or(self.missing("coords"));
                (read(rows)?, read(columns)?)
            }
            Some(_) => return Err(self.missing("coords")),
            None => (self.array("row")?, self.array("col")?),
        };
        let (rows, columns) = (self.indices(&rows)?, self.indices(&columns)?);
        let data = self.array("data")?;
        if rows.len() != columns.len() || rows.len() != data.len() {
            return Err(self.wrong("its arrays have different lengths"));
        }
        rows.iter().zip(&columns).try_for_each(|(&row, &column)| self.within(shape, row, column))?;
        let data = self.values(&data)?;
        let triples = rows.into_iter().zip(columns).zip(data).map(|((row, column), value)| (row, column, value));
        self.finish(SparseFormat::Coo, shape, triples.collect())
    }

    fn dia(&self, shape: (usize, usize)) -> Result<Sparse, ValueError> {
        let data = self.array("data")?;
        let offsets = self.array("offsets")?.to_i64().ok_or(self.missing("offsets"))?;
        let &[diagonals, width] = data.shape.as_slice() else { return Err(self.missing("data")) };
        if diagonals != offsets.len() {
            return Err(self.wrong("`offsets` and `data` have different lengths"));
        }
        let values = self.values(&data)?;
        let mut triples = Vec::new();
        // A diagonal of zero width has no values: `chunks` would panic.
        for (offset, diagonal) in offsets.iter().zip(values.chunks(width.max(1))) {
            for (column, &value) in diagonal.iter().enumerate().take(shape.1) {
                let row = i64::try_from(column).ok().and_then(|column| column.checked_sub(*offset));
                match row.and_then(|row| usize::try_from(row).ok()) {
                    Some(row) if row < shape.0 && value != 0.0 => triples.push((row, column, value)),
                    _ => {}
                }
            }
        }
        self.finish(SparseFormat::Dia, shape, triples)
    }

    fn bsr(&self, shape: (usize, usize)) -> Result<Sparse, ValueError> {
        let data = self.array("data")?;
        let &[blocks, height, width] = data.shape.as_slice() else { return Err(self.missing("data")) };
        let (indices, indptr) = (self.indices(&self.array("indices")?)?, self.indices(&self.array("indptr")?)?);
        let (size, rises) = (height.saturating_mul(width), indptr.is_sorted());
        if !rises || indptr.last().is_none_or(|&last| last > blocks) || indices.len() != blocks || size == 0 {
            return Err(self.wrong("`indptr`, `indices` and `data` do not match"));
        }
        let is_whole = |length: usize, blocks: usize, size: usize| blocks.checked_mul(size) == Some(length);
        let is_within = |&block: &usize| block < shape.1 / width;
        if !is_whole(shape.0, indptr.len().saturating_sub(1), height) || !indices.iter().all(is_within) {
            return Err(self.wrong("an index is out of range of the shape"));
        }
        let values = self.values(&data)?;
        let mut triples = Vec::new();
        for (block_row, ends) in indptr.windows(2).enumerate() {
            let (start, end) = (ends.first().copied().unwrap_or(0), ends.last().copied().unwrap_or(0));
            let places = indices.get(start..end).unwrap_or_default();
            for (&block_column, block) in places.iter().zip(values.chunks_exact(size).skip(start)) {
                for (at, &value) in block.iter().enumerate() {
                    let row = block_row.saturating_mul(height).saturating_add(at / width);
                    let column = block_column.saturating_mul(width).saturating_add(at % width);
                    triples.push((row, column, value));
                }
            }
        }
        self.finish(SparseFormat::Bsr, shape, triples)
    }

    fn lil(&self, shape: (usize, usize)) -> Result<Sparse, ValueError> {
        let (rows, data) = (self.array("rows")?, self.array("data")?);
        let (Some(rows), Some(data)) = (rows.objects(), data.objects()) else { return Err(self.missing("rows")) };
        if rows.len() != shape.0 || data.len() != shape.0 {
            return Err(self.wrong("the lengths of `rows` and `data` do not match the shape"));
        }
        let mut places = Vec::new();
        for (row, (&columns, &values)) in rows.iter().zip(data).enumerate() {
            let lists = self.graph.items(columns).zip(self.graph.items(values));
            let lists = lists.filter(|(columns, values)| columns.len() == values.len());
            let (columns, values) = lists.ok_or(self.wrong("a row has not as many values as columns"))?;
            for (&column, &value) in columns.iter().zip(values) {
                let column = Scalar::read(self.graph, column)?.and_then(|column| column.as_i64());
                let column = column.and_then(|column| usize::try_from(column).ok());
                let column = column.ok_or(self.wrong("a column is not an index"))?;
                self.within(shape, row, column)?;
                places.push((row, column, value));
            }
            // Many rows of a small file may share one list.
            if places.len() > self.graph.len() {
                return Err(self.wrong("its rows share their lists"));
            }
        }
        let mut triples = Vec::with_capacity(places.len());
        for (row, column, value) in places {
            triples.push((row, column, self.number(value)?));
        }
        self.finish(SparseFormat::Lil, shape, triples)
    }

    fn dok(&self, shape: (usize, usize)) -> Result<Sparse, ValueError> {
        let mut places = std::collections::BTreeMap::new();
        let Source::Instance(instance) = self.source else { return Err(self.missing("format")) };
        let state = instance.attribute("_dict").or_else(|| instance.arguments().get(1).copied());
        let stored = match state.map(|state| self.graph.node(state)) {
            Some(Node::Dict(pairs)) => pairs.as_slice(),
            _ => &[],
        };
        for (key, value) in stored.iter().copied().chain(instance.items()) {
            let (row, column) = self.index_pair(key).ok_or(self.wrong("a key is not a pair of indices"))?;
            self.within(shape, row, column)?;
            places.insert((row, column), value);
        }
        let mut triples = Vec::with_capacity(places.len());
        for ((row, column), value) in places {
            triples.push((row, column, self.number(value)?));
        }
        self.finish(SparseFormat::Dok, shape, triples)
    }

    fn number(&self, id: NodeId) -> Result<f64, ValueError> {
        let number = Scalar::read(self.graph, id)?.and_then(|value| value.as_f64());
        number.ok_or(self.missing("data"))
    }
}
