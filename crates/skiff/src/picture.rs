//! Pictures of the trees and the composite estimators of a file.

mod names;

use std::borrow::Cow;
use std::path::Path;

use skiff_export::picture::{self, Block, Picture, Tree};
use skiff_files::{Instance, NodeId, Scalar};
use skiff_models::addresses;
use skiff_models::custom::Custom;
use skiff_models::fields::Version;

use crate::export::write;
use crate::inspect::class_name;
use crate::{Error, EstimatorView, ExportTarget, Exported, File, Model};

/// The estimators that have one tree, in `tree_`.
const TREES: &[&str] =
    &["DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"];
/// The estimators whose trees are in `_predictors`.
const BOOSTERS: &[&str] = &["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"];
/// How deep a sketch is.
const SKETCHED: usize = 3;
/// How many addresses of trees an error names.
const MOST_ADDRESSES: usize = 10;
/// How many parameters a box shows at most.
const MOST_PARAMETERS: usize = 8;
/// How many characters of a parameter a box shows.
const LONGEST_PARAMETER: usize = 40;

/// What is at each step of an address.
pub(crate) struct Way<'a> {
    /// The nodes from the root on, each with its address.
    nodes: Vec<(NodeId, &'a str)>,
    address: &'a str,
}

impl File {
    /// A picture of the tree or the composite estimator at the address `at`; without one as [`File::model`]. A tree of
    /// histogram boosting has an address as well: `_predictors[3][0]`. `max_depth` says how much of a tree is drawn.
    ///
    /// # Errors
    /// Those of [`File::model`]; when there is neither a tree nor, for SVG, a composite estimator: the message has the
    /// addresses of the trees in it.
    pub fn picture(
        &self,
        at: Option<&str>,
        target: ExportTarget,
        max_depth: Option<usize>,
    ) -> Result<(Vec<u8>, Exported), Error> {
        let address = match at.or(self.at()) {
            Some(address) => Cow::Borrowed(address.trim()),
            None => Cow::Owned(self.model(None)?.typed().path().to_owned()),
        };
        let picture = self.drawn(&address, target, max_depth).map_err(|error| match self.path() {
            Some(path) => error.in_file(path),
            None => error,
        });
        let Picture { bytes, cut, .. } = picture?;
        Ok((bytes, Exported { methods: Vec::new(), refused: cut.into_iter().collect() }))
    }

    /// The first levels of the tree that an estimator of this file has, as SVG; `None` for other estimators.
    pub fn sketch(&self, view: &EstimatorView) -> Option<String> {
        if !TREES.contains(&class_name(&view.class)) {
            return None;
        }
        let (bytes, _) = self.picture(Some(&view.address), ExportTarget::Svg, Some(SKETCHED)).ok()?;
        String::from_utf8(bytes).ok()
    }

    /// Writes a picture to `output`, atomically.
    ///
    /// # Errors
    /// As [`File::picture`], and errors of the operating system.
    pub fn write_picture(
        &self,
        at: Option<&str>,
        target: ExportTarget,
        max_depth: Option<usize>,
        output: impl AsRef<Path>,
    ) -> Result<Exported, Error> {
        let (bytes, exported) = self.picture(at, target, max_depth)?;
        write(&bytes, output.as_ref())?;
        Ok(exported)
    }

    fn drawn(&self, address: &str, target: ExportTarget, max_depth: Option<usize>) -> Result<Picture, Error> {
        let way = self.way(address)?;
        if let Some(tree) = self.tree_of_booster(&way)? {
            return Ok(picture::draw(&tree, target, max_depth)?);
        }
        let model = self.model(Some(address))?;
        if TREES.contains(&class_name(model.typed().class())) {
            return Ok(picture::draw(&self.tree_of(&model, &way)?, target, max_depth)?);
        }
        let view = self.view(&model);
        let mut trees = Vec::new();
        let is_ensemble = trees_in(&view, address, &mut trees);
        if target == ExportTarget::Svg && !is_ensemble && !view.inner.is_empty() {
            return Ok(Picture::whole(picture::diagram(&block(&view))));
        }
        let class = class_name(&view.class);
        let hint = match (&trees[..], target) {
            ([], ExportTarget::Svg) => format!("{class} has no trees, and no estimators in it"),
            ([], _) => format!("{class} has no trees"),
            (trees, _) => {
                let named: Vec<String> =
                    trees.iter().take(MOST_ADDRESSES).map(|tree| format!("`--at \"{tree}\"`")).collect();
                let rest = if trees.len() > MOST_ADDRESSES { ", …" } else { "" };
                format!("{class} is not one tree: draw one of those in it with {}{rest}", named.join(", "))
            }
        };
        Err(skiff_export::ExportError::Picture(hint).into())
    }

    fn way<'a>(&self, address: &'a str) -> Result<Way<'a>, Error> {
        let graph = &self.contents().graph;
        let steps = addresses::walk(graph, graph.root(), address);
        let steps = steps.map_err(|error| Error::address(error, self.estimators()))?;
        let steps = steps.into_iter().map(|(node, length)| (node, &address[..length]));
        Ok(Way { nodes: std::iter::once((graph.root(), "")).chain(steps).collect(), address })
    }

    /// The tree of an estimator that has one.
    fn tree_of(&self, model: &Model, way: &Way<'_>) -> Result<Tree, Error> {
        let (graph, typed) = (&self.contents().graph, model.typed());
        let mut names = self.names(way);
        names.is_classifier = class_name(typed.class()).ends_with("Classifier");
        names.before_fractions = typed.header().version.is_none_or(|version| version < Version::new(1, 4));
        let criterion = Instance::read(graph, typed.node()).and_then(|tree| tree.attribute("criterion"));
        if let Some(Scalar::Str(name)) = criterion.and_then(|node| Scalar::read(graph, node).ok()?) {
            names.criterion = Some(name);
        }
        Tree::of_estimator(graph, typed.node(), names).ok_or_else(|| no_tree(typed.class()))
    }

    /// The tree at an address within an estimator of histogram boosting; `None` for other addresses.
    fn tree_of_booster(&self, way: &Way<'_>) -> Result<Option<Tree>, Error> {
        let graph = &self.contents().graph;
        let Some(&(node, address)) = way.nodes.last() else { return Ok(None) };
        if skiff_files::class_path(graph, node).is_none_or(|class| class_name(&class) != "TreePredictor") {
            return Ok(None);
        }
        let is_booster =
            |node| skiff_files::class_path(graph, node).is_some_and(|class| BOOSTERS.contains(&class_name(&class)));
        let booster = way.nodes.iter().rev().find(|(node, _)| is_booster(*node));
        let Some(&(booster, of_booster)) = booster else { return Ok(None) };
        if !address[of_booster.len()..].trim_start_matches('.').starts_with("_predictors[") {
            return Ok(None);
        }
        self.refuse_dangerous()?;
        // This checks all of its trees.
        let model = self.read_model(booster, of_booster, &Custom::default())?;
        let n_features = model.n_features_in().unwrap_or(0);
        let tree = Tree::of_predictor(graph, node, n_features, self.names(way));
        tree.map(Some).ok_or_else(|| no_tree("TreePredictor"))
    }
}

fn no_tree(class: &str) -> Error {
    let what = format!("the tree of {} lacks counts or impurities, which pictures show", class_name(class));
    skiff_export::ExportError::Picture(what).into()
}

/// The addresses of the trees in an estimator at `address`, and whether it is an ensemble of trees itself.
fn trees_in(view: &EstimatorView, address: &str, found: &mut Vec<String>) -> bool {
    let within = |path: &str| if address.is_empty() { path.to_owned() } else { format!("{address}.{path}") };
    let class = class_name(&view.class);
    if TREES.contains(&class) {
        found.push(address.to_owned());
        return false;
    }
    if BOOSTERS.contains(&class) {
        found.push(within("_predictors[0][0]"));
        return true;
    }
    let mut is_ensemble = false;
    for (attribute, class, count) in &view.members {
        if TREES.contains(&class_name(class)) {
            is_ensemble = true;
            found.extend((0..(*count).min(MOST_ADDRESSES + 1)).map(|at| within(&format!("{attribute}[{at}]"))));
        }
    }
    let are_trees = |view: &EstimatorView| TREES.contains(&class_name(&view.class));
    is_ensemble |= !view.inner.is_empty() && view.inner.iter().all(are_trees) && class != "Pipeline";
    for inner in &view.inner {
        trees_in(inner, &inner.address, found);
    }
    is_ensemble
}

/// An estimator as a box; views are at most 16 deep.
fn block(view: &EstimatorView) -> Block {
    let class = class_name(&view.class);
    let title = if view.label.is_empty() { class.to_owned() } else { format!("{}: {class}", view.label) };
    let lines = view.changed().take(MOST_PARAMETERS).map(|(name, value)| shortened(&format!("{name}={value}")));
    let members = view.members.iter().map(|(attribute, class, count)| Block {
        title: shortened(&format!("{attribute}: {count} × {}", class_name(class))),
        lines: Vec::new(),
        is_sequence: false,
        inner: Vec::new(),
    });
    Block {
        title: shortened(&title),
        // The boxes within say what composite estimators have.
        lines: if view.inner.is_empty() { lines.collect() } else { Vec::new() },
        is_sequence: class == "Pipeline",
        inner: view.inner.iter().map(block).chain(members).collect(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_PARAMETER) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
