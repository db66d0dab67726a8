//! Measures a model's predictions in one process: `skiff-bench MODEL ROWS METHOD THREADS`.
//!
//! It opens the model and prints the seconds that this took. Then, for each line on stdin, it predicts again and
//! prints the seconds: `row` predicts one row, another one each time, often enough to be measured; `batch` predicts all
//! rows at once. So a script can alternate between programs, and a busy machine affects all of them equally.
//! `benches/in_process.py` is the same for scikit-learn.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use skiff::{File, Method, Model, Options, Table};
use skiff_files::NdArray;

/// One line's measurement of single rows goes on for so long.
const ENOUGH: Duration = Duration::from_millis(50);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, rows, method, threads] = &arguments[..] else {
        return Err("expected MODEL ROWS METHOD THREADS".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let started = Instant::now();
    let model = skiff::open(model)?;
    println!("{}", started.elapsed().as_secs_f64());
    let method: Method = method.parse()?;
    let rows = read_rows(Path::new(rows))?;
    let mut next = 0;
    for line in io::stdin().lock().lines() {
        let seconds = match &*line? {
            "row" => single_rows(&model, method, &rows, &mut next)?,
            "batch" => {
                let started = Instant::now();
                black_box(model.call(method, &rows)?);
                started.elapsed().as_secs_f64()
            }
            other => return Err(format!("expected `row` or `batch`, found `{other}`").into()),
        };
        println!("{seconds}");
    }
    Ok(())
}

/// The mean time of calls with one row each.
fn single_rows(model: &Model, method: Method, rows: &Table<'_>, next: &mut usize) -> Result<f64, skiff::Error> {
    let (started, mut calls) = (Instant::now(), 0_u32);
    while calls == 0 || started.elapsed() < ENOUGH {
        let row = rows.slice_rows(*next, 1);
        black_box(model.call(method, &row)?);
        *next = (*next + 1) % rows.rows();
        calls += 1;
    }
    Ok(started.elapsed().as_secs_f64() / f64::from(calls))
}

/// Rows of numbers from a `.npy` file, or lines of text from any other.
fn read_rows(path: &Path) -> Result<Table<'static>, Box<dyn Error>> {
    if path.extension().is_none_or(|extension| extension != "npy") {
        return Ok(Table::from_texts(fs::read_to_string(path)?.lines()));
    }
    let file = File::open(path, &Options::default())?;
    let graph = &file.contents().graph;
    let array = NdArray::read(graph, graph.root())?.ok_or("no array")?;
    let &[rows, cols] = &array.shape[..] else { return Err("expected rows and columns".into()) };
    let numbers = array.to_f64().ok_or("no numbers")?;
    Ok(Table::from_rows(rows, cols, numbers)?)
}
