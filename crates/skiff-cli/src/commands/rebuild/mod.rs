//! `skiff rebuild`: trains a model again, as its passport says that it was trained, and compares.
//!
//! This is the one command that runs code; nothing of it is run before the user has seen what.

mod digest;
mod environment;
mod git;
mod plan;
mod result;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use skiff::passport::Value;
use skiff::{File, Options, Passport};
use skiff_files::write::NewFile;

use crate::args::{Format, Rebuild};
use crate::report::{self, Failure, Outcome};
use crate::shown::shown;
use crate::{input, interrupt, outputs};

use environment::Environment;
use plan::{Data, Plan};
use result::Comparison;

/// The environment variable that tells `skiff.dump` where to keep files.
const VARIABLE: &str = "SKIFF_REBUILD";

/// Where the result goes.
enum Output {
    File(PathBuf),
    /// The next version of the model at this address, of which the file in the cache is a copy.
    #[cfg(feature = "registry")]
    Version(String),
}

/// Trains the model again; whether it is as good as the old one.
pub fn run(arguments: &Rebuild) -> Result<bool, Failure> {
    let model = &arguments.model;
    if input::is_stream(model) {
        return Err(Failure::Usage("standard input cannot be rebuilt: save it to a file first".to_owned()));
    }
    let options =
        Options { limits: arguments.limits.limits(), identity: arguments.identity.read()?, ..Options::default() };
    let file = File::open(model, &options)?;
    let passport = passport(&file, model)?;
    let (digest, _) = digest::of(model).map_err(|error| Failure::unreadable(model, error))?;
    let output = output(arguments)?;
    let plan = Plan::new(arguments, model, &passport)?;
    let environment = Environment::new(arguments, model, &passport)?;
    let folder = folder()?;
    if !arguments.keep {
        interrupt::remove_later(&folder);
    }
    let done = (|| {
        let mut list = Vec::new();
        describe(&mut list, arguments, &digest, &plan, &environment, &folder, &output)?;
        if arguments.dry_run {
            io::stdout().write_all(&list)?;
            return Ok(true);
        }
        // Messages are on standard error.
        let _ = io::stderr().write_all(&list);
        ask(arguments.yes)?;
        let name = arguments.training.name.clone().unwrap_or_else(|| file_name(model));
        train(arguments, &plan, &environment, &folder, &recorded(&passport, &file_name(model), &digest))?;
        let rebuilt = dumped(&folder, &name, &plan.source.digest, &options)?;
        compare(arguments, [&file, &rebuilt.file], [&passport, &rebuilt.passport], &rebuilt.path, &output)
    })();
    if arguments.keep {
        report::note(&format!("the temporary folder is `{}`", folder.display()));
    }
    interrupt::remove_folder();
    done
}

/// The file's passport.
fn passport(file: &File, path: &Path) -> Result<Passport, Failure> {
    let wrong = |what: String| Failure::in_file("no-passport", input::shown(path), what);
    match file.passport() {
        Ok(Some(passport)) => Ok(passport),
        Ok(None) => Err(wrong("it has no passport, which says what trained the model".to_owned()).with_help(
            "`skiff.dump(model, \"model.skiff\", source=__file__, data=…)` writes one; only .skiff files have it",
        )),
        Err(error) => Err(wrong(format!("the passport cannot be read: {error}"))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What `skiff.dump` adds to the passport of the rebuilt model, as JSON.
fn recorded(passport: &Passport, name: &str, digest: &str) -> String {
    let entry = |name: &str| passport.get(&[name]).map_or_else(|| "null".to_owned(), Value::to_string);
    let parent = json!({ "name": name, "sha256": digest });
    format!(r#"{{"parent": {parent}, "source": {}, "data": {}}}"#, entry("source"), entry("data"))
}

/// Where the result goes, which is not overwritten.
fn output(arguments: &Rebuild) -> Result<Output, Failure> {
    let model = &arguments.model;
    let path = match &arguments.output {
        Some(path) if input::is_standard(path) => {
            return Err(Failure::Usage("the result cannot be written to standard output".to_owned()));
        }
        Some(path) => path.clone(),
        #[cfg(feature = "registry")]
        None if input::shown(model) != model => {
            let address = input::shown(model).display().to_string();
            super::registry::check_push(&address, &arguments.change)?;
            return Ok(Output::Version(address));
        }
        None => {
            let name = file_name(model);
            let (stem, extension) = name.split_once('.').unwrap_or((&name, "skiff"));
            model.with_file_name(format!("{stem}.rebuilt.{extension}"))
        }
    };
    outputs::refuse_existing(&path, arguments.force)?;
    Ok(Output::File(path))
}

/// A new temporary folder, which only the user can read.
fn folder() -> Result<PathBuf, Failure> {
    let parent = std::env::temp_dir();
    let parent = fs::canonicalize(&parent).unwrap_or(parent);
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let mut number = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
    loop {
        let folder = parent.join(format!("skiff-rebuild-{:x}-{number:x}", std::process::id()));
        match builder.create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
            Err(error) => return Err(Failure::unwritable(&folder, error)),
        }
    }
}

/// Lists everything that will be run, and what it is run on.
fn describe(
    out: &mut impl Write,
    arguments: &Rebuild,
    digest: &str,
    plan: &Plan,
    environment: &Environment,
    folder: &Path,
    output: &Output,
) -> io::Result<()> {
    let project = folder.join("project");
    writeln!(
        out,
        "skiff rebuild runs code: the script that trained this model, with the packages that are listed here.\n"
    )?;
    let model = input::shown(&arguments.model).display().to_string();
    writeln!(out, "model:    {}, sha256 {digest}", shown(&model))?;
    let source = &plan.source;
    let state = match (source.is_from_commit, &source.commit) {
        (true, Some(commit)) => format!("as of the recorded commit {}: it has changed since", commit.id),
        (_, Some(commit)) => format!("as recorded, with the files of its commit {}", commit.id),
        (_, None) => "as recorded".to_owned(),
    };
    writeln!(out, "source:   {}, sha256 {}, {state}", shown(&source.file.display().to_string()), source.digest)?;
    if source.is_dirty {
        writeln!(out, "          other files of the repository had changes that were not committed")?;
    }
    let data = match &plan.data {
        Data::Unrecorded => "not recorded".to_owned(),
        Data::Tables => "tables that the script makes, whose digests are compared".to_owned(),
        Data::Uri(uri) => format!("{uri}, which the script fetches, and which has no recorded digest"),
        Data::File { path, size, digest, is_copied } => {
            let copied = if *is_copied { "copied" } else { "read where it is" };
            format!("{}, {size} bytes, sha256 {digest}, as recorded; {copied}", path.display())
        }
        Data::Changed { path } => format!("{}, which is not as recorded", path.display()),
        Data::Missing { recorded } => format!("{recorded}, which is not found"),
        Data::Described => "described in words only".to_owned(),
    };
    writeln!(out, "data:     {}", shown(&data))?;
    for copy in plan.copies.iter().filter(|copy| copy.digest.is_none()) {
        writeln!(out, "file:     {}, copied", shown(&copy.from.display().to_string()))?;
    }
    match environment {
        Environment::Here { python } => {
            let python = format!("{} {}", python.program.display(), python.version);
            writeln!(out, "packages: those that are installed for {}", shown(&python))?;
        }
        Environment::New { python, packages } => {
            writeln!(out, "python:   {} {}", shown(&python.program.display().to_string()), python.version)?;
            let what = match (packages.is_complete, packages.is_locked) {
                (true, _) => "the recorded lock, exactly these",
                (false, true) => "those of the recorded lock, and what they depend on",
                (false, false) => {
                    "the passport has no lock (`lock=True`): the recorded versions, and what they depend on"
                }
            };
            writeln!(out, "packages: {what}:")?;
            let skiff = packages.skiff();
            let names: Vec<_> = packages.requirements.iter().map(ToString::to_string).chain([skiff]).collect();
            writeln!(out, "          {}", shown(&names.join(" ")))?;
        }
    }
    writeln!(out, "commands:")?;
    if let Some(commit) = &source.commit {
        let words = commit.archive();
        let folder = plan.place(&project, &commit.top);
        let archive = environment::line(words.iter().map(OsStr::new));
        let tar = environment::line([OsStr::new("tar"), OsStr::new("-x"), OsStr::new("-C"), folder.as_os_str()]);
        writeln!(out, "  {} | {}", shown(&archive), shown(&tar))?;
    }
    for step in environment.steps(folder) {
        writeln!(out, "  {}", shown(&step.line()))?;
    }
    let python = environment.python(folder);
    let script = plan.script();
    let words = [python.as_os_str(), script.as_os_str()].into_iter();
    let line = environment::line(words.chain(arguments.arguments.iter().map(OsStr::new)));
    let place = environment::line([plan.folder(&project).as_os_str()]);
    let kept = environment::line([folder.join("dumped").as_os_str()]);
    writeln!(out, "  cd {} && {VARIABLE}={} {}", shown(&place), shown(&kept), shown(&line))?;
    match output {
        Output::File(path) => writeln!(out, "output:   {}\n", shown(&path.display().to_string())),
        #[cfg(feature = "registry")]
        Output::Version(address) => writeln!(out, "output:   the next version, with the parent {}\n", shown(address)),
    }
}

/// Asks whether to go on; an error if the answer is not yes.
fn ask(is_answered: bool) -> Outcome {
    if is_answered {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let what = "this runs code, and there is no terminal to ask on: `--yes` runs it, `--dry-run` only lists it";
        return Err(Failure::Usage(what.to_owned()));
    }
    let _ = write!(io::stderr(), "run these? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        true => Ok(()),
        false => Err(Failure::Usage("not confirmed: nothing was run".to_owned())),
    }
}

/// Makes the environment, and runs the script in it.
fn train(arguments: &Rebuild, plan: &Plan, environment: &Environment, folder: &Path, recorded: &str) -> Outcome {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::unwritable(&path, error)
    };
    let (project, dumped) = (folder.join("project"), folder.join("dumped"));
    plan.write(&project)?;
    fs::create_dir(&dumped).map_err(unwritable(&dumped))?;
    let file = dumped.join("recorded.json");
    fs::write(&file, recorded).map_err(unwritable(&file))?;
    environment.write(folder).map_err(unwritable(folder))?;
    for step in environment.steps(folder) {
        let status = start(&mut step.command(folder), &step.program)?;
        if !status.success() {
            let help = "`--wheel PATH` installs skiff from a wheel, `--without NAME` leaves out a package, `--with NAME` lets \
                        pip choose versions";
            let what = format!("the environment could not be made: `{}`: {status}", step.line());
            return Err(Failure::in_file("no-environment", &arguments.model, what).with_help(help));
        }
    }
    let python = environment.python(folder);
    let mut command = Command::new(&python);
    command.arg(plan.script()).args(&arguments.arguments).current_dir(plan.folder(&project)).env_clear();
    command.envs(environment::variables(&arguments.training.env, &python)).env(VARIABLE, &dumped);
    if matches!(environment, Environment::New { .. }) {
        command.env("PYTHONNOUSERSITE", "1");
    }
    let status = start(&mut command, &python)?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::in_file("script-failed", &plan.source.file, format!("the script failed: {status}"))
            .with_help(
                "`--file PATH` copies what else it reads, `--env NAME` passes a variable, arguments follow `--`",
            )),
    }
}

/// Runs a program, whose output is messages.
fn start(command: &mut Command, program: &Path) -> Result<ExitStatus, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::from(io::stderr()));
    interrupt::run(command)
        .map_err(|error| Failure::in_file("cannot-run", program, format!("it cannot be run: {error}")))
}

/// A model that the script dumped.
struct Dumped {
    path: PathBuf,
    file: File,
    passport: Passport,
}

/// The model of this name among those that the script dumped with the recorded source, or the only one.
fn dumped(folder: &Path, name: &str, source: &str, options: &Options) -> Result<Dumped, Failure> {
    let kept = folder.join("dumped").join("kept");
    let mut found = Vec::new();
    let mut names = Vec::new();
    let entries = fs::read_dir(&kept).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort_unstable();
    for path in paths {
        names.push(file_name(&path));
        let file = File::open(&path, options)?;
        let Ok(Some(passport)) = file.passport() else { continue };
        if passport.get(&["source", "sha256"]).and_then(Value::as_text) == Some(source) {
            found.push(Dumped { path, file, passport });
        }
    }
    let error = |what: String| Failure::in_file("not-dumped", Path::new(name), what);
    if found.is_empty() {
        let what = match names.is_empty() {
            true => "the script ended without a `skiff.dump` of this version of skiff".to_owned(),
            false => format!("the script dumped `{}`, without its source", names.join("`, `")),
        };
        return Err(error(what).with_help("the script writes the model with skiff.dump(model, path, source=__file__)"));
    }
    let named = found.iter().position(|dumped| file_name(&dumped.path) == name);
    match named.or((found.len() == 1).then_some(0)) {
        Some(place) => Ok(found.swap_remove(place)),
        None => Err(error(format!("the script dumped several models: `{}`", names.join("`, `")))
            .with_help("`--name NAME` names the one")),
    }
}

/// Compares the models, writes the new one, and reports; whether it is as good as the old one.
fn compare(
    arguments: &Rebuild,
    files: [&File; 2],
    passports: [&Passport; 2],
    path: &Path,
    output: &Output,
) -> Result<bool, Failure> {
    let [old, new] = passports.map(|passport| passport.get(&["data"]));
    let recorded = old.map(plan::digests).filter(|digests| !digests.is_empty());
    let now = new.map(plan::digests).unwrap_or_default();
    let same_data = recorded.map(|recorded| recorded == now);
    if same_data == Some(false) && !arguments.training.other_data {
        let what = "the script trained on other data than is recorded: the digests of what it dumped differ";
        return Err(Failure::in_file("data-changed", input::shown(&arguments.model), what)
            .with_help("`--other-data` accepts it"));
    }
    let comparison = Comparison::new(&skiff::diff(files, None)?, passports[0], passports[1], same_data);
    let written = match output {
        Output::File(output) => {
            write(path, output).map_err(|error| Failure::unwritable(output, error))?;
            output.display().to_string()
        }
        #[cfg(feature = "registry")]
        Output::Version(address) => {
            let parent = digest::of(&arguments.model).map_err(|error| Failure::unreadable(&arguments.model, error))?.0;
            super::registry::push_rebuilt(path, address, &parent, &arguments.change, &arguments.limits)?
        }
    };
    let mut out = io::stdout().lock();
    let model = input::shown(&arguments.model).display().to_string();
    match arguments.format {
        Format::Json => {
            let mut json = comparison.to_json();
            json["model"] = model.into();
            json["output"] = written.into();
            writeln!(out, "{json:#}")?;
        }
        Format::Text => {
            writeln!(out, "{}: rebuilt from {}", shown(&written), shown(&model))?;
            comparison.write_text(&mut out)?;
        }
    }
    Ok(comparison.is_good())
}

/// Copies a file to its place, where it appears when it is whole.
fn write(from: &Path, to: &Path) -> io::Result<()> {
    let mut out = NewFile::create(to)?;
    io::copy(&mut fs::File::open(from)?, &mut out)?;
    out.finish()
}
