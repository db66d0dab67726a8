//! Measures a model's predictions in one process: `skiff-bench MODEL ROWS METHOD THREADS`.
//!
//! It opens the model and prints the seconds that this took. Then, for each line on stdin, it predicts again and
//! prints the seconds: `row` predicts one row, another one each time, often enough to be measured; `rows N` predicts the
//! first N at once, also often enough; `once N` predicts them once. So a script can let programs take turns, and a busy
//! machine affects all of them equally. In place of a file, `ROWS` may be `made:NxM`: N rows of M numbers.
//! `benches/contender.py` is the same for Python, and describes the lines of JSON that are printed.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use skiff::{File, Method, Model, Options, Table};
use skiff_files::NdArray;

/// A measurement goes on for so long.
const ENOUGH: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, rows, method, threads] = &arguments[..] else {
        return Err("expected MODEL ROWS METHOD THREADS".into());
    };
    skiff_files::threads::set_count(threads.parse()?);
    let started = Instant::now();
    let model = skiff::open(model)?;
    println!("{{\"load\": {}}}", started.elapsed().as_secs_f64());
    let method: Method = method.parse()?;
    let rows = read_rows(Path::new(rows))?;
    let mut next = 0;
    for line in io::stdin().lock().lines() {
        let line = line?;
        match line.strip_prefix("rows ") {
            Some(count) => several(&model, method, &rows.slice_rows(0, rows.rows().min(count.parse()?)))?,
            None if line == "row" => single_rows(&model, method, &rows, &mut next)?,
            None => match line.strip_prefix("once ") {
                Some(count) => counted_once(&model, method, &rows.slice_rows(0, rows.rows().min(count.parse()?)))?,
                None => return Err(format!("expected `row`, `rows N` or `once N`, found `{line}`").into()),
            },
        }
    }
    Ok(())
}

/// Calls with one row each: the median and the 99th percentile of their wall times.
fn single_rows(model: &Model, method: Method, rows: &Table<'_>, next: &mut usize) -> Result<(), skiff::Error> {
    let (started, mut times) = (Instant::now(), Vec::new());
    while times.is_empty() || started.elapsed() < ENOUGH {
        let row = rows.slice_rows(*next, 1);
        let before = Instant::now();
        black_box(model.call(method, &row)?);
        times.push(before.elapsed());
        *next = (*next + 1) % rows.rows();
    }
    times.sort_unstable();
    let [p50, p99] = [50, 99].map(|percent| times[times.len() * percent / 100].as_secs_f64());
    println!("{{\"p50\": {p50}, \"p99\": {p99}}}");
    Ok(())
}

/// Calls with all of `rows`: the CPU time and the wall time of one.
fn several(model: &Model, method: Method, rows: &Table<'_>) -> Result<(), skiff::Error> {
    let (started, cpu_before, mut calls) = (Instant::now(), cpu_time(), 0_u32);
    while calls == 0 || started.elapsed() < ENOUGH {
        black_box(model.call(method, rows)?);
        calls += 1;
    }
    let wall = started.elapsed().as_secs_f64();
    let cpu = cpu_time().zip(cpu_before).map_or(wall, |(after, before)| after - before);
    println!("{{\"cpu\": {}, \"wall\": {}}}", cpu / f64::from(calls), wall / f64::from(calls));
    Ok(())
}

/// One call with all of `rows`. `cargo xtask instructions` counts what is executed in here, by this name.
#[inline(never)]
fn counted_once(model: &Model, method: Method, rows: &Table<'_>) -> Result<(), skiff::Error> {
    black_box(model.call(method, rows)?);
    Ok(())
}

/// The CPU time of all threads so far, in seconds; `None` where Linux's `/proc` is not.
fn cpu_time() -> Option<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let schedule = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += schedule.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// Rows of numbers from a `.npy` file or made ones, or lines of text from any other file.
fn read_rows(path: &Path) -> Result<Table<'static>, Box<dyn Error>> {
    if let Some((rows, cols)) = path.to_str().and_then(|path| path.strip_prefix("made:")?.split_once('x')) {
        let (rows, cols) = (rows.parse()?, cols.parse()?);
        // Between 0 and 8, none like another.
        let numbers = (0..rows * cols).map(|at| (at * 7_919 % 100_003) as f64 / 12_500.0);
        return Ok(Table::from_rows(rows, cols, numbers.collect::<Vec<_>>())?);
    }
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
