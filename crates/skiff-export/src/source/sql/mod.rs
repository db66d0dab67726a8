//! SQL, for PostgreSQL and DuckDB: a query whose columns are the elements of a program's arrays.
//!
//! Each element of each array is a column of its own: loops are written out, and moves of elements are other names of the
//! same columns. NaN is equal to itself in both databases and greater than all other numbers, which comparisons correct.

mod functions;
mod trees;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io;

use super::language::in_one_line;
use super::program::{Apply, Array, Function, Place, Program, Step, Value};
use crate::graph::{DType, Elements};

/// How many columns a query has at most: PostgreSQL allows 1664.
const MOST_COLUMNS: usize = 1_600;
/// How long a query may be.
const MOST_BYTES: usize = 16 << 20;
/// How deep expressions are nested at most: DuckDB allows 1000.
const DEEPEST: usize = 300;
/// How many terms a sum has in one expression.
const MOST_TERMS: usize = 200;
/// How many elements an expression chooses from.
const MOST_CHOICES: usize = 500;

/// Why a text is refused.
const ZERO: &str = "a text of PostgreSQL has no character of number zero";

/// The type of numbers, which both databases have by this name.
const DOUBLE: &str = "::float8";

/// A scalar of a row.
#[derive(Clone, Debug)]
enum Atom {
    /// A column of the query.
    Column(usize),
    /// An element, counted from 1, of a column that is an array.
    Element(usize, usize),
    Number(f64),
    Integer(i64),
    Truth(bool),
    Text(String),
}

impl Atom {
    /// The column that it reads.
    fn read(&self) -> Option<usize> {
        match self {
            Self::Column(column) | Self::Element(column, _) => Some(*column),
            _ => None,
        }
    }
}

/// A column of the query.
struct Column {
    name: String,
    expression: String,
    /// The columns that it reads.
    reads: Vec<usize>,
    /// After how many other ones it can be computed.
    level: usize,
}

/// The columns that a step keeps of the one before it, and those that it computes.
pub(super) type Selected = (Vec<usize>, Vec<usize>);

/// What a method returns: names, and where they are.
type Outputs = Vec<(String, Atom)>;

/// A query that is written.
pub(super) struct Query {
    columns: Vec<Column>,
    outputs: Outputs,
    /// The forests whose nodes are tables.
    forests: BTreeSet<usize>,
    bytes: usize,
}

/// The arrays of the method that is written.
struct Writing<'a> {
    query: &'a mut Query,
    program: &'a Program,
    locals: HashMap<usize, Vec<Atom>>,
    inputs: Vec<Vec<Atom>>,
    prefix: String,
}

impl Query {
    /// The query of functions of a program.
    pub(super) fn of(program: &Program, functions: &[Function]) -> Result<Self, String> {
        let mut query = Self { columns: Vec::new(), outputs: Vec::new(), forests: BTreeSet::new(), bytes: 0 };
        let has_zero =
            |texts: &Elements| matches!(texts, Elements::Str(texts) if texts.iter().any(|text| text.contains('\0')));
        if program.constants.iter().any(|constant| has_zero(&constant.elements)) {
            return Err(ZERO.to_owned());
        }
        for (number, function) in functions.iter().enumerate() {
            let prefix = if functions.len() == 1 { "t".to_owned() } else { format!("m{number}_t") };
            query.add(program, function, prefix)?;
        }
        Ok(query)
    }

    fn add(&mut self, program: &Program, function: &Function, prefix: String) -> Result<(), String> {
        let mut inputs = Vec::new();
        match function.table() {
            Some(length) => {
                let names = names(program, length);
                let columns = names.iter().enumerate().map(|(at, name)| self.input(at, name, DType::F64));
                inputs.push(columns.collect::<Result<_, _>>()?);
            }
            None => {
                for (at, input) in function.columns() {
                    inputs.push(vec![self.input(at, &input.name, input.dtype)?]);
                }
            }
        }
        let mut writing = Writing { query: self, program, locals: HashMap::new(), inputs, prefix };
        for step in &function.steps {
            writing.step(step)?;
            if writing.query.bytes > MOST_BYTES {
                return Err(format!("the query takes more than {} MiB", MOST_BYTES >> 20));
            }
        }
        for output in &function.outputs {
            let atoms = writing.array(output.array);
            if output.is_one {
                writing.query.outputs.push((output.name.clone(), atoms[0].clone()));
            } else {
                let named = atoms.into_iter().enumerate().map(|(at, atom)| (format!("{}_{at}", output.name), atom));
                writing.query.outputs.extend(named);
            }
        }
        Ok(())
    }

    /// The column of an input, which several methods share.
    fn input(&mut self, at: usize, name: &str, dtype: DType) -> Result<Atom, String> {
        let own = format!("x{at}");
        if name.contains('\0') {
            return Err("the name of a column has a character of number zero".to_owned());
        }
        let name = identifier(name);
        let expression = match dtype {
            DType::Str => format!("data.{name}::text"),
            _ => format!("COALESCE(data.{name}{DOUBLE}, 'NaN'{DOUBLE})"),
        };
        if let Some(there) = self.columns.iter().position(|column| column.name == own) {
            let is_same = self.columns[there].expression == expression;
            return if is_same { Ok(Atom::Column(there)) } else { Err("it takes another table".to_owned()) };
        }
        self.columns.push(Column { name: own, expression, reads: Vec::new(), level: 0 });
        Ok(Atom::Column(self.columns.len() - 1))
    }

    fn text(&self, atom: &Atom) -> String {
        match atom {
            Atom::Column(column) => self.columns[*column].name.clone(),
            Atom::Element(column, place) => format!("{}[{place}]", self.columns[*column].name),
            Atom::Number(value) => number(*value),
            Atom::Integer(value) => format!("'{value}'::bigint"),
            Atom::Truth(value) => value.to_string(),
            Atom::Text(value) => text(value),
        }
    }

    /// The name of the table of a forest's nodes.
    fn forest(number: usize) -> String {
        format!("forest{number}")
    }

    /// Writes the whole query, whose [`Query::steps`] are these.
    pub(super) fn write(
        &self,
        program: &Program,
        steps: &[Selected],
        notes: &[String],
        file: &mut dyn io::Write,
    ) -> io::Result<()> {
        let mut out = String::new();
        for note in notes {
            let _ = writeln!(out, "-- {}", in_one_line(note));
        }
        out.push_str(
            "--\n-- For PostgreSQL 12 and DuckDB: the rows of the table `data`, which has the columns of the model, with what the\n-- \
             model answers. NULL is a missing value.\n\n",
        );
        file.write_all(out.as_bytes())?;
        for (at, &number) in self.forests.iter().enumerate() {
            file.write_all(if at == 0 { b"WITH\n" } else { b",\n" })?;
            let nodes = walk::Nodes::of(&program.forests[number]).map_err(io::Error::other)?;
            nodes.write(&Self::forest(number), file)?;
        }
        out.clear();
        if !self.forests.is_empty() {
            out.push('\n');
        }
        out.push_str("SELECT data.*, model.*\nFROM data\nCROSS JOIN LATERAL (\n");
        for (level, (live, own)) in steps.iter().enumerate() {
            let begin = if level == 0 { "    WITH" } else { "    " };
            let _ = writeln!(out, "{begin} step{level} AS MATERIALIZED (\n        SELECT");
            let kept = live.iter().map(|&column| format!("            {}", self.columns[column].name));
            let new = own.iter().map(|&column| {
                let Column { name, expression, .. } = &self.columns[column];
                format!("            {expression} AS {name}")
            });
            out.push_str(&kept.chain(new).collect::<Vec<_>>().join(",\n"));
            if level > 0 {
                let _ = write!(out, "\n        FROM step{}", level - 1);
            }
            out.push_str(if level + 1 == steps.len() { "\n    )\n" } else { "\n    ),\n" });
        }
        let answers =
            self.outputs.iter().map(|(name, atom)| format!("        {} AS {}", self.text(atom), identifier(name)));
        let _ = writeln!(out, "    SELECT\n{}", answers.collect::<Vec<_>>().join(",\n"));
        let _ = writeln!(out, "    FROM step{}\n) AS model;", steps.len() - 1);
        file.write_all(out.as_bytes())
    }

    /// The columns that each step keeps, and those that it computes.
    pub(super) fn steps(&self) -> Result<Vec<Selected>, String> {
        let levels = self.columns.iter().map(|column| column.level).max().unwrap_or(0) + 1;
        // The last step that reads each column.
        let mut last = vec![0; self.columns.len()];
        for column in &self.columns {
            for &read in &column.reads {
                last[read] = last[read].max(column.level);
            }
        }
        for (_, atom) in &self.outputs {
            if let Some(column) = atom.read() {
                last[column] = levels;
            }
        }
        let mut steps = vec![(Vec::new(), Vec::new()); levels];
        for (at, column) in self.columns.iter().enumerate() {
            steps[column.level].1.push(at);
        }
        let mut live: Vec<usize> = Vec::new();
        for (level, (kept, own)) in steps.iter_mut().enumerate() {
            live.retain(|&column| last[column] >= level);
            if live.len() + own.len() > MOST_COLUMNS || self.outputs.len() > MOST_COLUMNS {
                return Err(format!("a row takes more than {MOST_COLUMNS} columns, and PostgreSQL allows 1664"));
            }
            kept.extend(live.iter().copied().filter(|&column| last[column] > level));
            live.extend(own.iter().copied());
        }
        Ok(steps)
    }
}

/// The names of the columns of a table of numbers.
fn names(program: &Program, length: usize) -> Vec<String> {
    let is_named = |name: &String| {
        !name.is_empty() && !name.contains('\0') && program.features.iter().filter(|other| *other == name).count() == 1
    };
    if program.features.len() == length && program.features.iter().all(is_named) {
        return program.features.clone();
    }
    (0..length).map(|at| format!("x{at}")).collect()
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => format!("'NaN'{DOUBLE}"),
        f64::INFINITY => format!("'Infinity'{DOUBLE}"),
        f64::NEG_INFINITY => format!("'-Infinity'{DOUBLE}"),
        value => format!("'{value:?}'{DOUBLE}"),
    }
}

impl Writing<'_> {
    fn array(&self, array: Array) -> Vec<Atom> {
        match array {
            Array::Input(at) => self.inputs[at].clone(),
            Array::Local(at) => self.locals.get(&at).cloned().unwrap_or_default(),
            Array::Constant(at) => match &self.program.constants[at].elements {
                Elements::F64(values) => values.iter().map(|value| Atom::Number(value.value())).collect(),
                Elements::I64(values) => values.iter().copied().map(Atom::Integer).collect(),
                Elements::Bool(values) => values.iter().copied().map(Atom::Truth).collect(),
                Elements::Str(values) => values.iter().cloned().map(Atom::Text).collect(),
            },
        }
    }

    /// A column of this expression, whose atoms are those.
    fn column(&mut self, name: String, expression: String, atoms: &[&Atom]) -> Atom {
        let reads: BTreeSet<usize> = atoms.iter().filter_map(|atom| atom.read()).collect();
        let level = reads.iter().map(|&column| self.query.columns[column].level + 1).max().unwrap_or(0);
        self.query.bytes += expression.len() + name.len();
        self.query.columns.push(Column { name, expression, reads: reads.into_iter().collect(), level });
        Atom::Column(self.query.columns.len() - 1)
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Elements { to, dtype, length, value } => {
                let mut atoms = Vec::with_capacity(*length);
                for i in 0..*length {
                    let name = format!("{}{to}_{i}", self.prefix);
                    atoms.push(self.element(name, *dtype, value, i)?);
                }
                self.locals.insert(*to, atoms);
            }
            Step::Call { helper, to, from, numbers } => self.call(*helper, to, from, numbers)?,
            Step::Trees { to, from, forest } => self.trees(*to, *from, *forest)?,
            Step::Encode { to, from, encoder, .. } => {
                let places = &self.program.encoders[*encoder];
                if places.len() > MOST_CHOICES {
                    return Err(format!("a column has more than {MOST_CHOICES} categories"));
                }
                if places.iter().any(|(text, _)| text.contains('\0')) {
                    return Err(ZERO.to_owned());
                }
                let cases: String = places.iter().map(|(own, at)| format!(" WHEN {} THEN {at}", text(own))).collect();
                let mut atoms = Vec::new();
                for (i, atom) in self.array(*from).iter().enumerate() {
                    let name = format!("{}{to}_{i}", self.prefix);
                    let chosen = if cases.is_empty() {
                        "-1::bigint".to_owned()
                    } else {
                        format!("(CASE {}{cases} ELSE -1 END)::bigint", self.query.text(atom))
                    };
                    atoms.push(self.column(name, chosen, &[atom]));
                }
                self.locals.insert(*to, atoms);
            }
            Step::Refuse { reason, .. } => {
                return Err(format!("some rows are refused ({reason}), and a query answers all"));
            }
        }
        Ok(())
    }

    /// One element of a loop.
    fn element(&mut self, name: String, dtype: DType, value: &Value, i: usize) -> Result<Atom, String> {
        let Value::Apply(function, arguments) = value else { return self.atom(value, i) };
        let atoms = arguments.iter().map(|argument| self.atom(argument, i)).collect::<Result<Vec<_>, _>>()?;
        if matches!(function, Apply::Cast(DType::F32, DType::F64)) {
            // It is a double that has been rounded.
            return Ok(atoms[0].clone());
        }
        let expression = self.apply(*function, &atoms)?;
        let all: Vec<&Atom> = atoms.iter().collect();
        if dtype == DType::F32 && !matches!(function, Apply::Cast(..)) {
            let exact = self.column(format!("{name}_exact"), expression, &all);
            let rounded = self.apply(Apply::Cast(DType::F64, DType::F32), std::slice::from_ref(&exact))?;
            return Ok(self.column(name, rounded, &[&exact]));
        }
        Ok(self.column(name, expression, &all))
    }

    fn atom(&self, value: &Value, i: usize) -> Result<Atom, String> {
        Ok(match value {
            Value::Number(value) => Atom::Number(*value),
            Value::Integer(value) => Atom::Integer(*value),
            Value::Truth(value) => Atom::Truth(*value),
            Value::Text(value) => Atom::Text(value.clone()),
            Value::Element(array, place) => {
                let missing = || "an element that is not there".to_owned();
                self.array(*array).get(index(place, i)).cloned().ok_or_else(missing)?
            }
            Value::Apply(..) => return Err("a nested expression".to_owned()),
        })
    }

    /// The place of the first element that is so to all elements after it.
    fn best(&self, lane: &[Atom], sign: &str) -> Result<String, String> {
        if lane.len() > MOST_CHOICES {
            return Err(format!("it chooses from more than {MOST_CHOICES} elements"));
        }
        let texts: Vec<String> = lane.iter().map(|atom| self.query.text(atom)).collect();
        let mut cases = String::new();
        for (at, text) in texts.iter().enumerate().take(texts.len().saturating_sub(1)) {
            let all = texts[at + 1..].iter().map(|other| format!("{text} {sign} {other}"));
            let _ = write!(cases, " WHEN {} THEN {at}", all.collect::<Vec<_>>().join(" AND "));
        }
        Ok(match texts.len() {
            0 | 1 => "0::bigint".to_owned(),
            length => format!("(CASE{cases} ELSE {} END)::bigint", length - 1),
        })
    }

    /// The choice at a place.
    fn chosen(&mut self, name: String, place: &Atom, choices: &[Atom]) -> Result<Atom, String> {
        if let Atom::Integer(place) = place {
            let place = usize::try_from(*place).ok().and_then(|place| choices.get(place));
            return place.cloned().ok_or_else(|| "an element that is not there".to_owned());
        }
        if choices.len() > MOST_CHOICES {
            return Err(format!("it chooses from more than {MOST_CHOICES} elements"));
        }
        let Some((last, others)) = choices.split_last() else { return Err("a choice from nothing".to_owned()) };
        let cases = others.iter().enumerate().map(|(at, atom)| format!(" WHEN {at} THEN {}", self.query.text(atom)));
        let cases: String = cases.collect();
        let (place_text, last_text) = (self.query.text(place), self.query.text(last));
        let expression = match cases.is_empty() {
            true => return Ok(last.clone()),
            false => format!("CASE {place_text}{cases} ELSE {last_text} END"),
        };
        let atoms: Vec<&Atom> = choices.iter().chain([place]).collect();
        Ok(self.column(name, expression, &atoms))
    }

    /// A sum in the order of its terms; long ones in parts.
    fn sum(&mut self, name: &str, terms: &[(String, Vec<Atom>)], dtype: DType) -> Atom {
        if terms.is_empty() {
            return if dtype == DType::I64 { Atom::Integer(0) } else { Atom::Number(0.0) };
        }
        let count = terms.len().div_ceil(MOST_TERMS);
        let mut before: Option<Atom> = None;
        for (part, terms) in terms.chunks(MOST_TERMS).enumerate() {
            let start = before.iter().map(|atom| self.query.text(atom));
            let text = start.chain(terms.iter().map(|(text, _)| text.clone())).collect::<Vec<_>>().join(" + ");
            let atoms: Vec<&Atom> = before.iter().chain(terms.iter().flat_map(|(_, atoms)| atoms)).collect();
            let own = if part + 1 == count { name.to_owned() } else { format!("{name}_part{part}") };
            before = Some(self.column(own, text, &atoms));
        }
        before.unwrap_or(Atom::Number(0.0))
    }
}

/// The number of the element at `i`.
fn index(place: &Place, i: usize) -> usize {
    let term = |term: &super::program::Term| {
        let at = i / term.divided;
        term.wrapped.map_or(at, |length| at % length) * term.times
    };
    place.0.iter().map(term).sum()
}
