"""Each value of each model, one after the other, replaced by others, and each attribute left out: what chance would take
days to meet."""

from emit import CannotWrite, Style, emit
from formats import Seed, kind_of
from tree import Atom, Edits, Seq, Unreadable

#: What is put in each place.
VALUES = {
    "None": Atom(None),
    "-1": Atom(-1),
    "an empty list": Seq("list", []),
}


def sweep(run, values=tuple(VALUES)):
    """Judges and loads all of them. What is a *model* and does something is a failure of `run`, a `Run`."""
    seen, batch = set(), []
    for entry in run.entries:
        if kind_of(entry["kind"]) != "pickle" or entry["is_foreign"] or entry["name"] in seen:
            continue
        seen.add(entry["name"])
        try:
            seed = Seed(entry, (run.folder / entry["file"]).read_bytes())
        except (Unreadable, RecursionError):
            continue
        for data, words, paths in changed(seed.subject, values):
            verdict = run.scan(data)
            run.counts["pickle", "mutated"] += 1
            if isinstance(verdict, str):
                run.failed(verdict, entry, "pickle", data, [words], None)
            elif verdict["verdict"] == "model":
                run.counts["pickle", "model"] += 1
                batch.append((({"loader": "pickle", "rows": entry["rows"]}, data), (entry, words, paths)))
            if len(batch) >= run.BATCH:
                settle(run, batch)
                batch = []
    settle(run, batch)


def changed(subject, values):
    """The bytes, words for the change, and the attributes that it lies at."""
    edits = Edits()

    def written():
        try:
            return emit(subject.root, Style(4))
        except (CannotWrite, RecursionError):
            return None
        finally:
            edits.undo()

    for node, place, old, path in subject.places:
        if place[0] == "key":
            continue
        for name in values:
            edits.put(node, place, VALUES[name])
            data = written()
            if data is not None:
                yield data, f"{name} in the place of {place[0]} {old!r:.60} at {'.'.join(path)}", set(path)
    for node, path in subject.dicts:
        for left_out in range(len(node.pairs)):
            key = node.pairs[left_out][0]
            edits.set(node, "pairs", [pair for at, pair in enumerate(node.pairs) if at != left_out])
            data = written()
            if data is not None:
                yield data, f"without {key!r:.60} at {'.'.join(path)}", set(path)


def settle(run, batch):
    results = run.sandbox.run([request for request, _ in batch]) if batch else []
    run.counts["pickle", "loads"] += len(batch)
    for ((request, data), (entry, words, paths)), result in zip(batch, results, strict=True):
        run.counts["pickle", "loaded"] += result["error"] is None
        # Alone, so that nothing is the doing of the file before.
        if run.problem(result, paths, "pickle") is not None:
            again = run.problem(run.sandbox.run([(request, data)])[0], paths, "pickle")
            if again is not None:
                run.failed(f"pickle: {again}", entry, "pickle", data, [words], "pickle")
