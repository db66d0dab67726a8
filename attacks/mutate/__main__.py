"""Mutates real models, and loads what is judged *model*: `python attacks/mutate --help`."""

import argparse
import collections
import faulthandler
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
sys.setrecursionlimit(3000)

import skiff  # noqa: E402
from emit import CannotWrite, Style, emit  # noqa: E402
from formats import HONEST, LOADERS, STEPS, Formats, Seed, kind_of  # noqa: E402
from mutations import KINDS  # noqa: E402
from palette import TAKE_FUNCTIONS, Palette, allowed_names  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from sweep import VALUES, sweep  # noqa: E402
from tree import Atom, Name, Unreadable  # noqa: E402

#: Larger files take longer and hold no other kinds of things.
LARGEST = 40_000
#: How many seeds are at hand at once, and for how many mutations.
AT_HAND, ROUNDS = 60, 1500
BATCH = 48
#: Judging takes no longer than this: seconds of the processor.
SLOWEST = 5.0


def main():
    faulthandler.register(signal.SIGUSR1)
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to try")
    parser.add_argument("--count", type=int, help="how many mutations to try, however long it takes")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="where the random numbers begin")
    parser.add_argument("--only", help="one format: " + ", ".join(LOADERS))
    parser.add_argument(
        "--kinds", nargs="+", default=(), help="only these mutations: " + ", ".join(kind.__name__ for kind in KINDS)
    )
    parser.add_argument(
        "--python", default=sys.executable, help="whose loaders are tried, and whose scikit-learn makes the models"
    )
    parser.add_argument("--seeds", type=pathlib.Path, help="the folder of models, made if it is not there")
    parser.add_argument("--failures", type=pathlib.Path, default=ROOT / "target" / "mutate" / "failures")
    parser.add_argument("--replay", nargs="+", type=pathlib.Path, help="judge and load these files instead")
    parser.add_argument(
        "--sweep",
        nargs="*",
        choices=tuple(VALUES),
        help="put these values, or all, in each place of each model instead, one after the other",
    )
    parser.add_argument("--no-honest", action="store_true", help="do not count failures of unchanged models")
    arguments = parser.parse_args()
    folder = arguments.seeds or made(arguments.python)
    run = Run(arguments, folder)
    if arguments.replay:
        return run.replay(arguments.replay)
    run.honest()
    if arguments.no_honest:
        run.failures.clear()
    if arguments.sweep is None:
        run.mutate()
    else:
        run.prepare()
        sweep(run, arguments.sweep or tuple(VALUES))
    return run.summary()


def made(python):
    """The folder of the models that this Python's scikit-learn makes."""
    version = (
        "import sys, sklearn, numpy; print(sklearn.__version__, numpy.__version__, *sys.version_info[:2], sep='-')"
    )
    label = subprocess.run([python, "-c", version], check=True, capture_output=True, text=True).stdout.strip()
    recipe = zlib.crc32((HERE / "seeds.py").read_bytes() + (HERE / "recorded.py").read_bytes())
    folder = ROOT / "target" / "mutate" / f"seeds-{label}-{recipe:08x}"
    if not (folder / "index.json").exists():
        subprocess.run([python, HERE / "seeds.py", folder], check=True)
    return folder


class Run:
    BATCH = BATCH

    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        with open(folder / "index.json") as file:
            self.index = json.load(file)
        self.entries = [entry for entry in self.index["files"] if entry["size"] <= LARGEST]
        if arguments.only:
            self.entries = [entry for entry in self.entries if kind_of(entry["kind"]) == arguments.only]
        self.random = random.Random(arguments.seed)
        self.sandbox = Sandbox(arguments.python, str(folder))
        #: What loading and using unchanged models does: nothing to say against it.
        self.baseline, self.names = set(), set()
        self.counts = collections.Counter()
        self.failures = collections.Counter()
        arguments.failures.mkdir(parents=True, exist_ok=True)
        self.current = arguments.failures.parent / f"current-{os.getpid()}"
        self.note = os.open(self.current, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        self.began = time.monotonic()

    def scan(self, data):
        """The verdict, or why there is none. What is judged lies in a file meanwhile, behind eight bytes of its length:
        a crash ends this process."""
        os.pwrite(self.note, len(data).to_bytes(8, "little") + data, 0)
        began = time.process_time()
        try:
            verdict = skiff.scan(data)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return f"scan raises {type(error).__name__}: {error}"[:200]
        if time.process_time() - began > SLOWEST:
            return f"scan takes {time.process_time() - began:.0f} seconds"
        return verdict

    def loaders(self, kind):
        first, second, *others = LOADERS[kind]
        chosen = [first, second] + ([self.random.choice(others)] if others and self.random.random() < 0.25 else [])
        return [loader for loader in chosen if loader != "skiff" or self.sandbox.ready["skiff"]]

    # Unchanged models.

    def honest(self):
        """Every model as it is, and written in another protocol: *model*, and loaded.

        What Python's own loader does not load here is left out: models of packages or versions that are not installed,
        and those that name functions of the program that recorded them.
        """
        chosen = {}
        for entry in self.entries:
            chosen.setdefault((entry["name"], kind_of(entry["kind"])), []).append(entry)
        chosen = [(self.random.choice(entries), kind) for (_, kind), entries in chosen.items()]
        chosen = self.loadable([(entry, kind, (self.folder / entry["file"]).read_bytes()) for entry, kind in chosen])
        requests, about = [], []
        for entry, kind, data in chosen:
            variants = [("as it is", data)]
            try:
                seed = Seed(entry, data)
                if seed.kind == "pickle":
                    variants.append(("in another protocol", emit(seed.subject.root, Style(self.random.randrange(6)))))
                elif seed.kind == "joblib":
                    protocol = self.random.choice([2, 3, 4, 5])
                    variants.append(("in another protocol", emit(seed.subject.root, Style(protocol), is_framed=False)))
            except (Unreadable, CannotWrite, RecursionError) as error:
                print(f"not mutated: {entry['file']}: {type(error).__name__} {error}")
            for how, data in variants:
                verdict = self.scan(data)
                self.counts[kind, "unchanged"] += 1
                if isinstance(verdict, str) or verdict["verdict"] != "model":
                    found = verdict if isinstance(verdict, str) else sentence(verdict)
                    self.failed(f"false alarm: {found}", entry, kind, data, [how], None)
                loaders = LOADERS[kind][: HONEST.get(kind, 2)]
                for loader in loaders if self.sandbox.ready["skiff"] else set(loaders) - {"skiff"}:
                    requests.append(({"loader": loader, "rows": entry["rows"]}, data))
                    about.append((entry, kind, how))
        for (request, data), (entry, kind, how), result in zip(requests, about, self.loaded(requests)):
            for event in result["events"]:
                if event[0] == "?":
                    self.failed(f"{request['loader']}: {event[1:]}", entry, kind, data, [how], request["loader"])
                else:
                    self.baseline.add(tuple(event[1:]))
            self.names.update(result.get("names", ()))
            if result["error"] and not entry["is_foreign"]:
                self.failed(f"does not load by {request['loader']}: {result['error']}", entry, kind, data, [how], None)
        print(
            f"unchanged: {len(about)} loads, {sum(self.failures.values())} failures, {time.monotonic() - self.began:.0f} s",
            flush=True,
        )

    def loadable(self, chosen):
        """The models that Python's own loader loads here; says how many others there are, and why."""
        reasons = collections.Counter()
        left_out = set()
        tried = [(entry, kind, data) for entry, kind, data in chosen if kind != "skiff"]
        requests = [({"loader": LOADERS[kind][0], "rows": entry["rows"]}, data) for entry, kind, data in tried]
        for (entry, kind, _), result in zip(tried, self.loaded(requests)):
            if result["error"]:
                left_out.add((entry["name"], kind))
                reasons[re.sub(r"0x[0-9a-f]+|[0-9]+", "#", result["error"].splitlines()[0][:100])] += 1
        self.entries = [entry for entry in self.entries if (entry["name"], kind_of(entry["kind"])) not in left_out]
        print(f"left out: {len(left_out)} of {len(chosen)} models do not load here")
        for reason, count in reasons.most_common():
            print(f"{count:>6}  {reason}")
        return [one for one in chosen if (one[0]["name"], one[1]) not in left_out]

    def loaded(self, requests):
        """What happens to each file, in batches."""
        results = []
        for begin in range(0, len(requests), BATCH):
            results += self.sandbox.run(requests[begin : begin + BATCH])
        return results

    # Mutations.

    def prepare(self):
        """Asks which names are on the allow-list."""
        candidates = [name for name in self.index["names"]]
        self.allowed = allowed_names(candidates, skiff.scan)
        self.names.update(f"{module}.{name}" for module, name in self.allowed)
        print(f"{len(self.allowed)} of {len(candidates)} names are on the allow-list", flush=True)

    def mutate(self):
        self.prepare()
        until = time.monotonic() + self.arguments.seconds
        pending = None
        while not self.is_over(until):
            formats, seeds = self.round()
            for _ in range(ROUNDS // BATCH):
                if self.is_over(until):
                    break
                faulthandler.dump_traceback_later(600, exit=True)
                batch = self.batch(formats, seeds)
                if pending:
                    self.settle(*pending)
                self.sandbox.send([request for request, _ in batch])
                pending = batch, formats
            if pending:
                self.settle(*pending)
                pending = None
            if sum(self.failures.values()) > 2000:
                break
        faulthandler.cancel_dump_traceback_later()

    def is_over(self, until):
        if self.arguments.count is not None:
            return self.tried() >= self.arguments.count
        return time.monotonic() > until

    def tried(self):
        return sum(count for (_, what), count in self.counts.items() if what == "mutated")

    def round(self):
        """Some seeds of all formats, and what mutates them."""
        by_kind = collections.defaultdict(list)
        for entry in self.entries:
            by_kind[kind_of(entry["kind"])].append(entry)
        share = {"pickle": 26, "joblib": 12, "joblib-zlib": 3, "skops": 12, "skiff": 5, "npy": 1, "npz": 1}
        seeds = []
        for kind, entries in by_kind.items():
            for entry in self.random.choices(entries, k=share[kind] if not self.arguments.only else AT_HAND):
                try:
                    seeds.append(Seed(entry, (self.folder / entry["file"]).read_bytes()))
                except (Unreadable, RecursionError):
                    continue
        own = random.Random(self.random.random())
        strings, parts = set(), []
        for seed in seeds:
            if seed.subject:
                strings.update(
                    held.value
                    for _, _, held, _ in seed.subject.places
                    if isinstance(held, Atom) and isinstance(held.value, str)
                )
                parts.append([held for _, _, held, _ in seed.subject.places])

        def donors(kind=None):
            for _ in range(8):
                if not parts:
                    return None
                part = own.choice(own.choice(parts))
                if kind is None or isinstance(part, kind) and part.changes:
                    return part
            return None

        palette = Palette(own, self.allowed, sorted(strings), donors)
        schemas = [seed.schema for seed in seeds if seed.schema]
        return Formats(own, palette, self.index["classes"], schemas, self.allowed, self.arguments.kinds), seeds

    def batch(self, formats, seeds):
        """Mutations that are judged *model*, as requests with what is known of each."""
        batch = []
        for _ in range(2000):
            if len(batch) >= BATCH:
                break
            seed, token = self.random.choice(seeds), self.random.getrandbits(48)
            made = formats.mutated(seed, token)
            if made is None:
                continue
            data, words, paths = made
            verdict = self.scan(data)
            self.counts[seed.kind, "mutated"] += 1
            if isinstance(verdict, str):
                self.failed(verdict, seed.entry, seed.kind, data, words, None)
                continue
            if verdict["verdict"] != "model":
                continue
            self.counts[seed.kind, "model"] += 1
            for loader in self.loaders(seed.kind):
                batch.append((({"loader": loader, "rows": seed.entry["rows"]}, data), (seed, token, words, paths)))
                self.counts[seed.kind, "loads"] += 1
        return batch

    def settle(self, batch, formats):
        results = self.sandbox.receive([request for request, _ in batch])
        for ((request, data), (seed, token, words, paths)), result in zip(batch, results):
            self.counts[seed.kind, "loaded"] += result["error"] is None
            problem = self.problem(result, paths, request["loader"])
            if problem is None:
                continue
            # Alone, so that nothing is the doing of the file before.
            again = self.problem(self.sandbox.run([(request, data)])[0], paths, request["loader"])
            if again is None:
                self.counts[seed.kind, "not repeated"] += 1
                print("not repeated:", problem, words, flush=True)
                continue
            data, words = self.smallest(formats, seed, token, request, again, data, words)
            self.failed(f"{request['loader']}: {again}", seed.entry, seed.kind, data, words, request["loader"])

    def problem(self, result, paths, loader):
        """What speaks against a file that was loaded, or None."""
        misread = misread_module(result["error"]) if loader == "pickle" else None
        for event in result["events"]:
            phase, *rest = event
            if phase == "?":
                return " ".join(rest)
            if tuple(rest) in self.baseline or rest == ["import", misread]:
                continue
            if rest[0] == "call" and phase != "load" and paths is not None and TAKE_FUNCTIONS.intersection(paths):
                continue
            return f"{phase}: {' '.join(rest)}"
        names = [name for name in result.get("names", ()) if name != f"{misread}.dtype"]
        strangers = [name for name in names if name not in self.names and not self.is_allowed(name)]
        return f"load: takes {strangers[0]}" if strangers else None

    def is_allowed(self, name):
        """Whether a name that no seed has, and that may not be a value, is on the allow-list: as what makes an object."""
        module, _, name = name.rpartition(".")
        verdict = self.scan(emit(Name(module, name), Style(4)))
        return not isinstance(verdict, str) and verdict["verdict"] == "model"

    def smallest(self, formats, seed, token, request, problem, data, words):
        """The same failure by fewer mutations."""
        skipped = ()
        for step in reversed(STEPS):
            made = formats.mutated(seed, token, (*skipped, step))
            if made is None or made[0] == data:
                continue
            verdict = self.scan(made[0])
            if isinstance(verdict, str) or verdict["verdict"] != "model":
                continue
            found = self.problem(self.sandbox.run([(request, made[0])])[0], made[2], request["loader"])
            if found is not None and found.split(":")[0] == problem.split(":")[0]:
                skipped = (*skipped, step)
                data, words = made[0], made[1]
        return data, words

    def failed(self, problem, entry, kind, data, words, loader):
        """Keeps the file, and says why."""
        signature = (kind, re.sub(r"0x[0-9a-f]+|[0-9]+", "#", problem)[:60])
        self.failures[signature] += 1
        if self.failures[signature] > 4:
            return
        number = sum(self.failures.values())
        name = f"{self.arguments.seed}-{number:04}-{entry['name']}.{kind}"
        (self.arguments.failures / name).write_bytes(data)
        about = {
            "problem": problem,
            "mutations": words,
            "model": entry["file"],
            "loader": loader,
            "rows": entry["rows"],
        }
        (self.arguments.failures / (name + ".json")).write_text(json.dumps(about, indent=1))
        print(f"FAILED {name}: {problem}\n       {'; '.join(words)}", flush=True)

    # Reports.

    def summary(self):
        self.current.unlink()
        print(f"{'format':14}{'unchanged':>10}{'mutated':>10}{'model':>10}{'loads':>10}{'loaded':>10}")
        kinds = sorted({kind for kind, _ in self.counts})
        columns = ["unchanged", "mutated", "model", "loads", "loaded"]
        for kind in kinds:
            print(f"{kind:14}" + "".join(f"{self.counts[kind, column]:>10}" for column in columns))
        totals = [sum(self.counts[kind, column] for kind in kinds) for column in columns]
        print(f"{'all':14}" + "".join(f"{total:>10}" for total in totals))
        failures = sum(self.failures.values())
        print(
            f"seed {self.arguments.seed}, {time.monotonic() - self.began:.0f} s, {failures} failures in {self.arguments.failures}"
        )
        for (kind, problem), count in self.failures.most_common():
            print(f"{count:>6}  {kind}: {problem}")
        return 1 if failures else 0

    def replay(self, paths):
        status = 0
        for path in paths:
            data = path.read_bytes()
            verdict = self.scan(data)
            found = verdict if isinstance(verdict, str) else verdict["verdict"]
            about = path.with_name(path.name + ".json")
            rows = json.loads(about.read_text())["rows"] if about.exists() else "dense"
            kind = path.suffix[1:] if path.suffix[1:] in LOADERS else {".pkl": "pickle"}.get(path.suffix, "joblib")
            results = {}
            for loader in LOADERS[kind]:
                if loader != "skiff" or self.sandbox.ready["skiff"]:
                    results[loader] = self.problem(
                        self.sandbox.run([({"loader": loader, "rows": rows}, data)])[0], None, loader
                    )
            bad = {loader: problem for loader, problem in results.items() if problem}
            status |= found == "model" and bool(bad)
            print(f"{found:10}{path}: {bad or 'nothing'}")
        return status


def misread_module(error):
    """The module for which ``pickle`` looked in vain, if it has the name of a class or key: joblib's files with arrays of
    objects make it do so, unchanged ones too (``docs/scan.md``, *What model does not promise*)."""
    found = re.fullmatch(r"ModuleNotFoundError: No module named '(\w+)'", error or "")
    return found and found[1]


def sentence(verdict):
    finding = verdict["findings"][0]
    return f"{finding['name']} {finding['sentence']} at {finding['path']}"


if __name__ == "__main__":
    sys.exit(main())
