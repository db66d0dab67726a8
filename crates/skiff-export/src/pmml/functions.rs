//! The functions of PMML, with what is constant computed at once, and what needs no function left out.

use std::rc::Rc;

use super::expression::{Expr, Expressions, Scalar};
use crate::graph::{Bits, DType};

impl Expressions {
    /// A function of one number, which is missing where the number is: evaluators raise an error for such an argument.
    pub(super) fn function(&mut self, function: &'static str, x: Scalar) -> Scalar {
        let may_be_missing = self.may_be_missing(&x);
        let result = self.apply(function, DType::F64, vec![x.clone()]);
        if !may_be_missing {
            return result;
        }
        let is_missing = self.is_missing(x);
        self.choose(is_missing, Scalar::number(f64::NAN), result)
    }

    /// Whether there is no value.
    pub(super) fn is_missing(&mut self, x: Scalar) -> Scalar {
        match x.constant() {
            Some(value) => Scalar::Bool(value.is_nan()),
            None if !self.may_be_missing(&x) => Scalar::Bool(false),
            None => self.apply("isMissing", DType::Bool, vec![x]),
        }
    }

    pub(super) fn cast(&mut self, x: Scalar, dtype: DType) -> Scalar {
        let own = self.dtype(&x);
        match (own, dtype) {
            (own, dtype) if own == dtype => x,
            // Integers are doubles in a document.
            (DType::I64, DType::F64) => match x {
                Scalar::I64(_) => Scalar::number(x.constant().unwrap_or(f64::NAN)),
                other => other,
            },
            (DType::F64, DType::I64) => match x.constant() {
                #[expect(clippy::cast_possible_truncation, reason = "numpy's conversion")]
                Some(value) => Scalar::I64(value as i64),
                None if self.is_whole(&x) => x,
                None => self.truncated(x),
            },
            (DType::Bool, _) => {
                let (one, zero) = (Scalar::number(1.0), Scalar::number(0.0));
                self.choose(x, one, zero)
            }
            (DType::F64 | DType::I64, DType::F32) => match x.constant() {
                #[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is the purpose")]
                Some(value) => Scalar::number(f64::from(value as f32)),
                None => self.add(Expr::Cast(DType::F32, x), DType::F32),
            },
            (DType::F32, DType::F64) => self.add(Expr::Cast(DType::F64, x), DType::F64),
            (_, DType::Bool) => self.compare("notEqual", x, Scalar::number(0.0)),
            _ => self.add(Expr::Cast(dtype, x), dtype),
        }
    }

    fn is_whole(&self, x: &Scalar) -> bool {
        let Scalar::Expr(id) = x else { return false };
        match self.get(*id) {
            Expr::Apply("floor" | "ceil" | "rint", _) => true,
            Expr::Map { table, default, missing, .. } => {
                table.iter().map(|(_, value)| value).chain([default, missing]).all(|value| value.value().fract() == 0.0)
            }
            Expr::Apply("if", arguments) => arguments[1..].iter().all(|x| match x.constant() {
                Some(value) => value.fract() == 0.0,
                None => self.is_whole(x),
            }),
            _ => false,
        }
    }

    fn truncated(&mut self, x: Scalar) -> Scalar {
        let negative = self.compare("lessThan", x.clone(), Scalar::number(0.0));
        let (up, down) = (self.function("ceil", x.clone()), self.function("floor", x));
        self.choose(negative, up, down)
    }

    /// A comparison of numbers or texts.
    pub(super) fn compare(&mut self, function: &'static str, x: Scalar, y: Scalar) -> Scalar {
        if let (Some(a), Some(b)) = (x.constant(), y.constant()) {
            #[expect(clippy::float_cmp, reason = "that is the function")]
            return Scalar::Bool(match function {
                "equal" => a == b,
                "notEqual" => a != b,
                "lessThan" => a < b,
                "lessOrEqual" => a <= b,
                "greaterThan" => a > b,
                _ => a >= b,
            });
        }
        if let (Scalar::Str(a), Scalar::Str(b), "equal") = (&x, &y, function) {
            return Scalar::Bool(a == b);
        }
        // What a table of texts holds is compared as the text itself.
        if let ("equal", Scalar::Expr(id), Some(value)) = (function, &x, y.constant())
            && let Expr::Map { input, table, default, missing } = self.get(*id)
            && default.value() != value
            && missing.value() != value
        {
            let matching: Vec<&(String, Bits)> = table.iter().filter(|(_, held)| held.value() == value).collect();
            if let [(text, _)] = matching[..] {
                let (input, text) = (input.clone(), Scalar::Str(text.as_str().into()));
                return self.apply("equal", DType::Bool, vec![input, text]);
            }
            if matching.is_empty() {
                return Scalar::Bool(false);
            }
        }
        self.apply(function, DType::Bool, vec![x, y])
    }

    pub(super) fn choose(&mut self, condition: Scalar, yes: Scalar, no: Scalar) -> Scalar {
        match condition {
            Scalar::Bool(true) => yes,
            Scalar::Bool(false) => no,
            _ if yes == no => yes,
            condition => {
                let dtype = self.dtype(&yes);
                self.apply("if", dtype, vec![condition, yes, no])
            }
        }
    }

    pub(super) fn not(&mut self, x: Scalar) -> Scalar {
        match x {
            Scalar::Bool(value) => Scalar::Bool(!value),
            x => self.apply("not", DType::Bool, vec![x]),
        }
    }

    /// `and` and `or`.
    pub(super) fn logic(&mut self, function: &'static str, x: Scalar, y: Scalar) -> Scalar {
        let decides = function == "or";
        match (x, y) {
            (Scalar::Bool(value), other) | (other, Scalar::Bool(value)) => {
                if value == decides {
                    Scalar::Bool(value)
                } else {
                    other
                }
            }
            (x, y) => self.apply(function, DType::Bool, vec![x, y]),
        }
    }

    /// `+`, `-`, `*`, `/` and `pow` of doubles.
    pub(super) fn arithmetic(&mut self, function: &'static str, x: Scalar, y: Scalar) -> Scalar {
        if let (Some(a), Some(b)) = (x.constant(), y.constant()) {
            return Scalar::number(match function {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" => a / b,
                _ => a.powf(b),
            });
        }
        match function {
            "+" if x.is(0.0) => y,
            "+" | "-" if y.is(0.0) => x,
            "*" if x.is(1.0) => y,
            "*" | "/" | "pow" if y.is(1.0) => x,
            // Rows that are answered hold no NaN where this is computed.
            "*" if x.is(0.0) || y.is(0.0) => Scalar::number(0.0),
            _ => {
                let [x, y] = [x, y].map(|x| if self.dtype(&x) == DType::Bool { self.cast(x, DType::F64) } else { x });
                self.apply(function, DType::F64, vec![x, y])
            }
        }
    }

    /// The number of a text in a table.
    pub(super) fn map(&mut self, input: Scalar, table: &Rc<Vec<(String, Bits)>>, default: f64, missing: f64) -> Scalar {
        let (default, missing) = (Bits::of(default), Bits::of(missing));
        self.add(Expr::Map { input, table: Rc::clone(table), default, missing }, DType::F64)
    }

    /// The number at the place that a table of texts, or a choice between places, leads to: as a table or a choice of
    /// numbers.
    pub(super) fn remapped(&mut self, index: &Scalar, numbers: &[f64]) -> Option<Scalar> {
        let at = |place: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared before")]
            let found = (place >= 0.0 && place.fract() == 0.0).then(|| numbers.get(place as usize).copied());
            found.flatten()
        };
        if let Some(place) = index.constant() {
            return at(place).map(Scalar::number);
        }
        let Scalar::Expr(id) = index else { return None };
        match self.get(*id).clone() {
            Expr::Map { input, table, default, missing } => {
                // What is in no table is refused in scikit-learn, or has been replaced by a choice before.
                let table = table.iter().map(|(text, place)| Some((text.clone(), Bits::of(at(place.value())?))));
                let table = Rc::new(table.collect::<Option<Vec<_>>>()?);
                let [default, missing] = [default, missing].map(|place| at(place.value()).unwrap_or(f64::NAN));
                Some(self.map(input, &table, default, missing))
            }
            Expr::Apply("if", arguments) => {
                let [condition, yes, no] = &arguments[..] else { return None };
                if let Some(mapped) = self.mapped_unless_unknown(condition, yes, no, numbers) {
                    return Some(mapped);
                }
                let (yes, no) = (self.remapped(yes, numbers)?, self.remapped(no, numbers)?);
                Some(self.choose(condition.clone(), yes, no))
            }
            _ => None,
        }
    }

    /// `if(lessThan(table, 0), last, table)`: a table of texts where what is not in it has a place of its own.
    fn mapped_unless_unknown(
        &mut self,
        condition: &Scalar,
        yes: &Scalar,
        no: &Scalar,
        numbers: &[f64],
    ) -> Option<Scalar> {
        let (Scalar::Expr(condition), Scalar::Expr(id)) = (condition, no) else { return None };
        let Expr::Apply("lessThan", arguments) = self.get(*condition) else { return None };
        let Expr::Map { input, table, default, missing } = self.get(*id).clone() else { return None };
        let is_own = arguments.first() == Some(no) && arguments.get(1).is_some_and(|bound| bound.is(0.0));
        if !is_own || default.value() >= 0.0 || table.iter().any(|(_, place)| place.value() < 0.0) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a table")]
        let at = |place: f64| numbers.get(place as usize).copied();
        let default = at(yes.constant().filter(|place| *place >= 0.0)?)?;
        let missing = if missing.value() < 0.0 { default } else { at(missing.value())? };
        let table = table.iter().map(|(text, place)| Some((text.clone(), Bits::of(at(place.value())?))));
        let table = Rc::new(table.collect::<Option<Vec<_>>>()?);
        Some(self.map(input, &table, default, missing))
    }

    /// The sum of doubles in their order.
    pub(super) fn sum(&mut self, terms: Vec<Scalar>) -> Scalar {
        let mut terms: Vec<Scalar> = terms.into_iter().filter(|term| !term.is(0.0)).collect();
        match terms.len() {
            0 => Scalar::number(0.0),
            1 => terms.remove(0),
            2 => {
                let second = terms.remove(1);
                self.arithmetic("+", terms.remove(0), second)
            }
            _ => self.apply("sum", DType::F64, terms),
        }
    }

    /// The greatest or the least of doubles.
    pub(super) fn extreme(&mut self, function: &'static str, mut terms: Vec<Scalar>) -> Scalar {
        match terms.len() {
            1 => terms.remove(0),
            _ => self.apply(function, DType::F64, terms),
        }
    }
}
