"""skops files in which skops looks at other fields, or other nodes, than a reader might who knows only honest ones."""

import copy
import io
import json

import numpy as np


def node(module, name, loader, content=None, **more):
    fields = {"__class__": name, "__module__": module, "__loader__": loader}
    return {**fields, **({} if content is None else {"content": content}), **more}


def value(text, **more):
    return node("builtins", "str", "JsonNode", json.dumps(text), is_json=True, **more)


def listed(*items, **more):
    return node("builtins", "list", "ListNode", list(items), **more)


def tupled(*items, **more):
    return node("builtins", "tuple", "TupleNode", list(items), **more)


def kind(module="builtins", name="str"):
    return node(module, name, "TypeNode")


def mapped(pairs, types=None, **more):
    types = listed(*(kind() for _ in pairs)) if types is None else types
    return node("builtins", "dict", "DictNode", pairs, key_types=types, **more)


def system(loader="ListNode", items=()):
    """A node that calls ``os.system`` with its content."""
    return node("posix", "system", loader, list(items))


def stored(array):
    out = io.BytesIO()
    np.lib.format.write_array(out, array)
    return out.getvalue()


def array_node(module="numpy", name="ndarray", **more):
    return node(module, name, "NdArrayNode", type="numpy", file="1.npy", **more)


def files():
    """Name, what it tries, the outermost node, the protocol, the files beside the schema."""
    one = {"1.npy": stored(np.arange(3.0))}
    text = {"1.npy": stored(np.array("true"))}
    function = {"module_path": "numpy", "function": "mean"}
    call = node("posix", "system", "ConstructorFromReduceNode", tupled(value("true")))
    for protocol in (1, 2):
        yield f"function-{protocol}", "names a function by its class, and another in its content", node(
            "posix", "system", "FunctionNode", function), protocol, {}
    yield "function-0", "names a function in its content, and another by its class", node(
        "numpy", "mean", "FunctionNode", {"module_path": "posix", "function": "system"}), 0, {}
    state = mapped({"bit_generator": value("MT19937")})
    yield "random-state", "makes a random state of a function", node("posix", "getpid", "RandomStateNode", state), 2, {}
    bits = mapped({"bit_generator": value("PCG64"), "state": value(1)})
    seed = mapped({"entropy": value(1), "spawn_key": tupled(), "pool_size": value(4), "n_children_spawned": value(0)})
    yield "generator-class", "makes a generator of a function", node(
        "posix", "getpid", "RandomGeneratorNode", {"bit_generator": bits, "seed_seq": seed}), 2, {}
    hidden = copy.deepcopy(seed)
    hidden["content"]["more"] = call
    hidden["key_types"]["content"].append(kind())
    yield "generator-seed", "a seed with a part that is a call", node(
        "numpy.random._generator", "Generator", "RandomGeneratorNode", {"bit_generator": bits, "seed_seq": hidden}), 2, {}
    hidden = mapped({**seed["content"]}, listed(kind(), kind(), kind(), system("ListNode")))
    yield "generator-seed-types", "the type of a seed's key is a call", node(
        "numpy.random._generator", "Generator", "RandomGeneratorNode", {"bit_generator": bits, "seed_seq": hidden}), 2, {}
    name = node("posix", "system", "TupleNode", "\"PCG64\"")
    yield "generator-name", "the name of a bit generator is a call", node(
        "numpy.random._generator", "Generator", "RandomGeneratorNode",
        {"bit_generator": mapped({"bit_generator": name}), "seed_seq": seed}), 2, {}
    for class_name in ("load", "fromfile", "save", "int64"):
        yield f"scalar-{class_name}", f"calls numpy.{class_name} with an array", array_node(name=class_name), 2, text
    yield "scalar-module", "calls a function with an array", array_node("posix", "system"), 2, text
    yield "scalar-subpackage", "calls a function of numpy's with an array", array_node("numpy.f2py", "run_main"), 2, text
    lengths = {"1.npy": stored(np.array([1000, 1000, 1000]))}
    for short, module, class_name in (("module", "numpy._core._multiarray_umath", "ndarray"), ("characters", "numpy", "chararray")):
        yield f"array-{short}", "calls a class of arrays with an array for its shape", array_node(module, class_name), 2, lengths
    yield "array-shape", "the shape of an array is a call", node(
        "numpy", "ndarray", "NdArrayNode", [value(1)], type="json", shape=system("ListNode", [value(1)])), 2, {}
    yield "array-length", "a length in the shape of an array is a call", node(
        "numpy", "ndarray", "NdArrayNode", [value(1)], type="json", shape=tupled(node("posix", "system", "ListNode", "1"))), 2, {}
    rows = [node("posix", "system", "ListNode", [value(1)]), listed(value(2))]
    yield "array-rows", "a row of an array is a call", node(
        "numpy", "ndarray", "NdArrayNode", rows, type="json", shape=tupled(value(2), value(1))), 2, {}
    yield "array-both", "an array in a file that has items too, one of which gives its id to another", listed(
        array_node(content=[value(1, __id__=7)]), {**call, "__id__": 7}), 2, one
    yield "dict-types", "the types of a dict's keys are a call", mapped({"a": value(1)}, system("ListNode", [kind()])), 2, {}
    yield "dict-type", "the type of a dict's key is no type", mapped({"a": value(1)}, listed(
        node("builtins", "str", "ObjectNode", call))), 2, {}
    yield "dict-type-name", "the type of a dict's key is a function", mapped({"true": value(1)}, listed(kind("posix", "system"))), 2, {}
    yield "defaultdict-main", "the content of a defaultdict is a call", node("collections", "defaultdict", "DefaultDictNode", {
        "main": node("posix", "getpid", "DictNode", {}, key_types=listed()), "default_factory": value(None)}), 2, {}
    yield "defaultdict-factory", "the factory of a defaultdict is a function", node("collections", "defaultdict", "DefaultDictNode", {
        "main": mapped({}), "default_factory": node("posix", "getpid", "FunctionNode")}), 2, {}
    yield "deprecated-keys", "the names of a dict with deprecated keys are a call", node(
        "sklearn.covariance._graph_lasso", "_DictWithDeprecatedKeys", "_DictWithDeprecatedKeysNode",
        {"main": mapped({}), "_deprecated_key_to_new_key": mapped({"a": call})}), 2, {}
    yield "dtype-class", "a dtype of an array that is a call", node(
        "numpy", "dtype", "DTypeNode", array_node("posix", "system")), 2, text
    yield "dtype-node", "a dtype of something else than an array", node("numpy", "dtype", "DTypeNode", {**call, "type": "json"}), 2, {}
    yield "dtype-items", "a dtype of an array with items", node("numpy", "dtype", "DTypeNode", node(
        "numpy", "ndarray", "NdArrayNode", [call], type="json", shape=tupled(value(0)))), 2, {}
    yield "constructor-list", "arguments that are a list of another class", node(
        "builtins", "complex", "ConstructorFromReduceNode", system("ListNode", [value(1)])), 2, {}
    yield "operator-attrs", "arguments of an operator that are a call", node(
        "operator", "attrgetter", "OperatorFuncNode", attrs=system("ListNode", [value("real")])), 2, {}
    yield "tree-class", "a tree that is named as something else", node(
        "numpy", "int64", "TreeNode", mapped({}), __reduce__={"args": tupled(value(1))}), 2, {}
    yield "tree-args", "the arguments of a tree are a call", node(
        "sklearn.tree._tree", "Tree", "TreeNode", mapped({}), __reduce__={"args": system("ListNode", [value(1)])}), 2, {}
    yield "loss-class", "a loss that is a function", node(
        "posix", "system", "LossNode", mapped({}), __reduce__={"args": tupled(value("true"))}), 2, {}
    yield "loss-0", "a loss of old that is a function", node(
        "posix", "system", "SGDNode", mapped({}), __reduce__={"args": tupled(value("true"))}), 0, {}
    yield "partial", "a partial function of another", node("functools", "partial", "PartialNode", {
        "func": node("posix", "system", "FunctionNode"), "args": tupled(value("true")), "kwds": mapped({}), "namespace": value(None)}), 2, {}
    yield "method", "a method of an object", node("builtins", "str", "MethodNode", {"func": "format_map", "obj": value("x")}), 2, {}
    yield "tuple-class", "a tuple of a class that is a function", node("posix", "system", "TupleNode", [value("true")]), 2, {}
    yield "set-class", "a set of a class that is a function", node("posix", "system", "SetNode", [value("true")]), 2, {}
    yield "object-class", "an object of a class that is a module's", node("posix", "system", "ObjectNode", mapped({})), 2, {}
    for loader, fields in (
        ("JsonNode", value(1)),
        ("BytesNode", {"file": "1.npy"}),
        ("BytearrayNode", {"file": "1.npy"}),
        ("SliceNode", {"content": {"start": 1, "stop": 2, "step": None}}),
        ("DefaultDictNode", {"content": {"main": mapped({}), "default_factory": value(None)}}),
        ("OperatorFuncNode", {"attrs": tupled(value("real"))}),
    ):
        yield f"own-class-{loader[:-4].lower()}", "names a function where skops makes an object of its own choice", {
            **fields, **node("posix", "system", loader)}, 2, one
    # Python takes 7, 7.0 and 7e0 for one number, and `true` for 1; JSON's texts differ.
    for name, first, second in [("float", 7, 7.0), ("bool", 1, True), ("text", "7", "7")]:
        yield f"id-{name}", "two ids that Python takes for one", listed({**call, "__id__": first}, value(1, __id__=second)), 2, {}
    yield "id-zero", "an id that skops takes for none", listed(value(1, __id__=0), {**call, "__id__": 0}), 2, {}
    yield "id-minus", "an id that Python takes for none", listed(value(1, __id__=8), {**call, "__id__": -8}), 2, {}
    leading = mapped({**seed["content"], "entropy": value(1, __id__=9)})
    yield "id-in-seed", "an id that only newer skops have seen", listed(node(
        "numpy.random._generator", "Generator", "RandomGeneratorNode", {"bit_generator": bits, "seed_seq": leading}), {**call, "__id__": 9}), 2, {}
    yield "pickle-of-text", "a pickle of protocol 0 among the parts", listed(node(
        "builtins", "bytes", "BytesNode", file="archive/data.pkl")), 2, {"archive/data.pkl": b"cposix\nsystem\n(S'true'\ntR."}
    yield "pickle-beside", "a pickle of protocol 0 beside the parts", listed(), 2, {"archive/data.pkl": b"cposix\nsystem\n(S'true'\ntR."}


def schemas(write, zipped):
    for name, tries, root, protocol, parts in files():
        schema = json.dumps({**root, "protocol": protocol, "_skops_version": "0.16.0"}).encode()
        write(f"schema-{name}.skops", zipped([("schema.json", schema), *parts.items()]), f"a skops file: {tries}")
    # Two keys of one text: Python counts one, and takes the later.
    twice = b'{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [], "content": [%s], "protocol": 2}'
    bad = json.dumps(node("posix", "system", "FunctionNode")).encode()
    write("schema-key-twice.skops", zipped([("schema.json", twice % bad)]), "a skops file: a key of the schema twice")
    pairs = json.dumps(mapped({"a": value(1)}, listed(kind("posix", "system"), kind())))
    pairs = pairs.replace('"content": {"a"', '"content": {"a": null, "a"')
    assert pairs.count('"a"') == 2
    write("schema-pair-twice.skops", zipped([("schema.json", pairs[:-1].encode() + b', "protocol": 2}')]), "a skops file: a key of a dict twice")

