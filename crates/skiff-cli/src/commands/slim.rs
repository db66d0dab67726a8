//! `skiff slim`: a smaller file for the same model.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use skiff::slim::{Answers, Measured, Metric, method_of};
use skiff::{File, Method, Model, Options, Params, Slim};

use super::inspect::bytes;
use super::predict;
use crate::args::{self, Format, LossyArguments, OpenArguments, Predict};
use crate::data::write::Collected;
use crate::report::{Failure, Outcome};
use crate::shown::shown;
use crate::{input, outputs};

/// Writes the smaller file, and reports what is smaller in it.
pub fn run(arguments: &args::Slim) -> Outcome {
    let args::Slim { model, output, .. } = arguments;
    if input::is_standard(output) {
        return Err(Failure::Usage("the output must be a file".to_owned()));
    }
    outputs::refuse_inputs(output, &[model], arguments.force)?;
    outputs::refuse_existing(output, arguments.force)?;
    let options = arguments.options()?;
    // A wrong option is an error before a large file is read.
    options.check(output)?;
    let opening = options.opening();
    let file = input::file(model, &opening)?;
    let mut slim = Slim::of(&file)?;
    slim.reduce(&arguments.lossy.lossy())?;
    let measured = measured(arguments, &file, &slim, &opening)?;
    let converted = slim.write(output, &options)?;
    for note in converted.dropped {
        // A failure to print the note is ignored.
        let _ = writeln!(io::stderr(), "note: {}", shown(&note));
    }
    let after = fs::metadata(output).map_err(|error| Failure::unreadable(output, error))?.len();
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{:#}", slim.to_json(after, measured.as_ref()))?,
        Format::Text => write_text(&mut out, &slim, after, measured.as_ref())?,
    }
    Ok(())
}

/// What changes on the rows that are given or recorded; nothing where no answer changes.
fn measured(arguments: &args::Slim, file: &File, slim: &Slim, opening: &Options) -> Result<Option<Measured>, Failure> {
    let LossyArguments { data, target, max_label_change, unmeasured, .. } = &arguments.lossy;
    let is_lossy = !arguments.lossy.lossy().is_empty();
    if !is_lossy && data.is_none() {
        return match max_label_change {
            Some(_) => Err(Failure::Usage("`--max-label-change` is for options that change answers".to_owned())),
            None => Ok(None),
        };
    }
    if *unmeasured {
        return Ok(None);
    }
    let models = [input::model_of(file, &arguments.model)?, slim.file().model(opening.at.as_deref())?];
    let measured = match data {
        Some(data) => {
            let [before, after] = models.each_ref().map(|model| answers(arguments, data, target.as_deref(), model));
            let ((before, targets), (after, _)) = (before?, after?);
            Measured::of(&models[0], &before, &after, target.is_some().then_some(&targets))
        }
        None => {
            let Some(rows) = file.recorded_rows(&models[0]) else {
                return Err(Failure::Usage(
                    "nothing could be measured, for the model has no recorded rows: pass some by `--data`, or \
                     `--unmeasured`"
                        .to_owned(),
                ));
            };
            let [before, after] = models.each_ref().map(|model| Answers::of(model, &rows));
            Measured::of(&models[0], &before?, &after?, None)
        }
    };
    if let Some(most) = max_label_change {
        let Some(changed) = measured.changed_labels else {
            let class = &models[0].header().class;
            return Err(Failure::Usage(format!("`--max-label-change` is for labels, and `{class}` predicts none")));
        };
        if changed > *most {
            return Err(Failure::Usage(format!(
                "{changed} of the rows get another label, more than `--max-label-change {most}`: nothing was written"
            )));
        }
    }
    Ok(Some(measured))
}

/// What a model answers for the rows of a file, and the cells of their targets.
fn answers(
    arguments: &args::Slim,
    data: &Path,
    target: Option<&str>,
    model: &Model,
) -> Result<(Answers, Vec<String>), Failure> {
    let (mut found, mut targets, mut seconds) = (Answers::default(), Vec::new(), Some(0.0));
    let predict = model.methods().contains(&Method::Predict).then_some(Method::Predict);
    for method in [predict, method_of(model)].into_iter().flatten() {
        let plan = model.plan_with(method, &Params::default())?;
        let question = Predict {
            model: arguments.model.clone(),
            data: vec![data.to_owned()],
            method,
            param: Vec::new(),
            output: None,
            format: None,
            force: false,
            keep: target.into_iter().map(str::to_owned).collect(),
            quiet: true,
            data_options: arguments.data_options.clone(),
            open: OpenArguments::default(),
        };
        let mut sink = Collected::default();
        let time = predict::into_sink(&question, model, &plan, &mut sink)?;
        seconds = seconds.zip(time).map(|(seconds, time)| seconds + time.as_secs_f64());
        match method {
            Method::Predict => found.predicted = sink.answers,
            _ => found.numbers = sink.answers,
        }
        targets = sink.kept;
    }
    Ok((Answers { seconds, ..found }, targets))
}

fn write_measured(out: &mut impl Write, measured: &Measured) -> io::Result<()> {
    writeln!(out, "\nmeasured on {} rows:", measured.rows)?;
    if let (Some(greatest), Some(method)) = (measured.greatest_difference, measured.method) {
        writeln!(out, "  greatest difference of {}: {greatest:.3e}", method.name())?;
    }
    if let Some(changed) = measured.changed_labels {
        writeln!(out, "  other labels: {:.2} % of the rows", 100.0 * changed)?;
    }
    if let Some(Metric { name, before, after, .. }) = measured.metric {
        writeln!(out, "  {name}: {before:.4} → {after:.4}")?;
    }
    if let Some([before, after]) = measured.seconds {
        writeln!(out, "  time: {:.1} ms → {:.1} ms", 1e3 * before, 1e3 * after)?;
    }
    Ok(())
}

fn write_text(out: &mut impl Write, slim: &Slim, after: u64, measured: Option<&Measured>) -> io::Result<()> {
    let before = slim.before();
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let share = 100.0 * after as f64 / before.max(1) as f64;
    writeln!(out, "{} → {} ({share:.1} %)", bytes(before), bytes(after))?;
    if !slim.dropped().is_empty() {
        writeln!(out, "\ndropped, which only training needs (sizes before compression):")?;
    }
    for dropped in slim.dropped() {
        let objects = match dropped.objects {
            1 => String::new(),
            count => format!(" of {count} objects"),
        };
        let name = format!("{}.{}", dropped.class, dropped.attribute);
        writeln!(out, "  {}{objects}: {}", shown(&name), bytes(dropped.bytes))?;
    }
    match slim.thresholds() {
        0 => {}
        1 => writeln!(out, "\nthe thresholds of 1 tree are `float32`, in which rows are compared")?,
        count => writeln!(out, "\nthe thresholds of {count} trees are `float32`, in which rows are compared")?,
    }
    if !slim.changed().is_empty() {
        writeln!(out, "\nchanged:")?;
    }
    for changed in slim.changed() {
        let objects = match changed.objects {
            1 => String::new(),
            count => format!(" of {count} objects"),
        };
        writeln!(out, "  {}.{}{objects}, by `{}`", shown(&changed.class), changed.attribute, changed.option)?;
    }
    if let Some(measured) = measured {
        write_measured(out, measured)?;
    }
    for note in slim.notes() {
        writeln!(out, "\n{}", shown(note))?;
    }
    Ok(())
}
