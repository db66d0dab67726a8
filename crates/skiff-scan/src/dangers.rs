//! Names that are known to do harm, each with what would happen. Whatever is missing here is *unknown* all the same:
//! this table only finds better words.

/// What a name would do when Python calls it, if that is known to be dangerous. `name` may be dotted.
pub(crate) fn sentence(module: &str, name: &str) -> Option<&'static str> {
    // What lies within a dangerous name is no better than it: `eval.__call__`.
    let first = name.split('.').next().unwrap_or(name);
    row(module, name).or_else(|| row(module, first)).or_else(|| walks(module, name))
}

/// Whether a name opens pickles that lie in byte strings.
pub(crate) fn is_loader(module: &str, name: &str) -> bool {
    LOADERS.contains(&root(module))
        && matches!(name, "load" | "loads" | "_load" | "_loads" | "Unpickler" | "_Unpickler")
}

const LOADERS: [&str; 10] =
    ["pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "numpy", "pickle5", "torch"];

fn root(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

fn row(module: &str, name: &str) -> Option<&'static str> {
    let covers = |entry: &str| module == entry || module.strip_prefix(entry).is_some_and(|rest| rest.starts_with('.'));
    DANGERS
        .iter()
        .find(|(modules, names, _)| {
            modules.iter().any(|entry| covers(entry)) && (names.is_empty() || names.contains(&name))
        })
        .map(|(_, _, sentence)| *sentence)
}

/// A path that leads through an innocent module into another one: `numpy.f2py.os.system`, `size.__builtins__`.
fn walks(module: &str, name: &str) -> Option<&'static str> {
    let parts = || module.split('.').skip(1).chain(name.split('.'));
    if parts().any(|part| GATES.contains(&part)) && (name.contains('.') || module.contains('.')) {
        return Some("walks along attributes into the interpreter, from where anything can be called");
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    match last {
        "eval" | "exec" | "__import__" | "system" | "popen" | "Popen" | "execfile" => {
            Some("has the name of a function that runs code or commands")
        }
        _ => None,
    }
}

/// Attributes that lead out of any module.
const GATES: [&str; 23] = [
    "_os",
    "_sys",
    "modules",
    "__base__",
    "__bases__",
    "__builtins__",
    "__class__",
    "__code__",
    "__dict__",
    "__func__",
    "__getattribute__",
    "__globals__",
    "__import__",
    "__init_subclass__",
    "__loader__",
    "__mro__",
    "__spec__",
    "__subclasses__",
    "builtins",
    "importlib",
    "os",
    "subprocess",
    "sys",
];

const COMMANDS: &str = "would run a command of the system";
const CODE: &str = "would run Python code that the file brings along";
const FILES: &str = "would open, change or remove files";
const NETWORK: &str = "would talk to the network";
const IMPORTS: &str = "would import modules by name";
const WALKS: &str = "would take attributes or items of other objects by name: the way from innocent to dangerous code";
const NATIVE: &str = "would call native code or read raw memory";
const PICKLES: &str = "would load another pickle, or the like, without any check";
const CALLS: &str = "would call whatever it is given";
const PROCESSES: &str = "would start processes or threads, or send signals to them";
const TOOLS: &str = "would run a development tool, which runs code";

type Danger = (&'static [&'static str], &'static [&'static str], &'static str);

/// Modules (with what lies within), names (all of them when none is given), and what would happen.
const DANGERS: &[Danger] = &[
    (
        &["os", "posix", "nt"],
        &[
            "system",
            "popen",
            "popen2",
            "popen3",
            "popen4",
            "startfile",
            "execl",
            "execle",
            "execlp",
            "execlpe",
            "execv",
            "execve",
            "execvp",
            "execvpe",
            "spawnl",
            "spawnle",
            "spawnlp",
            "spawnlpe",
            "spawnv",
            "spawnve",
            "spawnvp",
            "spawnvpe",
            "posix_spawn",
            "posix_spawnp",
        ],
        COMMANDS,
    ),
    (&["os", "posix", "nt"], &["fork", "forkpty", "kill", "killpg", "abort", "_exit"], PROCESSES),
    (
        &["os", "posix", "nt"],
        &["environ", "getenv", "putenv", "unsetenv", "environb"],
        "would read or change the environment, where secrets lie",
    ),
    (&["os", "posix", "nt"], &[], "is part of the operating system's interface: files, processes, environment"),
    (
        &["subprocess", "_posixsubprocess", "commands", "popen2", "pty", "pexpect", "sh", "plumbum", "_winapi"],
        &[],
        COMMANDS,
    ),
    (&["platform"], &["popen"], COMMANDS),
    (&["uuid"], &["_get_command_stdout", "_popen"], COMMANDS),
    (&["builtins", "__builtin__"], &["eval", "exec", "execfile", "compile", "breakpoint"], CODE),
    (&["builtins", "__builtin__"], &["__import__", "reload"], IMPORTS),
    (&["builtins", "__builtin__"], &["open", "file"], FILES),
    (
        &["builtins", "__builtin__"],
        &["getattr", "setattr", "delattr", "vars", "globals", "locals", "dir", "__dict__", "super"],
        WALKS,
    ),
    (&["builtins", "__builtin__"], &["apply", "map", "filter", "reduce", "sorted", "min", "max", "iter"], CALLS),
    (
        &["builtins", "__builtin__"],
        &["input", "raw_input", "help", "exit", "quit", "copyright", "credits", "license"],
        "would take over the terminal or end the process",
    ),
    (
        &["importlib", "imp", "zipimport", "pkgutil", "_frozen_importlib", "_frozen_importlib_external", "_imp"],
        &[],
        IMPORTS,
    ),
    (&["runpy", "code", "codeop", "_testcapi", "_xxsubinterpreters", "_interpreters", "interpreters"], &[], CODE),
    (
        &[
            "pdb",
            "bdb",
            "profile",
            "cProfile",
            "timeit",
            "trace",
            "doctest",
            "unittest",
            "idlelib",
            "lib2to3",
            "pydoc",
            "pip",
            "setuptools",
            "distutils",
            "ensurepip",
            "venv",
            "test",
            "cgitb",
            "IPython",
            "pytest",
            "_pytest",
            "nose",
            "numpy.f2py",
            "numpy.distutils",
        ],
        &[],
        TOOLS,
    ),
    (&["numpy.testing"], &[], "belongs to numpy's test tools, some of which run the text that they are given"),
    (
        &["numpy", "numpy.lib", "numpy.core", "numpy._core"],
        &[
            "load",
            "loads",
            "DataSource",
            "fromregex",
            "fromfile",
            "tofile",
            "loadtxt",
            "genfromtxt",
            "save",
            "savez",
            "savetxt",
            "memmap",
            "open_memmap",
            "_load",
            "read_array",
        ],
        "would open a file, or load a pickle from one",
    ),
    (
        &["numpy", "numpy.core", "numpy._core"],
        &[
            "_ufunc_reconstruct",
            "apply_along_axis",
            "apply_over_axes",
            "piecewise",
            "fromfunction",
            "frompyfunc",
            "vectorize",
        ],
        CALLS,
    ),
    (&["numpy"], &["ctypeslib", "safe_eval"], NATIVE),
    (
        &[
            "pickle",
            "_pickle",
            "cPickle",
            "cloudpickle",
            "dill",
            "marshal",
            "shelve",
            "joblib",
            "pickle5",
            "jsonpickle",
            "yaml",
            "ruamel",
            "_compat_pickle",
            "pickletools",
        ],
        &[],
        PICKLES,
    ),
    (&["torch"], &["load", "_load", "_legacy_load"], PICKLES),
    (
        &[
            "torch.hub",
            "torch.utils.cpp_extension",
            "torch._inductor",
            "torch._dynamo",
            "torch.jit",
            "torch.utils._config_module",
            "torch.utils.collect_env",
            "torch.fx",
        ],
        &[],
        CODE,
    ),
    (
        &["pandas"],
        &["read_pickle", "eval", "read_csv", "read_html", "read_sql", "read_parquet", "HDFStore"],
        "would read files or addresses, or run an expression",
    ),
    (&["scipy"], &["loadmat", "load_npz"], FILES),
    (&["sys", "_sys"], &[], "reaches into the running interpreter: its modules, its hooks, its exit"),
    (
        &[
            "socket",
            "_socket",
            "ssl",
            "socketserver",
            "http",
            "httplib",
            "urllib",
            "urllib2",
            "urllib3",
            "requests",
            "httpx",
            "aiohttp",
            "ftplib",
            "smtplib",
            "poplib",
            "imaplib",
            "nntplib",
            "telnetlib",
            "xmlrpc",
            "xmlrpclib",
            "paramiko",
            "asyncio",
            "select",
            "selectors",
            "websocket",
            "websockets",
            "dns",
            "wsgiref",
            "SimpleHTTPServer",
            "BaseHTTPServer",
        ],
        &[],
        NETWORK,
    ),
    (&["webbrowser", "antigravity", "turtle", "tkinter", "Tkinter"], &[], "would open a window or a web page"),
    (&["ctypes", "_ctypes", "cffi", "_cffi_backend", "mmap", "cppyy", "gc"], &[], NATIVE),
    (
        &["multiprocessing", "threading", "_thread", "thread", "concurrent", "signal", "sched", "joblib.externals"],
        &[],
        PROCESSES,
    ),
    (&["atexit", "weakref"], &[], "would have code called later"),
    (
        &[
            "shutil",
            "tempfile",
            "glob",
            "fileinput",
            "io",
            "_io",
            "_pyio",
            "pathlib",
            "zipfile",
            "tarfile",
            "gzip",
            "bz2",
            "lzma",
            "linecache",
            "filecmp",
            "fcntl",
            "sqlite3",
            "_sqlite3",
            "dbm",
            "codecs",
            "tokenize",
            "csv",
            "configparser",
            "netrc",
            "logging",
            "site",
            "sysconfig",
            "posixpath",
            "ntpath",
            "genericpath",
            "distro",
        ],
        &[],
        FILES,
    ),
    (&["_codecs"], &[], "would register or call a codec"),
    (&["operator", "_operator"], &[], WALKS),
    (
        &["functools", "_functools"],
        &["reduce", "singledispatch", "partialmethod", "update_wrapper", "wraps", "cached_property"],
        CALLS,
    ),
    (&["itertools"], &[], CALLS),
    (&["types", "new", "_types"], &[], "would make functions, classes or code objects"),
    (&["inspect", "ast", "dis", "symtable"], &[], "would look into, or make, code objects"),
    (
        &["copyreg", "copy_reg"],
        &[
            "add_extension",
            "pickle",
            "constructor",
            "dispatch_table",
            "_extension_registry",
            "_inverted_registry",
            "_extension_cache",
            "clear_extension_cache",
        ],
        "would change how pickles are read and written",
    ),
    (&["jinja2", "mako", "django", "flask", "werkzeug", "ansible", "fabric", "invoke"], &[], CODE),
    (&["winreg", "_winreg", "msvcrt", "nturl2path", "win32api", "win32com", "_winreg"], &[], "reaches into Windows"),
    (
        &["transformers", "keras", "tensorflow"],
        &["load_model", "load", "get_file", "download"],
        "would load a model, which can bring code along",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_walks() {
        assert_eq!(sentence("os", "system"), Some(COMMANDS));
        assert!(sentence("os.path", "join").is_some());
        assert!(sentence("builtins", "eval.__call__").is_some());
        assert_eq!(sentence("osmium", "read"), None);
        assert!(sentence("numpy", "size.__builtins__").is_some());
        assert!(sentence("sklearn.base", "os.system").is_some());
        assert!(sentence("sklearn.svm._classes", "SVC").is_none());
    }
}
