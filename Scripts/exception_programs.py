# SPDX-License-Identifier: Apache-2.0
"""Random modules in text form about exceptions: tags, scopes with all kinds of clauses, throws through calls of every kind.

As wat_programs, whose statements and expressions they share. What throws says so in a global, and what catches counts
by that how far the exception came: the exported globals `near`, `functions`, `hosts` and `instances`. Imports of the
module `again` are for a second instance, which gets the first one's exports there.
"""
import random

from wat_programs import FUEL, HELPERS, TYPES, Generator, signature

CAUGHT = """  (func $caught (param i32)
    (if (i32.eq (global.get $thrower) (local.get 0)) (then (global.set $near (i32.add (global.get $near) (i32.const 1))))
    (else (if (i32.eq (global.get $thrower) (i32.const -1))
      (then (global.set $hosts (i32.add (global.get $hosts) (i32.const 1))))
    (else (if (i32.eq (global.get $thrower) (i32.const -2))
      (then (global.set $instances (i32.add (global.get $instances) (i32.const 1))))
    (else (global.set $functions (i32.add (global.get $functions) (i32.const 1))))))))))
  (func $pass (param exnref) (result exnref) (local.get 0))"""


def module(seed):
    """The text of the module of this seed."""
    return ExceptionGenerator(random.Random(seed)).module()


class ExceptionGenerator(Generator):
    def module(self):
        rng = self.rng
        self.globals = [rng.choice(TYPES) for _ in range(rng.randint(1, 4))]
        self.signatures = []
        endings = [self.kinds((0, 1, 1, 1, 2, 4, 10, 18)) for _ in range(3)]
        for _ in range(rng.randint(2, 6)):
            self.signatures.append((self.kinds((0, 1, 2, 3, 9, 16)), rng.choice(endings)))
        self.make_tags()
        self.host = self.signatures[rng.randrange(len(self.signatures))] if rng.random() < 0.6 else None
        self.far = rng.randrange(len(self.signatures)) if rng.random() < 0.6 else None
        lines = ["(module"] + self.import_lines() + self.state_lines(len(self.signatures))
        for name, kinds in self.own:
            # Without a name an uncaught one is told without its values: wasmtime's Python cannot pass vectors.
            export = "" if "v128" in kinds else f"(export \"{name}\") "
            lines.append(f"  (tag ${name} {export}(param {' '.join(kinds)}))")
        lines.append("  (global $kept (mut exnref) (ref.null exn))")
        lines.append("  (table $exceptions 3 exnref)")
        for name in ("thrower", "near", "functions", "hosts", "instances"):
            export = "" if name == "thrower" else f"(export \"{name}\") "
            lines.append(f"  (global ${name} {export}(mut i32) (i32.const 0))")
        lines += HELPERS + [CAUGHT]
        for index, _ in enumerate(self.signatures):
            lines.append(self.function(index))
        lines.append(")")
        return "\n".join(lines) + "\n"

    def kinds(self, counts):
        return [self.rng.choice(TYPES) for _ in range(self.rng.choice(counts))]

    def make_tags(self):
        """Tags by name with the types of their values; some have one value, for expressions."""
        rng = self.rng
        self.own = []
        for i in range(rng.randint(1, 4)):
            kinds = self.kinds((0, 1, 1, 1, 2, 3, 10))
            if rng.random() < 0.2:
                kinds.insert(rng.randint(0, len(kinds)), "v128")
            self.own.append((f"e{i}", kinds))
        self.imported = [(f"t{i}", self.kinds((0, 1, 1, 2, 9))) for i in range(rng.choice((0, 1, 1, 2)))]
        # Under a second name in the second instance: its own and the first one's are two.
        self.again = [("a" + name, name, kinds) for name, kinds in self.own if "v128" not in kinds and rng.random() < 0.5]
        self.tags = self.own + self.imported + [(local, kinds) for local, _, kinds in self.again]
        # One imported tag twice is one tag.
        if self.imported and rng.random() < 0.3:
            name, kinds = self.imported[0]
            self.alias = name
            self.tags.append(("alias", kinds))
        else:
            self.alias = None

    def import_lines(self):
        lines = [f"  (import \"m\" \"{name}\" (tag ${name} (param {' '.join(kinds)})))" for name, kinds in self.imported]
        if self.alias:
            kinds = dict(self.tags)["alias"]
            lines.append(f"  (import \"m\" \"{self.alias}\" (tag $alias (param {' '.join(kinds)})))")
        for local, name, kinds in self.again:
            lines.append(f"  (import \"again\" \"{name}\" (tag ${local} (param {' '.join(kinds)})))")
        if self.host:
            lines.append(f"  (import \"m\" \"host\" (func $host{signature(*self.host)}))")
        if self.far is not None:
            lines.append(f"  (import \"again\" \"f{self.far}\" (func $far{signature(*self.signatures[self.far])}))")
        return lines

    def function(self, index):
        rng = self.rng
        parameters, results = self.signatures[index]
        self.index = index
        self.locals = parameters + [rng.choice(TYPES) for _ in range(rng.choice((0, 2, 5, 12, 24)))]
        self.references = rng.randint(0, 2)
        self.counters = 0
        self.pointers = []
        self.labels = []
        self.size = rng.choice((40, 100, 200))
        body = ["(call $burn)"] + self.statements(rng.randint(0, 6), 4)
        # Those that others call throw more often.
        if rng.random() < 0.25 + 0.5 * index / len(self.signatures):
            body.append(self.s_throw(2))
        if rng.random() < 0.3:
            body.append(self.tail_call(3))
        else:
            body += [self.expression(kind, 3) for kind in results]
        shape = signature(parameters, results)
        entry = (f"  (func (export \"f{index}\"){shape} (global.set $fuel (i32.const {FUEL}))\n    "
                 + " ".join(f"(local.get {i})" for i in range(len(parameters))) + f" (call $f{index}))\n")
        head = f"  (func $f{index}{shape}"
        extra = self.locals[len(parameters):]
        if extra:
            head += "\n    (local " + " ".join(extra) + ")"
        for k in range(self.references):
            head += f" (local $x{k} exnref)"
        for i in range(self.counters):
            head += f" (local $c{i} i32)"
        for i, kind in enumerate(self.pointers):
            head += f" (local $p{i} {kind})"
        return entry + head + "\n    " + "\n    ".join(body) + ")"

    # Statements.

    def statement(self, depth):
        rng = self.rng
        if self.size > 0 and depth > 0 and rng.random() < 0.5:
            self.size -= 1
            kind = rng.choice(("try",) * 6 + ("throw",) * 3 + ("rethrow", "keep", "call", "call", "call", "tail"))
            return getattr(self, "s_" + kind)(depth)
        return super().statement(depth)

    def s_try(self, depth):
        """A scope; each clause leads to a block of its own behind it, or some share one."""
        rng = self.rng
        clauses = []
        for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
            kind = rng.choice(("catch", "catch", "catch", "catch_ref", "catch_all", "catch_all_ref"))
            name, kinds = rng.choice(self.tags) if "all" not in kind else (None, [])
            clauses.append((kind, name, kinds + (["exnref"] if kind.endswith("ref") else [])))
        count = len(clauses)
        self.labels.append([])
        self.labels += [None] * count
        heads = "".join(f"(block{self.block_type(kinds)} " for _, _, kinds in clauses)
        # The last of the blocks is the innermost.
        order = list(range(count))
        rng.shuffle(order)
        listed = ""
        for k in order:
            kind, name, kinds = clauses[k]
            label = count - 1 - k
            listed += f" ({kind} {f'${name} ' if name else ''}{label})"
        result = rng.choice(TYPES) if rng.random() < 0.3 else None
        self.labels.append(None if result else [])
        body = self.s_call(depth) + " " if rng.random() < 0.6 else ""
        body += self.block(depth)
        if result:
            body += " " + self.expression(result, depth - 1)
        self.labels.pop()
        text = f"(try_table{f' (result {result})' if result else ''}{listed} {body})" + (" (drop)" if result else "")
        for k in reversed(range(count)):
            self.labels.pop()
            # Past this block and those around it; the value of the body is gone.
            text = f"{text} (br {k + 1})) {self.handler(clauses[k][2], depth)}"
        self.labels.pop()
        return f"(block {heads}{text})"

    def block_type(self, kinds):
        return f" (result {' '.join(kinds)})" if kinds else ""

    def handler(self, kinds, depth):
        """Puts the values, the last of which is on top, where their types fit."""
        text = f"(call $caught (i32.const {self.index}))"
        for kind in reversed(kinds):
            text += " " + self.keep(kind)
        return text + " " + self.block(depth - 1)

    def keep(self, kind):
        rng = self.rng
        if kind == "exnref":
            choice = rng.random()
            if choice < 0.25:
                return "(global.set $kept)"
            if choice < 0.35:
                return f"(global.set $thrower (i32.const {self.index})) (throw_ref)"
            return f"(local.set $x{rng.randrange(self.references)})" if self.references else "(drop)"
        if kind == "v128":
            return "(i64x2.extract_lane 1) " + self.keep("i64")
        places = [f"(local.set {i})" for i, k in enumerate(self.locals) if k == kind]
        return rng.choice(places) if places and rng.random() < 0.9 else "(drop)"

    def reference(self):
        choices = ["(global.get $kept)", f"(table.get $exceptions (i32.const {self.rng.randrange(3)}))"]
        choices += [f"(local.get $x{k})" for k in range(self.references)]
        text = self.rng.choice(choices)
        return f"(call $pass {text})" if self.rng.random() < 0.2 else text

    def s_keep(self, depth):
        reference = self.reference()
        if self.rng.random() < 0.5:
            return f"(table.set $exceptions (i32.const {self.rng.randrange(3)}) {reference})"
        return f"(global.set $kept {reference})"

    def raising(self, depth):
        name, kinds = self.rng.choice(self.tags)
        values = " ".join(self.value(kind, depth - 1) for kind in kinds)
        return f"{values} (global.set $thrower (i32.const {self.index})) (throw ${name})"

    def value(self, kind, depth):
        if kind == "v128":
            return f"(i64x2.replace_lane 1 (i64x2.splat {self.value('i64', depth)}) {self.value('i64', depth)})"
        return self.plain(kind, depth)

    def s_throw(self, depth):
        rng = self.rng
        if rng.random() < 0.15 and self.labels:
            return f"(block {self.raising(depth)})"
        self.labels.append([])
        text = f"(if {self.condition(depth)} (then {self.raising(depth)}))"
        self.labels.pop()
        return text

    def s_rethrow(self, depth):
        reference = self.reference()
        again = f"(global.set $thrower (i32.const {self.index})) (throw_ref {reference})"
        if self.rng.random() < 0.03:
            return f"(block {again})"
        return f"(if (i32.eqz (ref.is_null {reference})) (then {again}))"

    def s_tail(self, depth):
        condition = self.condition(depth)
        self.labels.append([])
        text = f"(if {condition} (then {self.tail_call(depth)}))"
        self.labels.pop()
        return text

    # Calls.

    def arguments(self, parameters, depth):
        return " ".join(self.expression(p, depth - 1) for p in parameters)

    def tail_call(self, depth):
        rng = self.rng
        results = self.signatures[self.index][1]
        targets = [k for k, parts in enumerate(self.signatures) if parts[1] == results]
        target = rng.choice(targets)
        arguments = self.arguments(self.signatures[target][0], depth)
        choice = rng.random()
        if choice < 0.25:
            kind = signature(*self.signatures[target])
            return f"(return_call_indirect{kind} {arguments} ({self.table}.const {target}))"
        if choice < 0.5 and target == self.far:
            return f"{arguments} (global.set $thrower (i32.const -2)) (return_call $far)"
        if choice < 0.75 and self.signatures[target] == self.host:
            return f"{arguments} (global.set $thrower (i32.const -1)) (return_call $host)"
        return f"(return_call $f{target} {arguments})"

    def call(self, target, depth, wanted):
        rng = self.rng
        choice = rng.random()
        outside = None
        if choice < 0.15 and self.host:
            outside, parts = ("host", -1), self.host
        elif choice < 0.35 and self.far is not None:
            outside, parts = ("far", -2), self.signatures[self.far]
        if outside is None:
            # Mostly a function that comes later, so that calls nest and come back.
            if rng.random() < 0.9:
                later = range(self.index + 1, len(self.signatures))
                fitting = [k for k in later if wanted is None or self.signatures[k][1][:1] == [wanted]]
                if not fitting:
                    return None if wanted else self.s_set(depth)
                target = rng.choice(fitting)
            return super().call(target, depth, wanted)
        parameters, results = parts
        if wanted is not None and (not results or results[0] != wanted):
            return None
        name, thrower = outside
        text = f"{self.arguments(parameters, depth)} (global.set $thrower (i32.const {thrower})) (call ${name})"
        drops = len(results) if wanted is None else len(results) - 1
        kind = f"(result {wanted}) " if wanted else ""
        return f"(block {kind}{text} " + "(drop) " * drops + ")"

    def expression(self, kind, depth):
        """Now and then one whose value may come with an exception."""
        rng = self.rng
        fitting = [name for name, kinds in self.tags if kinds == [kind]]
        if depth > 1 and self.size > 0 and fitting and rng.random() < 0.12:
            self.size -= 1
            clauses = " ".join(f"(catch ${rng.choice(fitting)} 0)" for _ in range(rng.randint(1, 2)))
            self.labels += [None, None]
            inner = super().expression(kind, depth - 1)
            self.labels = self.labels[:-2]
            return f"(block (result {kind}) (try_table (result {kind}) {clauses} {inner}))"
        return super().expression(kind, depth)
