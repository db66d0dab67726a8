//! The fields that expressions became.

use std::collections::{BTreeSet, HashMap};

use super::expression::{Expr, ExprId, Expressions, Scalar};

/// The names of the fields that expressions became.
pub(super) struct Names<'a> {
    pub expressions: &'a Expressions,
    names: HashMap<ExprId, String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(expressions: &'a Expressions) -> Self {
        Self { expressions, names: HashMap::new() }
    }

    /// Gives an expression a field of this name.
    pub(super) fn insert(&mut self, id: ExprId, name: String) {
        self.names.insert(id, name);
    }

    /// Whether an expression that is no input has a field.
    pub(super) fn is_named(&self, id: ExprId) -> bool {
        self.names.contains_key(&id)
    }

    pub(super) fn of(&self, id: ExprId) -> &str {
        match self.expressions.get(id) {
            Expr::Field { name, .. } => name,
            _ => self.names.get(&id).map_or("", String::as_str),
        }
    }

    /// Whether an expression has a field of its own.
    pub(super) fn has(&self, id: ExprId) -> bool {
        matches!(self.expressions.get(id), Expr::Field { .. }) || self.names.contains_key(&id)
    }

    /// All expressions that some fields depend on, themselves included.
    pub(super) fn closure(&self, roots: impl IntoIterator<Item = ExprId>) -> BTreeSet<ExprId> {
        let mut open: Vec<ExprId> = roots.into_iter().collect();
        let mut all = BTreeSet::new();
        while let Some(id) = open.pop() {
            if all.insert(id) {
                let arguments = self.expressions.get(id).arguments().iter();
                open.extend(arguments.filter_map(|x| if let Scalar::Expr(id) = x { Some(*id) } else { None }));
            }
        }
        all
    }
}
