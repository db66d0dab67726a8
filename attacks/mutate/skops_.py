"""Mutations of skops' files: of the schema, which says what to import and make, and of the arrays next to it."""

import json

from palette import CANARIES, FLOATS, NUMBERS, PROTOCOL, STRANGERS, TEXTS

LOADERS = """
ArrayLikeNode BytesNode BytearrayNode DictNode DefaultDictNode OrderedDictNode ListNode SetNode TupleNode FunctionNode
PartialNode TypeNode SliceNode ObjectNode MethodNode JsonNode OperatorFuncNode NdArrayNode MaskedArrayNode
RandomStateNode RandomGeneratorNode DTypeNode SparseMatrixNode DatetimeNode TimedeltaNode ReduceNode SGDNode TreeNode
LossNode CachedNode _DictWithDeprecatedKeysNode
""".split()


def nodes(schema):
    """Every dict in a schema that a loader reads, and every dict and list around them."""
    queue, found = [schema], []
    while queue:
        one = queue.pop()
        found.append(one)
        queue.extend(
            value for value in (one.values() if isinstance(one, dict) else one) if isinstance(value, (dict, list))
        )
    return found


def copied(node):
    """Another of the same: a schema that is within itself has no text."""
    return json.loads(json.dumps(node))


def name(random, allowed):
    draw = random.random()
    return random.choice(CANARIES if draw < 0.5 else STRANGERS if draw < 0.7 else allowed)


def function(random, allowed):
    module, called = name(random, allowed)
    node = {"__class__": called, "__module__": module, "__loader__": "FunctionNode", "__id__": random.getrandbits(40)}
    if random.random() < 0.5:
        node["content"] = {"module_path": module, "function": called}
    else:
        node["content"] = called
    return node


def mutate(random, schema, allowed, donors):
    """Changes a schema in place. Returns words and the attributes that the change lies at."""
    every = nodes(schema)
    read = [node for node in every if isinstance(node, dict) and "__loader__" in node]
    draw = random.randrange(13)
    if draw == 0:
        schema["protocol"] = random.choice([0, 1, 2, 3, 99, -1, "2", None, 1.5, True])
        return f"protocol {schema['protocol']!r}", []
    node = random.choice(read)
    # Where a function stands, another may.
    func = ["func"] if node["__loader__"] == "FunctionNode" else []
    if draw == 1:
        field, index = random.choice([("__module__", 0), ("__class__", 1)])
        node[field] = name(random, allowed)[index]
        return f"{field} = {node[field]}", func
    if draw == 2:
        node["__module__"], node["__class__"] = name(random, allowed)
        return f"{node['__module__']}.{node['__class__']} for {node['__loader__']}", func
    if draw == 3:
        node["__loader__"] = random.choice(LOADERS)
        return f"loader {node['__loader__']}", []
    if draw == 4:
        other = random.choice([random.choice(read), donors()])
        node["__id__"] = other.get("__id__", 0)
        return "the id of another", []
    if draw == 5:
        before = copied(random.choice([random.choice(read), donors()]))
        node.clear()
        node.update(before)
        return f"{before.get('__loader__')} in the place of another", []
    if draw == 6:
        field = random.choice(list(node))
        node[field] = value(random, allowed, donors)
        return f"{field} = {node[field]!r:.40}", []
    if draw == 7:
        dicts = [one for one in every if isinstance(one, dict) and one]
        target = random.choice(dicts)
        key = random.choice(list(target))
        target[key] = function(random, allowed) if random.random() < 0.5 else value(random, allowed, donors)
        return f"{key} = {target[key]!r:.40}", [key]
    if draw == 8:
        # An attribute of an object: the keys of its content and their types stand apart.
        holders = [
            one
            for one in read
            if isinstance(one.get("content"), dict) and isinstance(one["content"].get("content"), dict)
        ]
        if not holders:
            return mutate(random, schema, allowed, donors)
        state = random.choice(holders)["content"]
        key = random.choice(PROTOCOL)
        state["content"][key] = function(random, allowed) if random.random() < 0.6 else donors()
        types = state.get("key_types")
        if isinstance(types, dict) and isinstance(types.get("content"), list) and types["content"]:
            types["content"].append(json.loads(json.dumps(types["content"][0])))
        return f"attribute {key}", [key]
    if draw == 9:
        texts = [
            (one, key) for one in every if isinstance(one, dict) for key, held in one.items() if isinstance(held, str)
        ]
        one, key = random.choice(texts)
        one[key] = random.choice(TEXTS + ["null", "1", "[1]", "NaN", "nan", "os", "getpid", "append", "__call__"])
        return f"{key} = {one[key]!r:.40}", [key]
    if draw == 10:
        lists = [one for one in every if isinstance(one, list)]
        if lists:
            target = random.choice(lists)
            target.insert(random.randint(0, len(target)), value(random, allowed, donors))
        return "a longer list", []
    if draw == 11:
        node.pop(random.choice(list(node)))
        return "without a field", []
    module, called = name(random, allowed)
    method = {
        "__class__": "method",
        "__module__": "builtins",
        "__loader__": "MethodNode",
        "__id__": random.getrandbits(40),
        "content": {"func": random.choice(PROTOCOL), "obj": copied(random.choice(read))},
    }
    partial = {
        "__class__": "partial",
        "__module__": "functools",
        "__loader__": "PartialNode",
        "__id__": random.getrandbits(40),
        "content": {"func": function(random, allowed), "args": donors(), "kwds": donors(), "namespace": donors()},
    }
    reduced = {
        "__class__": called,
        "__module__": module,
        "__loader__": random.choice(["ReduceNode", "TreeNode", "SGDNode", "LossNode"]),
        "__id__": random.getrandbits(40),
        "__reduce__": {"args": donors()},
        "content": donors(),
    }
    made = random.choice([method, partial, reduced])
    dicts = [one for one in every if isinstance(one, dict) and one]
    target = random.choice(dicts)
    key = random.choice(list(target))
    target[key] = made
    return f"{made['__loader__']} at {key}", [key]


def value(random, allowed, donors):
    draw = random.random()
    if draw < 0.3:
        return function(random, allowed)
    if draw < 0.55:
        return donors()
    if draw < 0.7:
        return random.choice(TEXTS)
    if draw < 0.8:
        return random.choice(NUMBERS)
    if draw < 0.85:
        return random.choice(FLOATS)
    return random.choice(
        [None, True, [], {}, "null", "true", "1e999", "[" * 50, {"__loader__": "JsonNode", "content": "1"}]
    )


def text(schema):
    return json.dumps(schema).encode("utf-8", "surrogatepass")
