## arg_max
def arg_max(x, outer, length, inner):
    return [
        max(range(length), key=lambda k: x[(o * length + k) * inner + j])
        for o in range(outer)
        for j in range(inner)
    ]


## arg_min
def arg_min(x, outer, length, inner):
    return [
        min(range(length), key=lambda k: x[(o * length + k) * inner + j])
        for o in range(outer)
        for j in range(inner)
    ]


## cum_sum
def cum_sum(x, outer, length, inner, rounded=float):
    sums = list(x)
    for o in range(outer):
        for k in range(1, length):
            for j in range(inner):
                at = (o * length + k) * inner + j
                sums[at] = rounded(sums[at - inner] + x[at])
    return sums


## copy
def copy(to, x, to_start, to_step, from_start, from_step, count, outer):
    for o in range(outer):
        first = from_start + o * from_step
        to[to_start + o * to_step : to_start + o * to_step + count] = x[first : first + count]


## gather
def gather(x, places, outer, length, inner, count):
    return [x[(o * length + places[q]) * inner + j] for o in range(outer) for q in range(count) for j in range(inner)]


## gather_elements
def gather_elements(x, places, outer, length, inner, count):
    return [
        x[(o * length + places[(o * count + q) * inner + j]) * inner + j]
        for o in range(outer)
        for q in range(count)
        for j in range(inner)
    ]


## last_arg_max
def last_arg_max(x, outer, length, inner):
    return [
        max(range(length - 1, -1, -1), key=lambda k: x[(o * length + k) * inner + j])
        for o in range(outer)
        for j in range(inner)
    ]


## matmul
def matmul(x, y, rows, inner, columns):
    result = []
    for row in range(rows):
        sums = [0.0] * columns
        for k in range(inner):
            factor = x[row * inner + k]
            own = y[k * columns : (k + 1) * columns]
            sums = [one + factor * other for one, other in zip(sums, own)]
        result += sums
    return result


## max
def max_of(x, outer, length, inner):
    return [
        most([x[(o * length + k) * inner + j] for k in range(length)], max) for o in range(outer) for j in range(inner)
    ]


def most(lane, of):
    return math.nan if any(value != value for value in lane) else of(lane)


## min
def min_of(x, outer, length, inner):
    return [
        least([x[(o * length + k) * inner + j] for k in range(length)], min) for o in range(outer) for j in range(inner)
    ]


def least(lane, of):
    return math.nan if any(value != value for value in lane) else of(lane)


## sum
def sum_of(x, outer, length, inner):
    sums = []
    for o in range(outer):
        for j in range(inner):
            total = 0
            for k in range(length):
                total += x[(o * length + k) * inner + j]
            sums.append(total)
    return sums


## top_k
def top_k(x, outer, length, k):
    values, places = [], []
    for o in range(outer):
        lane = x[o * length : (o + 1) * length]
        order = sorted(range(length), key=lambda at: (lane[at] != lane[at], lane[at]))[:k]
        values += [lane[at] for at in order]
        places += order
    return values, places


## trees
# A step that is not negative is a split, and -1 - n is leaf n.
def trees(x, features, thresholds, flags, lefts, rights, leaves, roots, sets, members):
    found = []
    for at in roots:
        while at >= 0:
            value = x[features[at]]
            if value != value:
                left = flags[at] & 1
            elif flags[at] & 2:
                chosen = int(thresholds[at])
                left = value in members[sets[chosen] : sets[chosen + 1]]
            else:
                left = value <= thresholds[at]
            at = lefts[at] if left else rights[at]
        found.append(leaves[-1 - at])
    return found


## math
def divide(a, b):
    if b:
        return a / b
    if a != a or a == 0 or b != b:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def exp(x):
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x):
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def power(x, y):
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:
        if x == 0:
            return math.copysign(math.inf, x) if y % 2 == 1 else math.inf
        return math.nan


def root(x):
    return math.sqrt(x) if x >= 0 else math.nan


def sign(x):
    return x if x != x else float((x > 0) - (x < 0))


def single(x):
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def turned(function, x):
    return function(x) if math.isfinite(x) else math.nan


def whole(function, x):
    return float(function(x)) if math.isfinite(x) else x


