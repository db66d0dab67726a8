//! Classes drawn at random: `DummyClassifier`.

use crate::InputError;
use crate::kernels::random::RandomState;
use crate::operator::{Operator, Scope};
use crate::value::{IntKind, Matrix, Value};

/// The number of a class for each row, drawn whatever the row holds: all rows of the first output, then those of the
/// next. Shape: (n_samples, n_outputs).
#[derive(Debug)]
pub struct DrawClasses {
    /// The state that each call begins with.
    pub random: RandomState,
    /// How each output is drawn.
    pub outputs: Vec<ClassDraw>,
}

/// How the class of a row is drawn.
#[derive(Debug)]
pub enum ClassDraw {
    /// `randint(n_classes)`.
    Uniform(u64),
    /// `multinomial(1, class_prior)`.
    Weighted(Vec<f64>),
}

impl ClassDraw {
    #[expect(clippy::cast_possible_wrap, reason = "there are fewer than 2⁶³ classes")]
    fn draw(&self, random: &mut RandomState) -> i64 {
        match self {
            Self::Uniform(classes) => random.randint(*classes) as i64,
            Self::Weighted(chances) => {
                let counts = random.multinomial(1, chances);
                counts.iter().position(|&count| count == 1).unwrap_or(0) as i64
            }
        }
    }
}

impl Operator for DrawClasses {
    const NAME: &'static str = "draw_classes";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, outputs) = (inputs[0].rows(), self.outputs.len());
        let mut random = self.random.clone();
        let mut data = vec![0; rows * outputs];
        for (output, draw) in self.outputs.iter().enumerate() {
            if let ClassDraw::Weighted(chances) = draw {
                RandomState::check_chances(chances)?;
            }
            for row in 0..rows {
                data[row * outputs + output] = draw.draw(&mut random);
            }
        }
        Ok(Value::Ints(Matrix::new(rows, outputs, data), IntKind::I64))
    }

    fn counts_rows(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        let kind = |draw: &ClassDraw| match draw {
            ClassDraw::Uniform(classes) => format!("{classes} alike"),
            ClassDraw::Weighted(chances) => format!("{} weighted", chances.len()),
        };
        self.outputs.iter().map(kind).collect::<Vec<_>>().join(", ")
    }

    /// A row's draw comes after those of the rows before it.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_drawn_one_after_the_other() {
        let random = RandomState::new(7);
        let outputs = vec![ClassDraw::Uniform(3), ClassDraw::Weighted(vec![0.5, 0.3, 0.2])];
        let rows = Value::Ints(Matrix::new(5, 1, vec![0; 5]), IntKind::I64);
        let Ok(Value::Ints(found, _)) = DrawClasses { random, outputs }.run(&[&rows]) else { panic!("integers") };
        // `rs = RandomState(7); rs.randint(3, size=5); rs.multinomial(1, [0.5, 0.3, 0.2], size=5).argmax(axis=1)`
        let columns = found.transposed();
        assert_eq!((columns.row(0), columns.row(1)), (&UNIFORM[..], &WEIGHTED[..]));
    }

    const UNIFORM: [i64; 5] = [0, 1, 2, 0, 1];
    const WEIGHTED: [i64; 5] = [0, 0, 1, 2, 0];
}
