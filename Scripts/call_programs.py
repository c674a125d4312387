# SPDX-License-Identifier: Apache-2.0
"""Random modules in text form about calls: tail calls, function references, groups of types and subtypes.

As wat_programs, whose statements and expressions they share. Functions have few result types among them, so that
many can tail-call many, and enough parameters and results for the stack.
"""
import random

from wat_programs import EDGES, FUEL, HELPERS, TYPES, Generator, signature


def module(seed):
    """The text of the module of this seed."""
    return CallGenerator(random.Random(seed)).module()


class CallGenerator(Generator):
    def module(self):
        rng = self.rng
        self.globals = [rng.choice(TYPES) for _ in range(rng.randint(1, 4))]
        self.make_types()
        count = len(self.signatures)
        # A null in the table of each type, and what has no business in a table of functions of another.
        self.base = rng.choice([i for i in range(count)])
        fitting = [i for i in range(count) if self.is_subtype(i, self.base)]
        lines = ["(module", self.type_lines()]
        self.host = rng.randrange(count) if rng.random() < 0.5 else None
        if self.host is not None:
            lines.append(f"  (import \"m\" \"host\" (func $host{signature(*self.signatures[self.host])}))")
        lines += self.state_lines(count)
        lines.append(f"  (table $typed {len(fitting) + 1} (ref null $t{self.base}))")
        some = rng.choice(fitting)
        lines.append(f"  (table $full 3 (ref $t{self.base}) (ref.func $f{some}))")
        lines.append(f"  (elem (table $typed) (i32.const 0) (ref null $t{self.base}) "
                     + " ".join(f"(ref.func $f{i})" for i in fitting) + ")")
        self.typedSize = len(fitting) + 1
        for i in range(count):
            first = f"ref.func $f{i}" if rng.random() < 0.8 else "ref.null nofunc"
            lines.append(f"  (global $r{i} (mut (ref null $t{i})) ({first}))")
        lines += HELPERS
        for index in range(count):
            lines.append(self.function(index))
        lines.append(")")
        return "\n".join(lines) + "\n"

    # Types.

    def make_types(self):
        rng = self.rng
        endings = [[rng.choice(TYPES) for _ in range(rng.choice((0, 1, 1, 2, 8, 10)))] for _ in range(2)]
        self.signatures, self.supertypes, self.isOpen = [], [], []
        for i in range(rng.randint(2, 8)):
            above = [k for k in range(i) if self.isOpen[k]]
            if above and rng.random() < 0.5:
                k = rng.choice(above)
                self.signatures.append(self.signatures[k])
                self.supertypes.append(k)
            else:
                parameters = [rng.choice(TYPES) for _ in range(rng.choice((0, 1, 2, 3, 5, 8, 9, 14, 20)))]
                self.signatures.append((parameters, rng.choice(endings)))
                self.supertypes.append(None)
            self.isOpen.append(rng.random() < 0.6)

    def type_lines(self):
        """All types in one group, or each for itself; equal ones are one type then."""
        text = []
        for i, parts in enumerate(self.signatures):
            form = f"(func{signature(*parts)})"
            above = self.supertypes[i]
            if self.isOpen[i] or above is not None:
                form = (f"(sub {'' if self.isOpen[i] else 'final '}"
                        f"{'' if above is None else f'$t{above} '}{form})")
            text.append(f"  (type $t{i} {form})")
        self.isGroup = self.rng.random() < 0.5
        return "  (rec\n" + "\n".join(text) + ")" if self.isGroup else "\n".join(text)

    def is_subtype(self, i, above):
        while i is not None:
            if i == above:
                return True
            i = self.supertypes[i]
        return False

    # Functions.

    def function(self, index):
        rng = self.rng
        parameters, results = self.signatures[index]
        self.index = index
        self.locals = parameters + [rng.choice(TYPES) for _ in range(rng.choice((0, 2, 5, 12)))]
        self.references = [rng.randrange(len(self.signatures)) for _ in range(rng.randint(0, 3))]
        self.counters = 0
        self.pointers = []
        self.labels = []
        self.size = rng.choice((40, 100))
        body = ["(call $burn)"]
        # The one without a default: set before anything reads it.
        body.append(f"(local.set $whole {self.sure(index)})")
        body += self.statements(rng.randint(1, 6), 3)
        if rng.random() < 0.5:
            body.append(self.tail_call(3))
        else:
            body += [self.expression(kind, 3) for kind in results]
        shape = signature(parameters, results)
        entry = (f"  (func (export \"f{index}\"){shape} (global.set $fuel (i32.const {FUEL}))\n    "
                 + " ".join(f"(local.get {i})" for i in range(len(parameters))) + f" (call $f{index}))\n")
        head = f"  (func $f{index} (type $t{index}){shape}"
        extra = self.locals[len(parameters):]
        if extra:
            head += "\n    (local " + " ".join(extra) + ")"
        head += "".join(f" (local $r{k} (ref null $t{i}))" for k, i in enumerate(self.references))
        head += f" (local $whole (ref $t{index}))"
        for i in range(self.counters):
            head += f" (local $c{i} i32)"
        for i, kind in enumerate(self.pointers):
            head += f" (local $p{i} {kind})"
        return entry + head + "\n    " + "\n    ".join(body) + ")"

    def statement(self, depth):
        rng = self.rng
        if self.size > 0 and depth > 0 and rng.random() < 0.35:
            self.size -= 1
            return getattr(self, "s_" + rng.choice(("tail", "tail", "keep", "null", "there", "store_ref", "call")))(depth)
        return super().statement(depth)

    def s_tail(self, depth):
        condition = self.condition(depth)
        self.labels.append([])
        text = f"(if {condition} (then {self.tail_call(depth)}))"
        self.labels.pop()
        return text

    def s_keep(self, depth):
        if not self.references:
            return self.s_set(depth)
        k = self.rng.randrange(len(self.references))
        return f"(local.set $r{k} {self.reference(self.references[k], depth)})"

    def s_store_ref(self, depth):
        rng = self.rng
        i = rng.randrange(len(self.signatures))
        if rng.random() < 0.5:
            return f"(global.set $r{i} {self.reference(i, depth)})"
        place = f"(i32.const {rng.randrange(self.typedSize)})"
        if rng.random() < 0.5:
            return f"(table.set $typed {place} {self.reference(self.base, depth)})"
        return f"(table.set $full (i32.const {rng.randrange(3)}) {self.sure(self.base)})"

    def s_null(self, depth):
        i = self.rng.randrange(len(self.signatures))
        self.labels.append([])
        text = f"(block (drop (br_on_null 0 {self.reference(i, depth)})) {self.block(depth)})"
        self.labels.pop()
        return text

    def s_there(self, depth):
        i = self.rng.randrange(len(self.signatures))
        self.labels.append(None)
        text = (f"(global.set $r{i} (block (result (ref $t{i})) (br_on_non_null 0 {self.reference(i, depth)}) "
                f"{self.block(depth)} {self.sure(i)}))")
        self.labels.pop()
        return text

    # References.

    def sure(self, i):
        """A reference to functions of type `i` that is not null."""
        choices = [k for k in range(len(self.signatures)) if self.is_subtype(k, i)]
        return f"(ref.func $f{self.rng.choice(choices)})"

    def reference(self, i, depth):
        rng = self.rng
        places = [f"(global.get $r{k})" for k in range(len(self.signatures)) if self.is_subtype(k, i)]
        places += [f"(local.get $r{n})" for n, k in enumerate(self.references) if self.is_subtype(k, i)]
        if self.is_subtype(self.index, i):
            places += ["(local.get $whole)"]
        if self.is_subtype(self.base, i):
            place = f"(i32.const {rng.randrange(self.typedSize)})"
            if rng.random() < 0.3:
                place = f"(i32.rem_u {self.expression('i32', depth - 1)} (i32.const {self.typedSize + 1}))"
            places += [f"(table.get $typed {place})", f"(table.get $full (i32.const {rng.randrange(3)}))"]
        choice = rng.random()
        if choice < 0.03:
            return f"(ref.null $t{i})"
        if choice < 0.4:
            return self.sure(i)
        if choice < 0.5 and depth > 0:
            return f"(ref.as_non_null {self.reference(i, depth - 1)})"
        if choice < 0.6 and depth > 0:
            return (f"(select (result (ref null $t{i})) {self.reference(i, depth - 1)} "
                    f"{self.reference(i, depth - 1)} {self.condition(depth - 1)})")
        return rng.choice(places)

    # Calls.

    def arguments(self, target, depth):
        return " ".join(self.expression(p, depth - 1) for p in self.signatures[target][0])

    def calling(self, target, depth, prefix):
        """A call of a function of type `target`, by one of all ways."""
        rng = self.rng
        arguments = self.arguments(target, depth)
        way = rng.random()
        if way < 0.3:
            name = "$host" if self.host == target and rng.random() < 0.5 else f"$f{target}"
            return f"({prefix}call {name} {arguments})"
        if way < 0.65:
            return f"({prefix}call_ref $t{target} {arguments} {self.reference(target, depth)})"
        choices = [k for k in range(len(self.signatures)) if self.is_subtype(k, target)]
        place = f"({self.table}.const {rng.choice(choices)})"
        if rng.random() < 0.15:
            place = self.place(depth)
        table = ""
        if self.is_subtype(self.base, target) and rng.random() < 0.5:
            table = rng.choice(("$typed ", "$full "))
            place = f"(i32.const {rng.randrange(3)})"
        return f"({prefix}call_indirect {table}(type $t{target}) {arguments} {place})"

    def tail_call(self, depth):
        results = self.signatures[self.index][1]
        targets = [k for k, parts in enumerate(self.signatures) if parts[1] == results]
        return self.calling(self.rng.choice(targets), depth, "return_")

    def call(self, target, depth, wanted):
        results = self.signatures[target][1]
        if wanted is not None and (not results or results[0] != wanted):
            return None
        text = self.calling(target, depth, "")
        drops = len(results) if wanted is None else len(results) - 1
        if drops == 0:
            return text
        kind = f"(result {wanted}) " if wanted else ""
        return f"(block {kind}{text} " + "(drop) " * drops + ")"
