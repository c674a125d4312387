# SPDX-License-Identifier: Apache-2.0
"""Random modules in text form that end by construction: control flow, memory, numeric edge cases.

A global counts fuel down at function entries and loop headers; each call from outside fills it up. NaNs lose their bits before anything
can see these, because engines may choose them.
"""
import random

TYPES = ("i32", "i64", "f32", "f64")
FUEL = 400

EDGES = {
    "i32": ["0", "1", "-1", "2", "31", "32", "-2147483648", "2147483647", "65535", "65536", "255", "-128", "7", "10",
            "1000", "0x55555555"],
    "i64": ["0", "1", "-1", "2", "63", "64", "-9223372036854775808", "9223372036854775807", "4294967295", "4294967296",
            "-2147483648", "2147483648", "0x123456789abcdef0", "10", "1000000007"],
    "f32": ["0", "-0", "1", "-1.5", "inf", "-inf", "nan", "0x1p-149", "0x1.fffffep127", "2147483648", "-2147483904",
            "4294967040", "0x1p63", "0.5", "16777217"],
    "f64": ["0", "-0", "1", "-1.5", "inf", "-inf", "nan", "0x1p-1074", "0x1.fffffffffffffp1023", "2147483647.5",
            "-2147483648.9", "4294967295.5", "0x1p63", "0x1p64", "-0.9", "9007199254740993"],
}
INT_BINARY = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr", "div_s", "div_u",
              "rem_s", "rem_u"]
FLOAT_BINARY = ["add", "sub", "mul", "div", "min", "max", "copysign"]
INT_COMPARE = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"]
FLOAT_COMPARE = ["eq", "ne", "lt", "gt", "le", "ge"]
UNARY = {
    "i32": ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"],
    "i64": ["clz", "ctz", "popcnt", "extend8_s", "extend16_s", "extend32_s"],
    "f32": ["abs", "neg", "sqrt", "ceil", "floor", "trunc", "nearest"],
    "f64": ["abs", "neg", "sqrt", "ceil", "floor", "trunc", "nearest"],
}
CONVERT = {
    "i32": [("i64", "wrap_i64"), ("f32", "trunc_sat_f32_s"), ("f32", "trunc_sat_f32_u"), ("f64", "trunc_sat_f64_s"),
            ("f64", "trunc_sat_f64_u"), ("f64", "trunc_f64_s"), ("f64", "trunc_f64_u"), ("f32", "trunc_f32_s"),
            ("f32", "trunc_f32_u"), ("f32", "reinterpret_f32"), ("i64", "eqz")],
    "i64": [("i32", "extend_i32_s"), ("i32", "extend_i32_u"), ("f32", "trunc_sat_f32_s"), ("f32", "trunc_sat_f32_u"),
            ("f64", "trunc_sat_f64_s"), ("f64", "trunc_sat_f64_u"), ("f64", "trunc_f64_s"), ("f64", "trunc_f64_u"),
            ("f64", "reinterpret_f64")],
    "f32": [("i32", "convert_i32_s"), ("i32", "convert_i32_u"), ("i64", "convert_i64_s"), ("i64", "convert_i64_u"),
            ("f64", "demote_f64"), ("i32", "reinterpret_i32")],
    "f64": [("i32", "convert_i32_s"), ("i32", "convert_i32_u"), ("i64", "convert_i64_s"), ("i64", "convert_i64_u"),
            ("f32", "promote_f32"), ("i64", "reinterpret_i64")],
}
LOADS = {
    "i32": ["load", "load8_s", "load8_u", "load16_s", "load16_u"],
    "i64": ["load", "load8_s", "load8_u", "load16_s", "load16_u", "load32_s", "load32_u"],
    "f32": ["load"], "f64": ["load"],
}
STORES = {"i32": ["store", "store8", "store16"], "i64": ["store", "store8", "store16", "store32"],
          "f32": ["store"], "f64": ["store"]}


# Functions that burn fuel, and that rid floats of the bits of NaNs.
HELPERS = ["  (func $burn (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))\n"
           "    (if (i32.le_s (global.get $fuel) (i32.const 0)) (then (unreachable))))"]
HELPERS += [f"  (func $plain_{kind} (param {kind}) (result {kind})\n"
            f"    (select (local.get 0) ({kind}.const nan) ({kind}.eq (local.get 0) (local.get 0))))"
            for kind in ("f32", "f64")]


def signature(parameters, results):
    text = ""
    if parameters:
        text += " (param " + " ".join(parameters) + ")"
    if results:
        text += " (result " + " ".join(results) + ")"
    return text


def module(seed):
    """The text of the module of this seed."""
    return Generator(random.Random(seed)).module()


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def module(self):
        rng = self.rng
        self.globals = [rng.choice(TYPES) for _ in range(rng.randint(1, 5))]
        self.signatures = []
        for _ in range(rng.randint(1, 6)):
            parameters = [rng.choice(TYPES) for _ in range(rng.choice((0, 1, 2, 3, 4, 9)))]
            results = [rng.choice(TYPES) for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 4)))]
            self.signatures.append((parameters, results))
        lines = ["(module"] + self.state_lines(len(self.signatures))
        lines += HELPERS
        for index, _ in enumerate(self.signatures):
            lines.append(self.function(index))
        lines.append(")")
        return "\n".join(lines) + "\n"

    def state_lines(self, functions):
        """Memories, a table with all functions, data, globals; each memory and the table has its address type."""
        rng = self.rng
        self.memories = [rng.choice(("i32", "i32", "i64"))]
        self.memories += [rng.choice(("i32", "i64")) for _ in range(rng.choice((0, 0, 1, 2)))]
        self.table = rng.choice(("i32", "i32", "i64"))
        self.tableSize = functions + 2
        lines = []
        for i, kind in enumerate(self.memories):
            lines.append(f"  (memory $m{i} (export \"memory{i}\") {kind} 1 {rng.choice((1, 3))})")
        lines.append(f"  (table (export \"table\") {self.table} {self.tableSize} {self.tableSize + 9} funcref)")
        lines.append(f"  (elem ({self.table}.const 0) func " + " ".join(f"$f{i}" for i in range(functions)) + ")")
        data = "".join(f"\\{rng.randrange(256):02x}" for _ in range(48))
        for i, kind in enumerate(self.memories):
            lines.append(f"  (data (memory $m{i}) ({kind}.const {8 + 40 * i}) \"{data}\")")
        lines.append(f"  (data $passive \"{data[:60]}\")")
        lines.append(f"  (global $fuel (export \"fuel\") (mut i32) (i32.const {FUEL}))")
        for i, kind in enumerate(self.globals):
            lines.append(f"  (global $g{i} (export \"g{i}\") (mut {kind}) ({kind}.const {rng.choice(EDGES[kind])}))")
        return lines

    def function(self, index):
        rng = self.rng
        parameters, results = self.signatures[index]
        self.index = index
        self.locals = parameters + [rng.choice(TYPES) for _ in range(rng.choice((0, 2, 5, 12, 24)))]
        self.counters = 0
        self.pointers = []
        self.labels = []
        self.size = rng.choice((40, 100, 200))
        body = ["(call $burn)"] + self.statements(rng.randint(1, 8), 3)
        body += [self.expression(kind, 4) for kind in results]
        shape = signature(parameters, results)
        # What the host calls fills the fuel up.
        entry = (f"  (func (export \"f{index}\"){shape} (global.set $fuel (i32.const {FUEL}))\n    "
                 + " ".join(f"(local.get {i})" for i in range(len(parameters))) + f" (call $f{index}))\n")
        head = f"  (func $f{index}{shape}"
        extra = self.locals[len(parameters):]
        if extra:
            head += "\n    (local " + " ".join(extra) + ")"
        for i in range(self.counters):
            head += f" (local $c{i} i32)"
        for i, kind in enumerate(self.pointers):
            head += f" (local $p{i} {kind})"
        return entry + head + "\n    " + "\n    ".join(body) + ")"

    # Statements leave the stack as it was.

    def statements(self, count, depth):
        return [self.statement(depth) for _ in range(count)]

    def block(self, depth):
        return " ".join(self.statements(self.rng.randint(1, 4), depth - 1))

    def statement(self, depth):
        rng = self.rng
        self.size -= 1
        if self.size <= 0 or depth <= 0:
            kinds = ["set", "global", "store"]
        else:
            kinds = ["set"] * 4 + ["global", "store", "store", "if", "if", "loop", "loop", "block", "switch", "call",
                                   "bulk", "branch", "leave", "grow", "trap", "tee", "walk", "table"]
        kind = rng.choice(kinds)
        return getattr(self, "s_" + kind)(depth)

    def s_set(self, depth):
        if not self.locals:
            return self.s_global(depth)
        i = self.rng.randrange(len(self.locals))
        return f"(local.set {i} {self.expression(self.locals[i], depth + 1)})"

    def s_tee(self, depth):
        if not self.locals:
            return self.s_global(depth)
        i = self.rng.randrange(len(self.locals))
        return f"(drop (local.tee {i} {self.expression(self.locals[i], depth + 1)}))"

    def s_global(self, depth):
        i = self.rng.randrange(len(self.globals))
        return f"(global.set $g{i} {self.plain(self.globals[i], depth)})"

    def s_store(self, depth):
        kind = self.rng.choice(TYPES)
        name = self.rng.choice(STORES[kind])
        memory = self.memory()
        return (f"({kind}.{name}{self.access(memory)} {self.address(memory, depth)} "
                f"{self.plain(kind, depth)})")

    def s_walk(self, depth):
        """A loop that steps through memory, and does nothing before its access."""
        rng = self.rng
        memory = self.memory()
        kind = self.memories[memory]
        counter, pointer = f"$c{self.counters}", f"$p{len(self.pointers)}"
        self.counters += 1
        self.pointers.append(kind)
        step = rng.choice((0, 1, 4, 4, 8, 64, 4096, 65536, 65537))
        start = rng.choice((self.address(memory, depth), f"({kind}.const {rng.choice((0, 100, 65400, 65536))})"))
        word = rng.choice(("i32", "i64"))
        place = f"{self.access(memory)} (local.get {pointer})"
        access = rng.choice((f"(drop ({word}.load{place}))", f"({word}.store{place} {self.constant(word)})"))
        self.labels += [None, None]
        body = self.statement(depth - 1) if rng.random() < 0.5 else ""
        self.labels = self.labels[:-2]
        return (f"(local.set {pointer} {start}) (local.set {counter} (i32.const {rng.choice((1, 3, 17))})) "
                f"(block (loop {access} {body} "
                f"(local.set {pointer} ({kind}.add (local.get {pointer}) ({kind}.const {step}))) (br_if 0 "
                f"(local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1))))))")

    def s_if(self, depth):
        condition = self.condition(depth)
        self.labels.append([])
        text = f"(if {condition} (then {self.block(depth)})"
        if self.rng.random() < 0.5:
            text += f" (else {self.block(depth)})"
        self.labels.pop()
        return text + ")"

    def s_loop(self, depth):
        counter = f"$c{self.counters}"
        self.counters += 1
        count = self.rng.choice((1, 2, 3, 7, 20))
        self.labels.append([])
        self.labels.append(None)
        body = self.block(depth)
        self.labels.pop()
        self.labels.pop()
        step = f"(local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))"
        return (f"(local.set {counter} (i32.const {count})) (block (loop (call $burn) {body} "
                f"(br_if 0 (i32.gt_s {step} (i32.const 0)))))")

    def s_block(self, depth):
        self.labels.append([])
        text = f"(block {self.block(depth)})"
        self.labels.pop()
        return text

    def s_switch(self, depth):
        arms = self.rng.randint(1, 5)
        self.labels += [[]] * arms
        text = "(block " * arms
        targets = " ".join(str(self.rng.randrange(arms)) for _ in range(self.rng.randint(1, 8)))
        text += f"(br_table {targets} {self.expression('i32', depth)})"
        for _ in range(arms):
            self.labels.pop()
            text += f") {self.block(depth - 1)}"
        return text

    def s_call(self, depth):
        return self.call(self.rng.randrange(len(self.signatures)), depth, None)

    def call(self, target, depth, wanted):
        """A call that leaves a value of the wanted type, or nothing; None if it cannot."""
        parameters, results = self.signatures[target]
        if wanted is not None and (not results or results[0] != wanted):
            return None
        arguments = " ".join(self.expression(p, depth - 1) for p in parameters)
        if self.rng.random() < 0.3:
            kind = " ".join(f"(param {p})" for p in parameters) + " ".join(f"(result {r})" for r in results)
            place = self.place(depth) if self.rng.random() < 0.2 else f"({self.table}.const {target})"
            text = f"(call_indirect {kind} {arguments} {place})"
        else:
            text = f"(call $f{target} {arguments})"
        drops = len(results) if wanted is None else len(results) - 1
        if drops == 0:
            return text
        kind = f"(result {wanted}) " if wanted else ""
        return f"(block {kind}{text} " + "(drop) " * drops + ")"

    def s_bulk(self, depth):
        rng = self.rng
        memory, other = self.memory(), self.memory()
        kind = self.memories[memory]
        narrower = min(kind, self.memories[other])
        return rng.choice((
            lambda: f"(memory.fill $m{memory} {self.address(memory, depth)} {self.expression('i32', depth)} "
                    f"{self.length(kind, depth)})",
            lambda: f"(memory.copy $m{memory} $m{other} {self.address(memory, depth)} "
                    f"{self.address(other, depth)} {self.length(narrower, depth)})",
            lambda: f"(memory.init $m{memory} $passive {self.address(memory, depth)} "
                    f"(i32.const {rng.randrange(22)}) (i32.const {rng.randrange(6)}))",
        ))()

    def length(self, kind, depth):
        """Of a copy or fill: a constant or not, mostly one of those that are made without a call."""
        longest = self.rng.choice((1, 4, 20, 70, 140, 400))
        if self.rng.random() < 0.3:
            return f"({kind}.rem_u {self.expression(kind, depth - 1)} ({kind}.const {longest}))"
        return f"({kind}.const {self.rng.randrange(longest)})"

    def place(self, depth):
        """An index of the table, which may be the first outside."""
        size = self.tableSize + 1
        return f"({self.table}.rem_u {self.expression(self.table, depth - 1)} ({self.table}.const {size}))"

    def s_table(self, depth):
        table = self.table
        return self.rng.choice((
            lambda: f"(drop (table.grow (ref.null func) ({table}.const {self.rng.choice((0, 1, 2))})))",
            lambda: f"(table.set {self.place(depth)} (table.get {self.place(depth)}))",
            lambda: f"(table.copy {self.place(depth)} {self.place(depth)} ({table}.const {self.rng.randrange(3)}))",
            lambda: f"(table.fill {self.place(depth)} (ref.func $f0) ({table}.const {self.rng.randrange(2)}))",
        ))()

    def s_branch(self, depth):
        targets = [i for i, label in enumerate(reversed(self.labels)) if label is not None]
        if not targets:
            return self.s_set(depth)
        return f"(br_if {self.rng.choice(targets)} {self.condition(depth)})"

    def s_leave(self, depth):
        results = self.signatures[self.index][1]
        values = " ".join(self.expression(r, 2) for r in results)
        self.labels.append([])
        text = f"(if {self.condition(depth)} (then (return {values})))"
        self.labels.pop()
        return text

    def s_grow(self, depth):
        memory = self.memory()
        pages = self.rng.choice((0, 0, 1, 5, 65536))
        return f"(drop (memory.grow $m{memory} ({self.memories[memory]}.const {pages})))"

    def s_trap(self, depth):
        if self.rng.random() < 0.8:
            return self.s_set(depth)
        return f"(if (i32.eq {self.expression('i32', depth)} (i32.const 3)) (then (unreachable)))"

    # Expressions.

    def condition(self, depth):
        return self.expression("i32", depth)

    def memory(self):
        return self.rng.randrange(len(self.memories))

    def access(self, memory):
        """The memory and offset of a load or store."""
        text = f" $m{memory}" if memory > 0 else ""
        choice = self.rng.random()
        if choice < 0.5:
            return text
        offsets = [1, 4, 8, 100, 4096]
        if choice >= 0.995:
            offsets = [65532, 65536, 131071, 2147483647, 2147483648, 4294967295]
            if self.memories[memory] == "i64":
                offsets += [2**32, 2**34 - 8, 2**34, 2**63, 2**64 - 1]
        return f"{text} offset={self.rng.choice(offsets)}"

    def address(self, memory, depth):
        kind = self.memories[memory]
        choice = self.rng.random()
        if kind == "i64" and choice < 0.3:
            return f"(i64.extend_i32_u {self.masked('i32', depth)})"
        if choice < 0.993:
            return self.masked(kind, depth)
        if choice < 0.9965:
            edges = [65535, -1, 65528]
            if kind == "i64":
                edges += [2**32, 2**34 - 1, 2**34, 2**35, -8, -2**63]
            return f"({kind}.const {self.rng.choice(edges)})"
        return self.expression(kind, depth - 1)

    def masked(self, kind, depth):
        text = f"({kind}.and {self.expression(kind, depth - 1)} ({kind}.const {self.rng.choice((255, 1016, 32767))}))"
        choice = self.rng.random()
        if choice < 0.15:
            constant = -4 if choice < 0.001 else self.rng.choice((16, 1000))
            return f"({kind}.add {text} ({kind}.const {constant}))"
        if choice < 0.25:
            return f"({kind}.shl ({kind}.and {text} ({kind}.const 4095)) ({kind}.const {self.rng.choice((1, 2, 3))}))"
        return text

    def plain(self, kind, depth):
        """An expression whose bits no engine may choose."""
        text = self.expression(kind, depth)
        return f"(call $plain_{kind} {text})" if kind[0] == "f" else text

    def constant(self, kind):
        if kind[0] == "i" and self.rng.random() < 0.2:
            return f"({kind}.const {self.rng.randrange(1 << int(kind[1:]))})"
        return f"({kind}.const {self.rng.choice(EDGES[kind])})"

    def leaf(self, kind):
        rng = self.rng
        places = [f"(local.get {i})" for i, k in enumerate(self.locals) if k == kind]
        places += [f"(global.get $g{i})" for i, k in enumerate(self.globals) if k == kind]
        if places and rng.random() < 0.75:
            return rng.choice(places)
        return self.constant(kind)

    def expression(self, kind, depth):
        rng = self.rng
        self.size -= 0.3
        if depth <= 0 or self.size <= 0 or rng.random() < 0.15:
            return self.leaf(kind)
        choice = rng.random()
        if choice < 0.34:
            return self.binary(kind, depth)
        if choice < 0.44:
            return f"({kind}.{rng.choice(UNARY[kind])} {self.expression(kind, depth - 1)})"
        if choice < 0.58:
            source, name = rng.choice(CONVERT[kind])
            if name == "eqz":
                return f"(i64.eqz {self.expression('i64', depth - 1)})"
            if name.startswith("trunc_f") and rng.random() < 0.9:
                name = name.replace("trunc_", "trunc_sat_")
            inner = self.plain(source, depth - 1) if "reinterpret" in name else self.expression(source, depth - 1)
            return f"({kind}.{name} {inner})"
        if choice < 0.68:
            memory = self.memory()
            return f"({kind}.{rng.choice(LOADS[kind])}{self.access(memory)} {self.address(memory, depth)})"
        if choice < 0.75:
            return (f"(select {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)} "
                    f"{self.condition(depth - 1)})")
        if choice < 0.82:
            condition = self.condition(depth - 1)
            self.labels.append(None)
            text = (f"(if (result {kind}) {condition} (then {self.expression(kind, depth - 1)}) "
                    f"(else {self.expression(kind, depth - 1)}))")
            self.labels.pop()
            return text
        if choice < 0.87:
            # A block that may be left early with its value.
            self.labels.append(None)
            text = (f"(block (result {kind}) (drop (br_if 0 {self.expression(kind, depth - 1)} "
                    f"{self.condition(depth - 1)})) {self.expression(kind, depth - 1)})")
            self.labels.pop()
            return text
        if choice < 0.92:
            text = self.call(rng.randrange(len(self.signatures)), depth - 1, kind)
            return text or self.leaf(kind)
        if kind == "i32":
            return self.comparison(depth)
        return self.leaf(kind)

    def comparison(self, depth):
        rng = self.rng
        if rng.random() < 0.2:
            memory = self.memory()
            size = f"(memory.size $m{memory})"
            if self.memories[memory] == "i64":
                size = f"(i32.wrap_i64 {size})"
            return rng.choice((f"(i32.eqz {self.condition(depth - 1)})", size))
        kind = rng.choice(TYPES)
        name = rng.choice(INT_COMPARE if kind[0] == "i" else FLOAT_COMPARE)
        return f"({kind}.{name} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"

    def halves(self, kind, left, depth):
        """Bits of two values, or of one, in a row: shifts to both sides, whose amounts make the width, or nearly."""
        rng = self.rng
        width = 32 if kind == "i32" else 64
        amount = rng.randrange(1, width)
        rest = width - amount if rng.random() < 0.9 else rng.randrange(width)
        variables = [i for i, each in enumerate(self.locals) if each == kind]
        if variables and rng.random() < 0.5:
            left = right = f"(local.get {rng.choice(variables)})"
        else:
            right = self.expression(kind, depth - 1)
        parts = [f"({kind}.shl {left} ({kind}.const {amount}))", f"({kind}.shr_u {right} ({kind}.const {rest}))"]
        rng.shuffle(parts)
        return f"({kind}.{rng.choice(('or', 'xor', 'add'))} {parts[0]} {parts[1]})"

    def binary(self, kind, depth):
        rng = self.rng
        if kind == "i32" and rng.random() < 0.25:
            return self.comparison(depth)
        left = self.expression(kind, depth - 1)
        if kind[0] == "f":
            name = rng.choice(FLOAT_BINARY)
            right = self.plain(kind, depth - 1) if name == "copysign" else self.expression(kind, depth - 1)
            return f"({kind}.{name} {left} {right})"
        if rng.random() < 0.1:
            return self.halves(kind, left, depth)
        name = rng.choice(INT_BINARY)
        right = self.constant(kind) if rng.random() < 0.35 else self.expression(kind, depth - 1)
        if name[:3] in ("div", "rem") and rng.random() < 0.95:
            right = f"({kind}.or {right} ({kind}.const 1))"
        return f"({kind}.{name} {left} {right})"
