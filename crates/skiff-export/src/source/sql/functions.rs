//! Functions of numbers as expressions of SQL.

use super::super::program::{Apply, Array, Helper};
use super::{Atom, DOUBLE, Writing, number};
use crate::graph::DType;

impl Writing<'_> {
    pub(super) fn apply(&self, function: Apply, atoms: &[Atom]) -> Result<String, String> {
        let texts: Vec<String> = atoms.iter().map(|atom| self.query.text(atom)).collect();
        let a = texts.first().map_or("", String::as_str);
        let b = texts.get(1).map_or("", String::as_str);
        let (nan, infinity) = (number(f64::NAN), number(f64::INFINITY));
        // A comparison with NaN is false; it is the greatest number here.
        let compare = |less: usize, sign: &str, greater: usize| match atoms[greater] {
            Atom::Column(_) | Atom::Element(..) => {
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

    pub(super) fn call(
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
            Helper::Trees | Helper::CategoryTrees => {}
        }
        self.locals.insert(own, atoms);
        Ok(())
    }
}
