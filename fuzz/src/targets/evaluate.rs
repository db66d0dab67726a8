//! Recorded models with edited states, evaluated on their recorded rows.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::LazyLock;

use skiff_files::Graph;
use skiff_models::Model;
use skiff_models::lowering::Params;
use skiff_plan::table::Table;
use skiff_plan::{Method, evaluate as run};
use skiff_testing::damage::Noise;
use skiff_testing::rows::difference_of_rows;
use skiff_testing::{Case, edit};

use crate::seeds;

/// A recorded model and its input tables.
struct Recorded {
    graph: Graph,
    tables: Vec<Table<'static>>,
}

/// How many rows of a table are evaluated.
const MOST_ROWS: usize = 5;
/// How many edits are made at once: more leave nothing of the model.
const MOST_EDITS: usize = 8;
/// A cache of recorded models.
const MOST_KEPT: usize = 200;

/// The name of a recorded case, a newline, and the edits to its model as bytes that decide them.
pub fn evaluate(bytes: &[u8]) -> bool {
    static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| seeds::case_names().into_iter().collect());
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return false };
    let Ok(name) = std::str::from_utf8(&bytes[..end]) else { return false };
    if !NAMES.contains(name) {
        return false;
    }
    let recorded = recorded(name);
    let mut graph = recorded.graph.clone();
    let ids: Vec<_> = graph.ids().collect();
    let mut noise = Noise::scripted(&bytes[end + 1..]);
    for _ in 0..MOST_EDITS {
        if noise.is_spent() {
            break;
        }
        let id = ids[noise.below(ids.len())];
        edit::edit(&mut graph, id, &mut noise);
    }
    let Ok(model) = Model::read(&graph, graph.root(), "") else { return true };
    for method in Method::ALL {
        let Ok(plan) = model.plan(*method, &Params::default()) else { continue };
        for table in &recorded.tables {
            // Rows do not know each other: a few are as good as many.
            let table = table.slice_rows(0, table.rows().min(MOST_ROWS));
            let Ok(answer) = run(&plan, &table) else { continue };
            // Where rows meet, one alone may have another answer.
            if plan.needs_batch() {
                continue;
            }
            let difference = difference_of_rows(&plan, &table, &answer);
            assert!(difference.is_none(), "{} of {}: {difference:?}", method.name(), model.class());
        }
    }
    true
}

/// The case of that name, read once.
fn recorded(name: &str) -> Rc<Recorded> {
    thread_local! {
        static KEPT: RefCell<HashMap<String, Rc<Recorded>>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        if let Some(recorded) = kept.get(name) {
            return Rc::clone(recorded);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        let case = Case::named(name);
        let file = case.model.open().expect("a recorded model is read");
        let recorded = Rc::new(Recorded { graph: file.graph, tables: tables(&case) });
        kept.insert(name.to_owned(), Rc::clone(&recorded));
        recorded
    })
}

/// Two input tables of the case.
fn tables(case: &Case) -> Vec<Table<'static>> {
    let mut names: Vec<&str> = case.calls.iter().filter_map(|call| call.input.as_deref()).collect();
    names.dedup();
    names.into_iter().filter_map(|name| case.table(name).ok()).take(2).collect()
}
