//! SQL, for PostgreSQL and DuckDB: a query whose columns are the elements of a program's arrays.
//!
//! Each element of each array is a column of its own: loops are written out, and moves of elements are other names of the
//! same columns. NaN is equal to itself in both databases and greater than all other numbers, which comparisons correct.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use super::language::in_one_line;
use super::program::{Apply, Array, Function, Helper, Place, Program, Step, Value};
use crate::graph::{DType, Elements, Forest, Step as Branch, Test};

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
    Number(f64),
    Integer(i64),
    Truth(bool),
    Text(String),
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
type Selected = (Vec<usize>, Vec<usize>);

/// What a method returns: names, and where they are.
type Outputs = Vec<(String, Atom)>;

/// A query that is written.
pub(super) struct Query {
    columns: Vec<Column>,
    outputs: Outputs,
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
        let mut query = Self { columns: Vec::new(), outputs: Vec::new(), bytes: 0 };
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

    /// Whether it can be written.
    pub(super) fn check(&self) -> Result<(), String> {
        self.steps().map(drop)
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
            Atom::Number(value) => number(*value),
            Atom::Integer(value) => format!("'{value}'::bigint"),
            Atom::Truth(value) => value.to_string(),
            Atom::Text(value) => text(value),
        }
    }

    /// The whole query.
    pub(super) fn written(&self, notes: &[String]) -> Result<String, String> {
        let mut out = String::new();
        for note in notes {
            let _ = writeln!(out, "-- {}", in_one_line(note));
        }
        out.push_str(
            "--\n-- For PostgreSQL 12 and DuckDB: the rows of the table `data`, which has the columns of the model, with what the\n-- \
             model answers. NULL is a missing value.\n\nSELECT data.*, model.*\nFROM data\nCROSS JOIN LATERAL (\n",
        );
        let steps = self.steps()?;
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
        Ok(out)
    }

    /// The columns that each step keeps, and those that it computes.
    fn steps(&self) -> Result<Vec<Selected>, String> {
        let levels = self.columns.iter().map(|column| column.level).max().unwrap_or(0) + 1;
        // The last step that reads each column.
        let mut last = vec![0; self.columns.len()];
        for column in &self.columns {
            for &read in &column.reads {
                last[read] = last[read].max(column.level);
            }
        }
        for (_, atom) in &self.outputs {
            if let Atom::Column(column) = atom {
                last[*column] = levels;
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
        let reads: BTreeSet<usize> = atoms
            .iter()
            .filter_map(|atom| match atom {
                Atom::Column(column) => Some(*column),
                _ => None,
            })
            .collect();
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

    fn apply(&self, function: Apply, atoms: &[Atom]) -> Result<String, String> {
        let texts: Vec<String> = atoms.iter().map(|atom| self.query.text(atom)).collect();
        let a = texts.first().map_or("", String::as_str);
        let b = texts.get(1).map_or("", String::as_str);
        let (nan, infinity) = (number(f64::NAN), number(f64::INFINITY));
        // A comparison with NaN is false; it is the greatest number here.
        let compare = |less: usize, sign: &str, greater: usize| match atoms[greater] {
            Atom::Column(_) => {
                format!("({} {sign} {} AND {} <> {nan})", texts[less], texts[greater], texts[greater])
            }
            Atom::Number(value) if value.is_nan() => "false".to_owned(),
            _ => format!("{} {sign} {}", texts[less], texts[greater]),
        };
        let are_whole = matches!(atoms.first(), Some(Atom::Integer(_) | Atom::Truth(_)));
        Ok(match function {
            Apply::Abs => format!("abs({a})"),
            Apply::Add => format!("{a} + {b}"),
            Apply::And => format!("({a} AND {b})"),
            Apply::Or => format!("({a} OR {b})"),
            Apply::Not => format!("NOT {a}"),
            Apply::Cast(DType::Bool, DType::Bool) => a.to_owned(),
            Apply::Cast(DType::Bool, DType::I64) => format!("(CASE WHEN {a} THEN 1 ELSE 0 END)::bigint"),
            Apply::Cast(DType::Bool, _) => format!("(CASE WHEN {a} THEN 1 ELSE 0 END){DOUBLE}"),
            Apply::Cast(_, DType::Bool) => format!("{a} <> 0"),
            Apply::Cast(DType::I64, DType::I64) => a.to_owned(),
            // Casts to integers round here.
            Apply::Cast(_, DType::I64) => format!("trunc({a})::bigint"),
            Apply::Cast(DType::I64, DType::F64) => format!("{a}{DOUBLE}"),
            // Casts of what rounds to zero or to infinity are errors. Half-way between the greatest float and the next
            // power of two is rounded up, and half of the least one is rounded to zero.
            Apply::Cast(_, DType::F32) => format!(
                "CASE WHEN {a} = {nan} THEN {a} WHEN abs({a}) <= '7.006492321624085e-46'{DOUBLE} THEN '0'{DOUBLE} WHEN \
                 abs({a}) < '3.4028235677973366e38'{DOUBLE} THEN {a}::float4{DOUBLE} WHEN {a} > 0 THEN {infinity} ELSE \
                 -{infinity} END"
            ),
            Apply::Cast(_, DType::F64) => a.to_owned(),
            Apply::Cast(_, DType::Str) => return Err("numbers as texts".to_owned()),
            Apply::Ceil => format!("ceil({a})"),
            Apply::Floor => format!("floor({a})"),
            // DuckDB rounds half-way cases away from zero.
            Apply::Round => {
                format!("CASE WHEN abs({a} - trunc({a})) = '0.5'{DOUBLE} THEN 2 * round({a} / 2) ELSE round({a}) END")
            }
            Apply::Div => match atoms[1] {
                Atom::Number(value) if value != 0.0 => format!("{a} / {b}"),
                _ => format!(
                    "CASE WHEN {b} <> 0 THEN {a} / {b} WHEN {a} = 0 OR {a} = {nan} THEN {nan} WHEN ({a} > 0) = ({b}::text \
                     NOT LIKE '-%') THEN {infinity} ELSE -{infinity} END"
                ),
            },
            Apply::Equal if are_whole => format!("{a} = {b}"),
            Apply::Equal => match (&atoms[0], &atoms[1]) {
                (_, Atom::Number(value)) if !value.is_nan() => format!("{a} = {b}"),
                (_, Atom::Integer(_) | Atom::Truth(_)) => format!("{a} = {b}"),
                _ => format!("({a} = {b} AND {a}::text <> 'NaN' AND {a}::text <> 'nan')"),
            },
            Apply::EqualText => format!("{a} IS NOT DISTINCT FROM {b}"),
            // Results out of range are errors in PostgreSQL, and subnormal ones are.
            Apply::Exp => format!(
                "CASE WHEN {a} = {nan} THEN {a} WHEN {a} > '709.782712893384'{DOUBLE} THEN {infinity} WHEN {a} < \
                 '-745.1332191019411'{DOUBLE} THEN '0'{DOUBLE} WHEN {a} < '-708'{DOUBLE} THEN exp({a} + 700) * \
                 exp('-700'{DOUBLE}) ELSE exp({a}) END"
            ),
            Apply::Greater => compare(1, "<", 0),
            Apply::GreaterOrEqual => compare(1, "<=", 0),
            Apply::Less => compare(0, "<", 1),
            Apply::LessOrEqual => compare(0, "<=", 1),
            Apply::IsInf => format!("abs({a}) = {infinity}"),
            Apply::IsNaN => format!("{a} = {nan}"),
            Apply::Log => {
                format!("CASE WHEN {a} > 0 THEN ln({a}) WHEN {a} = 0 THEN -{infinity} ELSE {nan} END")
            }
            Apply::Mul => format!("{a} * {b}"),
            Apply::Neg => format!("-{a}"),
            Apply::Pow => match atoms[1] {
                Atom::Number(2.0) => format!("{a} * {a}"),
                _ => return Err("powers, whose special cases differ between databases".to_owned()),
            },
            Apply::Sign => format!(
                "CASE WHEN {a} = {nan} THEN {a} WHEN {a} > 0 THEN '1'{DOUBLE} WHEN {a} < 0 THEN '-1'{DOUBLE} ELSE \
                 '0'{DOUBLE} END"
            ),
            Apply::Sqrt => format!("CASE WHEN {a} < 0 THEN {nan} ELSE sqrt({a}) END"),
            Apply::Sub => format!("{a} - {b}"),
            Apply::Tanh => format!("tanh({a})"),
            Apply::Where => format!("CASE WHEN {a} THEN {b} ELSE {} END", texts[2]),
            Apply::Cos | Apply::Sin => return Err("sines, whose last digits differ between databases".to_owned()),
        })
    }

    fn call(
        &mut self,
        helper: Helper,
        to: &[(usize, DType, usize)],
        from: &[Array],
        numbers: &[usize],
    ) -> Result<(), String> {
        let x = self.array(from[0]);
        let (own, dtype, _) = to[0];
        let name = |writing: &Self, at: usize| format!("{}{own}_{at}", writing.prefix);
        // The elements of each lane along an axis.
        let lanes = |x: &[Atom]| -> Vec<Vec<Atom>> {
            let &[outer, length, inner] = &numbers[..3] else { return Vec::new() };
            let lane = |o: usize, j: usize| (0..length).map(|k| x[(o * length + k) * inner + j].clone()).collect();
            (0..outer).flat_map(|o| (0..inner).map(move |j| (o, j))).map(|(o, j)| lane(o, j)).collect()
        };
        let mut atoms = Vec::new();
        match helper {
            Helper::Copy => {
                let &[to_start, to_step, start, step, count, outer] = numbers else { return Ok(()) };
                let mut whole = self.locals.remove(&own).unwrap_or_default();
                whole.resize(whole.len().max(to_start + to_step * (outer - 1) + count), Atom::Integer(0));
                for o in 0..outer {
                    for i in 0..count {
                        whole[to_start + o * to_step + i] = x[start + o * step + i].clone();
                    }
                }
                self.locals.insert(own, whole);
                return Ok(());
            }
            Helper::Sum => {
                for (at, lane) in lanes(&x).into_iter().enumerate() {
                    let terms = lane.into_iter().map(|atom| (self.query.text(&atom), vec![atom]));
                    let terms: Vec<(String, Vec<Atom>)> = terms.collect();
                    atoms.push(self.sum(&name(self, at), &terms, dtype));
                }
            }
            Helper::MatMul => {
                let (y, [rows, inner, columns]) = (self.array(from[1]), [numbers[0], numbers[1], numbers[2]]);
                for row in 0..rows {
                    for column in 0..columns {
                        let term = |k: usize| {
                            let (a, b) = (&x[row * inner + k], &y[k * columns + column]);
                            let product = format!("{} * {}", self.query.text(a), self.query.text(b));
                            (product, vec![a.clone(), b.clone()])
                        };
                        let terms: Vec<(String, Vec<Atom>)> = (0..inner).map(term).collect();
                        atoms.push(self.sum(&name(self, row * columns + column), &terms, dtype));
                    }
                }
            }
            Helper::CumSum if dtype == DType::F32 => return Err("sums in single precision".to_owned()),
            Helper::CumSum => {
                let &[outer, length, inner] = &numbers[..3] else { return Ok(()) };
                for at in 0..outer * length * inner {
                    atoms.push(if at / inner % length == 0 {
                        x[at].clone()
                    } else {
                        let (before, own): (Atom, &Atom) = (Atom::clone(&atoms[at - inner]), &x[at]);
                        let sum = format!("{} + {}", self.query.text(&before), self.query.text(own));
                        self.column(name(self, at), sum, &[&before, own])
                    });
                }
            }
            Helper::ArgMax | Helper::LastArgMax | Helper::ArgMin => {
                let sign = match helper {
                    Helper::ArgMax => ">=",
                    Helper::LastArgMax => ">",
                    _ => "<=",
                };
                for (at, lane) in lanes(&x).into_iter().enumerate() {
                    let chosen = self.best(&lane, sign)?;
                    atoms.push(self.column(name(self, at), chosen, &lane.iter().collect::<Vec<_>>()));
                }
            }
            Helper::Max | Helper::Min => {
                for (at, lane) in lanes(&x).into_iter().enumerate() {
                    let all = lane.iter().map(|atom| self.query.text(atom)).collect::<Vec<_>>().join(", ");
                    let nan = number(f64::NAN);
                    let chosen = match helper {
                        Helper::Max => format!("GREATEST({all})"),
                        _ if dtype == DType::I64 => format!("LEAST({all})"),
                        _ => format!("CASE WHEN GREATEST({all}) = {nan} THEN {nan} ELSE LEAST({all}) END"),
                    };
                    atoms.push(self.column(name(self, at), chosen, &lane.iter().collect::<Vec<_>>()));
                }
            }
            Helper::Gather => {
                let (places, [outer, length, inner]) = (self.array(from[1]), [numbers[0], numbers[1], numbers[2]]);
                for o in 0..outer {
                    for (q, place) in places.iter().enumerate() {
                        for j in 0..inner {
                            let choices: Vec<Atom> =
                                (0..length).map(|k| x[(o * length + k) * inner + j].clone()).collect();
                            let at = (o * places.len() + q) * inner + j;
                            atoms.push(self.chosen(name(self, at), place, &choices)?);
                        }
                    }
                }
            }
            Helper::GatherElements => {
                let places = self.array(from[1]);
                let &[outer, length, inner, count] = numbers else { return Ok(()) };
                for (at, place) in places.iter().enumerate().take(outer * count * inner) {
                    let (o, j) = (at / inner / count, at % inner);
                    let choices: Vec<Atom> = (0..length).map(|k| x[(o * length + k) * inner + j].clone()).collect();
                    atoms.push(self.chosen(name(self, at), place, &choices)?);
                }
            }
            Helper::TopK => return Err("a query does not sort the elements of a row".to_owned()),
            Helper::Trees => {}
        }
        self.locals.insert(own, atoms);
        Ok(())
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

    fn trees(&mut self, to: usize, from: Array, forest: usize) -> Result<(), String> {
        let program = self.program;
        let (forest, x) = (&program.forests[forest], self.array(from));
        // The features have their names where each column is the feature of the same number.
        let features = if forest.n_features == program.features.len() { &program.features[..] } else { &[] };
        let mut atoms = Vec::with_capacity(forest.trees.len());
        for (at, tree) in forest.trees.iter().enumerate() {
            let mut reads = BTreeSet::new();
            let expression = self.tree(forest, tree.root, &x, features, &mut reads)?;
            let reads: Vec<&Atom> = reads.into_iter().filter_map(|feature| x.get(feature)).collect();
            let name = format!("{}{to}_{at}", self.prefix);
            atoms.push(self.column(name, expression, &reads));
            if self.query.bytes > MOST_BYTES {
                return Err(format!("the query takes more than {} MiB", MOST_BYTES >> 20));
            }
        }
        self.locals.insert(to, atoms);
        Ok(())
    }

    /// Nested conditions.
    fn tree(
        &self,
        forest: &Forest,
        root: Branch,
        x: &[Atom],
        features: &[String],
        reads: &mut BTreeSet<usize>,
    ) -> Result<String, String> {
        enum Item {
            Branch(Branch, usize),
            Else(Branch, usize),
            End(usize),
        }
        let mut out = String::new();
        let mut open = vec![Item::Branch(root, 0)];
        while let Some(item) = open.pop() {
            let (branch, depth) = match item {
                Item::Branch(branch, depth) => (branch, depth),
                Item::Else(branch, depth) => {
                    let _ = write!(out, "\n{}ELSE ", indent(depth));
                    (branch, depth + 1)
                }
                Item::End(depth) => {
                    let _ = write!(out, "\n{}END", indent(depth));
                    continue;
                }
            };
            let split = match branch {
                Branch::Leaf(leaf) => {
                    out.push_str(&number(forest.leaves[leaf].value.value()));
                    continue;
                }
                Branch::Split(split) => &forest.splits[split],
            };
            if depth > DEEPEST {
                return Err(format!("a tree is more than {DEEPEST} levels deep"));
            }
            reads.insert(split.feature);
            let feature = self.query.text(x.get(split.feature).ok_or("a feature that is not there")?);
            let missing = format!("{feature} = {}", number(f64::NAN));
            let test = match &split.test {
                Test::AtMost(threshold) => format!("{feature} <= {}", number(threshold.value())),
                Test::Among(set) if forest.sets[*set].is_empty() => "false".to_owned(),
                Test::Among(set) => {
                    let members: Vec<String> = forest.sets[*set].iter().map(ToString::to_string).collect();
                    format!("{feature} IN ({})", members.join(", "))
                }
            };
            let test = if split.missing_left { format!("{test} OR {missing}") } else { test };
            let named = features.get(split.feature).map(|name| format!(" -- {}", in_one_line(name)));
            let _ = write!(out, "CASE WHEN {test}{}\n{}THEN ", named.unwrap_or_default(), indent(depth));
            open.push(Item::End(depth));
            open.push(Item::Else(split.right, depth));
            open.push(Item::Branch(split.left, depth + 1));
            if self.query.bytes + out.len() > MOST_BYTES {
                return Err(format!("the query takes more than {} MiB", MOST_BYTES >> 20));
            }
        }
        Ok(out)
    }
}

/// How far a line of a tree is indented; deep trees are not indented further.
fn indent(depth: usize) -> String {
    " ".repeat(12 + 2 * depth.min(20))
}

/// The number of the element at `i`.
fn index(place: &Place, i: usize) -> usize {
    let term = |term: &super::program::Term| {
        let at = i / term.divided;
        term.wrapped.map_or(at, |length| at % length) * term.times
    };
    place.0.iter().map(term).sum()
}
