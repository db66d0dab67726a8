//! What is fuzzed: a target for each stage of reading a file, as plain functions of bytes.
//!
//! The same functions run in three ways: under libFuzzer (`fuzz_targets/`, by `cargo xtask fuzz`), over their seeds
//! and over every file in `regressions/` in the tests. A target panics when a promise is broken; any other outcome,
//! a result or a named error, is fine.
#![forbid(unsafe_code)]

mod ask;
mod encrypted;
mod look;
mod repair;
pub mod seeds;
mod targets;

use std::path::PathBuf;

use skiff_files::Limits;
use skiff_testing::memory::{lift_limit, peak_of};

/// Something that is fuzzed.
#[derive(Debug)]
pub struct Target {
    /// Its name: that of the binary, of the folder in `regressions/`, and of the corpus.
    pub name: &'static str,
    /// What is tested, and what must be true.
    pub about: &'static str,
    /// Runs one input; false if it is not meaningful for the target.
    run: fn(&[u8]) -> bool,
    /// Where it begins: real files, and names for them.
    pub seeds: fn() -> Vec<seeds::Seed>,
    /// The memory that one input may take in addition to a multiple of its size, in MiB.
    most_memory: usize,
}

/// Every target, once.
pub const TARGETS: &[Target] = &[
    Target {
        name: "decode",
        about: "opcodes and their text: each byte belongs to one instruction",
        run: targets::decode,
        seeds: seeds::pickles,
        most_memory: 32,
    },
    Target {
        name: "machine",
        about: "the pickle machine and the writer: what is written says what was read",
        run: targets::machine,
        seeds: seeds::pickles,
        most_memory: 32,
    },
    Target {
        name: "joblib",
        about: "joblib's files of all layouts and codecs, the values in them, and the way back",
        run: targets::joblib,
        seeds: seeds::joblib,
        most_memory: 192,
    },
    Target {
        name: "npy",
        about: ".npy and .npz, zips with their checksums put right",
        run: targets::npy,
        seeds: seeds::npy,
        most_memory: 192,
    },
    Target {
        name: "skops",
        about: "skops' zips of a schema and arrays, their checksums put right, and the way back",
        run: targets::skops,
        seeds: seeds::skops,
        most_memory: 192,
    },
    Target {
        name: "model_json",
        about: "models as JSON, and the way back",
        run: targets::model_json,
        seeds: seeds::model_json,
        most_memory: 192,
    },
    Target {
        name: "container",
        about: "the .skiff file, its digests put right, and the way back",
        run: targets::container,
        seeds: seeds::container,
        most_memory: 192,
    },
    Target {
        name: "model",
        about: "estimators of all classes from any graph: each is refused, or answers",
        run: targets::model,
        seeds: seeds::models,
        most_memory: 512,
    },
    Target {
        name: "evaluate",
        about: "recorded models with edited numbers: each row answers alone as in the batch",
        run: targets::evaluate,
        seeds: seeds::edits,
        most_memory: 512,
    },
    Target {
        name: "scan",
        about: "the verdict on any bytes, and what opening them says",
        run: targets::scan,
        seeds: seeds::scan,
        most_memory: 384,
    },
    Target {
        name: "signature",
        about: "signature files, statements signed anew, certificates and keys, and the way back",
        run: targets::signature,
        seeds: seeds::signature,
        most_memory: 32,
    },
    Target {
        name: "encryption",
        about: "files encrypted by age, and any others, encrypted first: their bits flipped, and the way back",
        run: targets::encryption,
        seeds: seeds::encryption,
        most_memory: 192,
    },
    Target {
        name: "v2_json",
        about: "requests of Open Inference Protocol as JSON: each is answered or refused, and never the server's fault",
        run: targets::v2_json,
        seeds: seeds::requests::v2_json,
        most_memory: 192,
    },
    Target {
        name: "v2_binary",
        about: "the same with binary tensors after the JSON",
        run: targets::v2_binary,
        seeds: seeds::requests::v2_binary,
        most_memory: 192,
    },
    Target {
        name: "v2_grpc",
        about: "messages of ModelInfer",
        run: targets::v2_grpc,
        seeds: seeds::requests::v2_grpc,
        most_memory: 192,
    },
    Target {
        name: "kserve",
        about: "requests of KServe V1",
        run: targets::kserve,
        seeds: seeds::requests::kserve,
        most_memory: 192,
    },
    Target {
        name: "mlflow_json",
        about: "requests of MLflow as JSON",
        run: targets::mlflow_json,
        seeds: seeds::requests::mlflow_json,
        most_memory: 192,
    },
    Target {
        name: "mlflow_csv",
        about: "tables as CSV",
        run: targets::mlflow_csv,
        seeds: seeds::requests::mlflow_csv,
        most_memory: 192,
    },
    Target {
        name: "body_parquet",
        about: "bodies of requests that are Parquet files: within the limits, whatever they say of themselves",
        run: targets::body_parquet,
        seeds: seeds::parquet,
        most_memory: 64,
    },
    Target {
        name: "body_arrow",
        about: "the same for Arrow streams",
        run: targets::body_arrow,
        seeds: seeds::arrow,
        most_memory: 64,
    },
];

/// The target of that name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target is called `{name}`"))
}

impl Target {
    /// Runs one input; false if it is not meaningful for the target.
    ///
    /// # Panics
    /// When a promise is broken. More memory than the target may take ends the process where [`Counting`] is the
    /// allocator.
    ///
    /// [`Counting`]: skiff_testing::memory::Counting
    pub fn run(&self, bytes: &[u8]) -> bool {
        let most = (self.most_memory << 20).saturating_add(bytes.len().saturating_mul(MOST_FACTOR));
        peak_of(most, || (self.run)(bytes)).0
    }

    /// The inputs in which something was found, each with its file.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn regressions(&self) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("regressions").join(self.name);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let bytes = std::fs::read(&path)?;
            found.push((path, bytes));
        }
        found.sort();
        Ok(found)
    }
}

/// What an input may take for each of its bytes: the graph's 256, several graphs at a time.
const MOST_FACTOR: usize = 2_048;

/// Small budgets, so that the fuzzer spends its time on new inputs and not on large ones.
fn limits() -> Limits {
    Limits { decompressed: 1 << 22, nodes: 1 << 18, decoded: 1 << 22, ..Limits::default() }
}

/// The complete body of a fuzzer's binary.
#[macro_export]
macro_rules! fuzzer {
    ($name:literal) => {
        #[global_allocator]
        static ALLOCATOR: skiff_testing::memory::Counting = skiff_testing::memory::Counting;

        libfuzzer_sys::fuzz_target!(
            init: $crate::lift_limit_on_panic(),
            |bytes: &[u8]| -> libfuzzer_sys::Corpus {
                match $crate::target($name).run(bytes) {
                    true => libfuzzer_sys::Corpus::Keep,
                    false => libfuzzer_sys::Corpus::Reject,
                }
            }
        );

        // The mutation of an input; most targets use the fuzzer's own.
        libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
            let head = $crate::head($name, &bytes[..size]);
            head + libfuzzer_sys::fuzzer_mutate(&mut bytes[head..], size - head, most.saturating_sub(head).max(1))
        });
    };
}

/// To print where a panic came from takes more memory than most inputs. A panic of Arrow's readers that becomes an error
/// is nothing found.
pub fn lift_limit_on_panic() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if skiff_arrow::files::is_caught() {
            return;
        }
        lift_limit();
        hook(info);
    }));
}

/// How many bytes at the beginning of an input the fuzzer should leave as they are: the name of a recorded model.
pub fn head(target: &str, bytes: &[u8]) -> usize {
    match target {
        "evaluate" => bytes.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table, the binaries and the folders of what was found have the same names.
    #[test]
    fn each_target_has_a_binary() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let names = |folder: &str| {
            let entries = std::fs::read_dir(here.join(folder)).expect("a folder").map(|entry| entry.expect("an entry"));
            let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
            let mut names: Vec<_> = entries.map(|entry| stem(entry.path())).collect();
            names.sort();
            names
        };
        let mut known: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        known.sort();
        assert_eq!(names("fuzz_targets"), known);
        assert!(names("regressions").iter().all(|name| known.contains(name)), "{:?}", names("regressions"));
    }
}
