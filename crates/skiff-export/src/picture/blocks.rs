//! Composite estimators as boxes within boxes: the steps of a pipeline below each other, the parts of others side by
//! side, as in scikit-learn's diagrams.

use super::svg::{self, MARGIN, PADDING};

/// An estimator, and those within it.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name in the estimator around it, and its class.
    pub title: String,
    /// What else is written in its box: parameters.
    pub lines: Vec<String>,
    /// Whether those within it come one after the other.
    pub is_sequence: bool,
    /// The estimators within it, at most a few dozen levels deep.
    pub inner: Vec<Block>,
}

/// The space between boxes.
const GAP: f64 = 10.0;
/// The colors of boxes at even and at odd depths.
const COLORS: [&str; 2] = ["#f0f8ff", "#ffffff"];

/// The picture of an estimator.
pub fn diagram(block: &Block) -> String {
    let placed = Placed::of(block);
    let mut out = svg::head([placed.width + 2.0 * MARGIN, placed.height + 2.0 * MARGIN], &block.title);
    placed.write([MARGIN, MARGIN], 0, &mut out);
    out.push_str("</svg>\n");
    out
}

/// A block with its size.
struct Placed<'a> {
    block: &'a Block,
    width: f64,
    height: f64,
    inner: Vec<Placed<'a>>,
}

impl<'a> Placed<'a> {
    fn of(block: &'a Block) -> Self {
        let inner: Vec<Self> = block.inner.iter().map(Self::of).collect();
        let own = [std::slice::from_ref(&block.title), &block.lines].concat();
        let (widths, heights) = (inner.iter().map(|one| one.width), inner.iter().map(|one| one.height));
        let [width, height] = match block.is_sequence {
            true => [widths.fold(0.0, f64::max), heights.map(|height| height + GAP).sum()],
            false => [widths.map(|width| width + GAP).sum::<f64>() - GAP, heights.fold(-GAP, f64::max) + GAP],
        };
        Self {
            block,
            width: f64::max(width + 2.0 * PADDING, svg::width(&own)),
            height: svg::height(own.len()) + height,
            inner,
        }
    }

    fn write(&self, [x, y]: [f64; 2], depth: usize, out: &mut String) {
        svg::rectangle([x, y, self.width, self.height], COLORS[depth % 2], out);
        let middle = x + self.width / 2.0;
        svg::text(middle, svg::baseline(y, 0), "middle", " font-weight=\"bold\"", &self.block.title, out);
        for (number, line) in self.block.lines.iter().enumerate() {
            svg::text(x + PADDING, svg::baseline(y, number + 1), "start", " fill=\"#555\"", line, out);
        }
        let mut top = y + svg::height(1 + self.block.lines.len());
        let all: f64 = self.inner.iter().map(|inner| inner.width + GAP).sum::<f64>() - GAP;
        let mut left = middle - all / 2.0;
        for inner in &self.inner {
            if self.block.is_sequence {
                inner.write([middle - inner.width / 2.0, top], depth + 1, out);
                top += inner.height + GAP;
            } else {
                inner.write([left, top], depth + 1, out);
                left += inner.width + GAP;
            }
        }
    }
}
