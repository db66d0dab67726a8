//! CatBoost's own bytes of a model, which a pickle holds under `__model`: `CBM1`, the length of a FlatBuffer, the buffer, and
//! after it the counters of the categories.

use std::collections::HashMap;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_files::json::{Document, Json};
use skiff_plan::kernels::cat_trees::{CatNext, CatNode, CatSplit, CatTree, CatTrees};
use skiff_plan::operators::{CatCounter, CatCounts, CatFeature, CatMissing, CatRows, CatStatistic, CatTable};
use skiff_plan::value::{Classes, IntKind, Precision};

use super::flat_buffer::{FlatTable, damaged, number, unsupported};
use crate::conversions::index;
use crate::fields::ReadErrorKind;

type Result<T> = std::result::Result<T, ReadErrorKind>;

/// A model, checked: no walk through its trees can leave them or go round in circles.
#[derive(Debug)]
pub(super) struct ModelBytes {
    pub(super) rows: CatRows,
    pub(super) counters: Vec<CatCounter>,
    pub(super) trees: CatTrees,
    pub(super) scale: f64,
    pub(super) bias: Vec<f64>,
    /// The name of the loss that was trained for: `Logloss`.
    pub(super) loss: String,
    pub(super) classes: Option<Classes>,
    /// The raw score above which a row is of the second of two classes.
    pub(super) border: f64,
}

/// How many columns scores may have, whatever a file says.
const MOST_COLUMNS: usize = 1 << 20;
/// How many values the JSON among the model's information may have.
const MOST_VALUES: u64 = 1 << 20;

impl ModelBytes {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let rest = bytes.strip_prefix(b"CBM1").ok_or_else(|| damaged("the model does not begin with `CBM1`"))?;
        let length = index(number(rest, 0)?);
        let core = rest.get(4..).and_then(|rest| rest.get(..length));
        let core = core.ok_or_else(|| damaged("the model is cut short"))?;
        let parts = rest.get(4 + length..).unwrap_or_default();
        let root = FlatTable::root(core)?;
        match root.string(0)? {
            "FlabuffersModel_v1" => {}
            other => return Err(unsupported(format!("the format `{other}`"))),
        }
        let trees = root.table(1)?.ok_or_else(|| damaged("no trees"))?;
        let information = Information::read(&root)?;
        let features = Features::read(&trees)?;
        let tables = match root.strings(3)?[..] {
            [] => Vec::new(),
            ["static_provider_v1"] => read_tables(parts)?,
            _ => return Err(unsupported("models with text or embedding features")),
        };
        let columns = usize::try_from(trees.number(0, 0_i32)?).unwrap_or(0);
        if columns == 0 || columns > MOST_COLUMNS {
            return Err(damaged(format!("{columns} columns of scores")));
        }
        let counters = features.read_counters(&trees, &tables)?;
        let splits = features.read_splits(&trees)?;
        let bias: Vec<f64> = trees.numbers(16)?;
        let bias = match bias.len() {
            0 => vec![trees.number(15, 0.0)?; columns],
            len if len == columns => bias,
            len => return Err(damaged(format!("{len} biases of {columns} columns"))),
        };
        Ok(Self {
            trees: read_trees(&trees, &splits, columns)?,
            rows: features.rows,
            counters,
            scale: trees.number(14, 1.0)?,
            bias,
            loss: information.loss,
            classes: information.classes,
            border: information.border,
        })
    }
}

/// The features of a model, and the columns that hold them.
struct Features {
    rows: CatRows,
    /// The column of each float feature, and its borders.
    floats: HashMap<i32, (u32, Vec<f32>)>,
    /// Its number, in the order of the file.
    order: Vec<i32>,
    /// The column of each categorical feature.
    categories: HashMap<i32, u32>,
}

impl Features {
    fn read(trees: &FlatTable<'_>) -> Result<Self> {
        if !trees.tables(12)?.is_empty() || !trees.tables(13)?.is_empty() {
            return Err(unsupported("text and embedding features"));
        }
        // Each feature by its place among all: what it is, its number among its kind, its name, its borders.
        let mut all: Vec<(usize, CatFeature, i32, &str, Vec<f32>)> = Vec::new();
        let mut order = Vec::new();
        let place = |place: i32| usize::try_from(place).map_err(|_| damaged(format!("a feature at place {place}")));
        for feature in trees.tables(5)? {
            let borders: Vec<f32> = feature.numbers(3)?;
            if borders.iter().any(|border| border.is_nan()) {
                return Err(damaged("a border that is NaN"));
            }
            let index = feature.number(1, -1_i32)?;
            let has_nan = feature.number(0, 0_u8)? != 0;
            let missing = match (feature.number(5, 0_i8)?, has_nan) {
                (0..=2, false) | (0, true) => CatMissing::AsIs,
                (1, true) => CatMissing::Least,
                (2, true) => CatMissing::Greatest,
                (other, _) => return Err(damaged(format!("missing values are treated as {other}"))),
            };
            let kind =
                if borders.is_empty() { CatFeature::Unused { is_float: true } } else { CatFeature::Float(missing) };
            order.push(index);
            all.push((place(feature.number(2, -1_i32)?)?, kind, index, feature.string(4)?, borders));
        }
        for feature in trees.tables(4)? {
            let is_used = feature.number(3, 1_u8)? != 0;
            let kind = if is_used { CatFeature::Category } else { CatFeature::Unused { is_float: false } };
            let index = feature.number(0, -1_i32)?;
            all.push((place(feature.number(1, -1_i32)?)?, kind, index, feature.string(2)?, Vec::new()));
        }
        all.sort_by_key(|&(place, ..)| place);
        if all.iter().enumerate().any(|(expected, &(place, ..))| place != expected) {
            return Err(unsupported("features that are not numbered from 0 on"));
        }
        let names: Vec<String> = all.iter().map(|(.., name, _)| (*name).to_owned()).collect();
        let has_names = !names.is_empty() && names.iter().all(|name| !name.is_empty());
        let features: Vec<_> = all.iter().map(|&(_, kind, ..)| kind).collect();
        let (mut floats, mut categories, mut column) = (HashMap::new(), HashMap::new(), 0);
        for (_, kind, index, _, borders) in all {
            let is_new = match kind {
                CatFeature::Float(_) => floats.insert(index, (column, borders)).is_none(),
                CatFeature::Category => categories.insert(index, column).is_none(),
                CatFeature::Unused { .. } => continue,
            };
            if !is_new {
                return Err(damaged(format!("two features numbered {index}")));
            }
            column += 1;
        }
        let names = has_names.then(|| Arc::from(names));
        Ok(Self { rows: CatRows { features, names }, floats, order, categories })
    }

    /// What the trees may ask, in the order in which the file counts these questions.
    fn read_splits(&self, trees: &FlatTable<'_>) -> Result<Vec<CatSplit>> {
        let mut splits = Vec::new();
        for index in &self.order {
            if let Some((column, borders)) = self.floats.get(index) {
                splits.extend(borders.iter().map(|&border| CatSplit::Above { column: *column, border }));
            }
        }
        for feature in trees.tables(6)? {
            let column = self.category(feature.number(0, -1_i32)?)?;
            let hashes: Vec<i32> = feature.numbers(1)?;
            splits.extend(hashes.iter().map(|hash| CatSplit::Is { column, hash: hash.cast_unsigned() }));
        }
        let first = u32::try_from(self.rows.width()).map_err(|_| damaged("too many columns"))?;
        for (column, counter) in (first..).zip(trees.tables(7)?) {
            let borders: Vec<f32> = counter.numbers(1)?;
            splits.extend(borders.iter().map(|&border| CatSplit::Above { column, border }));
        }
        Ok(splits)
    }

    fn read_counters(&self, trees: &FlatTable<'_>, tables: &[(Combination, Arc<CatTable>)]) -> Result<Vec<CatCounter>> {
        let read = |feature: &FlatTable<'_>| {
            let counter = feature.table(0)?.ok_or_else(|| damaged("a counter of nothing"))?;
            let combination = Combination::read(counter.table(0)?)?;
            let table = tables.iter().find(|(known, _)| *known == combination);
            let (_, table) = table.ok_or_else(|| damaged("a counter without its counts"))?;
            let target = usize::try_from(counter.number(1, 0_i32)?).map_err(|_| damaged("a class below 0"))?;
            let statistic = match (combination.kind, &table.counts) {
                (0, CatCounts::Classes(classes, _)) if target + 1 < *classes => CatStatistic::ClassesAbove(target),
                (1, CatCounts::Classes(classes, _)) if target < *classes => CatStatistic::Class(target),
                (2..=5, CatCounts::Means(_) | CatCounts::Rows(..)) => CatStatistic::Share,
                (kind, _) => return Err(damaged(format!("a counter of kind {kind} for class {target}"))),
            };
            let categories = combination.categories.iter().map(|&category| self.category(category));
            let mut splits = Vec::new();
            for (feature, border) in combination.borders() {
                let (column, borders) = self.floats.get(&feature).ok_or_else(|| damaged("a counter of no feature"))?;
                if !borders.contains(&border) {
                    return Err(damaged("a counter of a border that its feature has not"));
                }
                splits.push(CatSplit::Above { column: *column, border });
            }
            for &(category, hash) in &combination.hashes {
                splits.push(CatSplit::Is { column: self.category(category)?, hash: hash.cast_unsigned() });
            }
            Ok(CatCounter {
                categories: categories.collect::<Result<_>>()?,
                splits,
                table: Arc::clone(table),
                statistic,
                prior: [counter.number(2, 0.0)?, counter.number(3, 1.0)?],
                shift: counter.number(4, 0.0)?,
                scale: counter.number(5, 1.0)?,
            })
        };
        trees.tables(7)?.iter().map(read).collect()
    }

    fn category(&self, index: i32) -> Result<u32> {
        self.categories.get(&index).copied().ok_or_else(|| damaged(format!("no categorical feature {index} is used")))
    }
}

/// What is counted: a combination of categories and questions, and how.
#[derive(PartialEq, Eq)]
struct Combination {
    categories: Vec<i32>,
    /// Features and the bits of their borders.
    bits: Vec<(i32, u32)>,
    hashes: Vec<(i32, i32)>,
    kind: i8,
}

impl Combination {
    fn read(base: Option<FlatTable<'_>>) -> Result<Self> {
        let base = base.ok_or_else(|| damaged("a counter without a combination"))?;
        let features = base.table(0)?.ok_or_else(|| damaged("a counter without features"))?;
        Ok(Self {
            categories: features.numbers(0)?,
            bits: features.numbers(1)?,
            hashes: features.numbers(2)?,
            kind: base.number(1, 0_i8)?,
        })
    }

    fn borders(&self) -> impl Iterator<Item = (i32, f32)> + '_ {
        self.bits.iter().map(|&(feature, bits)| (feature, f32::from_bits(bits)))
    }
}

/// The counts that follow the trees: how many tables there are, and the length and bytes of each.
fn read_tables(parts: &[u8]) -> Result<Vec<(Combination, Arc<CatTable>)>> {
    let count = number::<u32>(parts, 0)?;
    let mut rest = parts.get(4..).unwrap_or_default();
    let mut tables = Vec::new();
    for _ in 0..count {
        let length = index(number(rest, 0)?);
        let behind = rest.get(4..).and_then(|rest| rest.split_at_checked(length));
        let (bytes, behind) = behind.ok_or_else(|| damaged("the counts are cut short"))?;
        tables.push(read_table(&FlatTable::root(bytes)?)?);
        rest = behind;
    }
    if rest.is_empty() { Ok(tables) } else { Err(damaged("trailing bytes after the model")) }
}

fn read_table(table: &FlatTable<'_>) -> Result<(Combination, Arc<CatTable>)> {
    const NONE: u64 = u64::MAX;
    const BUCKET: usize = 12;
    let combination = Combination::read(table.table(0)?)?;
    let classes = usize::try_from(table.number(4, 0_i32)?).unwrap_or(0);
    let blob = table.bytes(2)?;
    let ints = || table_numbers::<i32>(blob);
    let counts = match combination.kind {
        0 | 1 if classes > 0 => CatCounts::Classes(classes, ints()?),
        2 | 3 => CatCounts::Means(table_numbers::<(f32, i32)>(blob)?),
        4 | 5 => CatCounts::Rows(ints()?, table.number(3, 0_i32)?),
        kind => return Err(damaged(format!("counts of kind {kind} for {classes} classes"))),
    };
    let buckets = table.bytes(1)?;
    if !buckets.len().is_multiple_of(BUCKET) {
        return Err(damaged("the hashes of the counts are cut short"));
    }
    let mut places = HashMap::new();
    for bucket in buckets.chunks_exact(BUCKET) {
        let (hash, place) = (number::<u64>(bucket, 0)?, number::<u32>(bucket, 8)?);
        if hash == NONE {
            continue;
        }
        if index(place) >= counts.places() {
            return Err(damaged(format!("counts at place {place} of {}", counts.places())));
        }
        places.insert(hash, place);
    }
    Ok((combination, Arc::new(CatTable { places, counts })))
}

fn table_numbers<T: super::flat_buffer::Number>(bytes: &[u8]) -> Result<Vec<T>> {
    match bytes.len().is_multiple_of(T::SIZE) {
        true => Ok(bytes.chunks_exact(T::SIZE).map(T::read).collect()),
        false => Err(damaged("the counts are cut short")),
    }
}

fn read_trees(table: &FlatTable<'_>, questions: &[CatSplit], columns: usize) -> Result<CatTrees> {
    let asked: Vec<i32> = table.numbers(1)?;
    let sizes: Vec<u32> = table.numbers(2)?;
    let leaves: Vec<f64> = table.numbers(8)?;
    let steps: Vec<(u16, u16)> = table.numbers(10)?;
    let all: usize = sizes.iter().map(|&size| index(size)).sum();
    if all != asked.len() {
        return Err(damaged(format!("{} splits, {all} of trees", asked.len())));
    }
    let question = |number: i32| {
        let found = usize::try_from(number).ok().and_then(|number| questions.get(number)).copied();
        found.ok_or_else(|| damaged(format!("split {number} of {}", questions.len())))
    };
    let mut trees = CatTrees { columns, splits: Vec::new(), trees: Vec::new(), nodes: Vec::new(), leaves };
    if steps.is_empty() {
        trees.splits = asked.into_iter().map(question).collect::<Result<_>>()?;
        let (mut first, mut leaf) = (0, 0_usize);
        for size in sizes {
            let count = 1_usize.checked_shl(size).filter(|_| size < 31).and_then(|count| count.checked_mul(columns));
            let splits = first..first + index(size);
            trees.trees.push(CatTree::Symmetric { splits, leaves: leaf });
            first += index(size);
            leaf = count.and_then(|count| leaf.checked_add(count)).unwrap_or(usize::MAX);
        }
        return match leaf == trees.leaves.len() {
            true => Ok(trees),
            false => Err(damaged(format!("{} values of leaves, {leaf} of trees", trees.leaves.len()))),
        };
    }
    let ids: Vec<u32> = table.numbers(11)?;
    if steps.len() != all || ids.len() != all {
        return Err(damaged(format!("{} steps and {} leaves of {all} nodes", steps.len(), ids.len())));
    }
    let count = trees.leaves.len();
    let mut first = 0;
    for size in sizes {
        let end = first + index(size);
        if size == 0 {
            return Err(damaged("a tree without nodes"));
        }
        // The vectors are as long as all trees together.
        let nodes = steps.iter().zip(&ids).zip(&asked).enumerate().take(end).skip(first);
        for (node, ((&(no, yes), &leaf), &asked)) in nodes {
            let next = |step: u16| {
                if step > 0 {
                    let next = node + usize::from(step);
                    let next = u32::try_from(next).ok().filter(|_| next < end);
                    return next
                        .map(CatNext::Node)
                        .ok_or_else(|| damaged(format!("node {node} leads out of its tree")));
                }
                let is_whole = index(leaf).checked_add(columns).is_some_and(|end| end <= count);
                if is_whole { Ok(CatNext::Leaf(leaf)) } else { Err(damaged(format!("leaf {leaf} of {count}"))) }
            };
            let (no, yes) = (next(no)?, next(yes)?);
            // A leaf asks nothing.
            let split = match no == yes {
                true => CatSplit::Above { column: 0, border: 0.0 },
                false => question(asked)?,
            };
            trees.nodes.push(CatNode { split, next: [no, yes] });
        }
        trees.trees.push(CatTree::Nodes(first));
        first = end;
    }
    Ok(trees)
}

/// What the model says of its training.
struct Information {
    loss: String,
    classes: Option<Classes>,
    border: f64,
}

impl Information {
    fn read(root: &FlatTable<'_>) -> Result<Self> {
        let mut information = Self { loss: String::new(), classes: None, border: 0.0 };
        for entry in root.tables(2)? {
            let value = entry.string(1)?;
            match entry.string(0)? {
                "params" => {
                    let document = parse("params", value)?;
                    let loss = document.get(0, "loss_function").and_then(|loss| document.get(loss, "type"));
                    let loss = loss.and_then(|loss| document.text_of(loss));
                    information.loss = loss.ok_or_else(|| damaged("no loss function"))?.to_owned();
                }
                "class_params" => {
                    // No names are those of shares, whose classes are 0 and 1.
                    let classes = read_classes(&parse("class_params", value)?)?;
                    let shares = Classes::Ints(vec![0, 1], IntKind::I64);
                    information.classes = Some(if classes.is_empty() { shares } else { classes });
                }
                "binclass_probability_threshold" => {
                    let threshold: f64 = value.parse().map_err(|_| damaged(format!("the threshold `{value}`")))?;
                    information.border = -(1.0 / threshold - 1.0).ln();
                }
                _ => {}
            }
        }
        Ok(information)
    }
}

fn parse<'t>(name: &str, text: &'t str) -> Result<Document<'t>> {
    Document::parse(text.as_bytes(), MOST_VALUES).map_err(|at| damaged(format!("`{name}` is not JSON at byte {at}")))
}

fn read_classes(document: &Document<'_>) -> Result<Classes> {
    let items = match document.get(0, "class_names").map(|names| document.value(names)) {
        Some(Json::Array(items)) => items,
        _ => return Err(damaged("no `class_names`")),
    };
    let kind = document.get(0, "class_label_type").and_then(|kind| document.text_of(kind)).unwrap_or_default();
    let wrong = || damaged(format!("class names that are not of type `{kind}`"));
    let numbers = || {
        items.iter().map(|&item| match document.value(item) {
            Json::Number(range) => Ok(document.number(range)),
            _ => Err(wrong()),
        })
    };
    match kind {
        "Integer" => {
            let values = numbers().map(|number| number?.parse().map_err(|_| wrong()));
            Ok(Classes::Ints(values.collect::<Result<_>>()?, IntKind::I64))
        }
        "Float" => {
            let values = numbers().map(|number| number?.parse().map_err(|_| wrong()));
            Ok(Classes::Floats(values.collect::<Result<_>>()?, Precision::Double))
        }
        "String" => {
            let values = items.iter().map(|&item| document.text_of(item).map(|text| Scalar::Str(text.to_owned())));
            Ok(Classes::Objects(values.collect::<Option<_>>().ok_or_else(wrong)?))
        }
        "Boolean" => {
            let values = items.iter().map(|&item| match document.value(item) {
                Json::Bool(value) => Ok(i64::from(*value)),
                _ => Err(wrong()),
            });
            Ok(Classes::Ints(values.collect::<Result<_>>()?, IntKind::Bool))
        }
        other => Err(unsupported(format!("labels of type `{other}`"))),
    }
}
