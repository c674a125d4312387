# SPDX-License-Identifier: Apache-2.0
"""Random modules of vector operators, for `differential`: every operator, in code that branches and loops.

NaNs differ from engine to engine in their bits, so the result of every operation on floats has its NaNs made
alike. Vectors do not cross the module's border: they are stored in its memory, which is compared.
"""
import random

INTS = ("i8x16", "i16x8", "i32x4", "i64x2")
FLOATS = ("f32x4", "f64x2")
LANES = {"i8x16": 16, "i16x8": 8, "i32x4": 4, "i64x2": 2, "f32x4": 4, "f64x2": 2}
SCALAR = {"i8x16": "i32", "i16x8": "i32", "i32x4": "i32", "i64x2": "i64", "f32x4": "f32", "f64x2": "f64"}
BYTES = {"i8x16": 1, "i16x8": 2, "i32x4": 4, "i64x2": 8}

UNARY = [f"{s}.{o}" for s in INTS for o in ("abs", "neg")] + ["i8x16.popcnt", "v128.not"]
UNARY += [f"{w}.{o}_{h}{n}_{g}" for w, n in (("i16x8", "i8x16"), ("i32x4", "i16x8"), ("i64x2", "i32x4"))
          for o, h in (("extend", "low_"), ("extend", "high_")) for g in "su"]
UNARY += [f"{w}.extadd_pairwise_{n}_{g}" for w, n in (("i16x8", "i8x16"), ("i32x4", "i16x8")) for g in "su"]
UNARY += [f"i32x4.trunc_sat_f32x4_{g}" for g in "su"] + [f"i32x4.trunc_sat_f64x2_{g}_zero" for g in "su"]
FLOAT_UNARY = [f"{s}.{o}" for s in FLOATS for o in ("sqrt", "ceil", "floor", "trunc", "nearest", "abs", "neg")]
FLOAT_UNARY += [f"f32x4.convert_i32x4_{g}" for g in "su"] + [f"f64x2.convert_low_i32x4_{g}" for g in "su"]
FLOAT_UNARY += ["f32x4.demote_f64x2_zero", "f64x2.promote_low_f32x4"]
BINARY = [f"{s}.{o}" for s in INTS for o in ("add", "sub", "eq", "ne", "lt_s", "gt_s", "le_s", "ge_s")]
BINARY += [f"{s}.{o}_u" for s in INTS[:3] for o in ("lt", "gt", "le", "ge")]
BINARY += [f"{s}.mul" for s in INTS[1:]] + [f"{s}.{o}_{g}" for s in INTS[:3] for o in ("min", "max") for g in "su"]
BINARY += [f"{s}.{o}_sat_{g}" for s in INTS[:2] for o in ("add", "sub") for g in "su"]
BINARY += [f"{s}.avgr_u" for s in INTS[:2]] + ["i16x8.q15mulr_sat_s", "i32x4.dot_i16x8_s", "i8x16.swizzle"]
BINARY += [f"i8x16.narrow_i16x8_{g}" for g in "su"] + [f"i16x8.narrow_i32x4_{g}" for g in "su"]
BINARY += [f"{w}.extmul_{h}_{n}_{g}" for w, n in (("i16x8", "i8x16"), ("i32x4", "i16x8"), ("i64x2", "i32x4"))
           for h in ("low", "high") for g in "su"]
BINARY += [f"v128.{o}" for o in ("and", "or", "xor", "andnot")]
BINARY += [f"{s}.{o}" for s in FLOATS for o in ("eq", "ne", "lt", "gt", "le", "ge")]
FLOAT_BINARY = [f"{s}.{o}" for s in FLOATS for o in ("add", "sub", "mul", "div", "min", "max", "pmin", "pmax")]
# Relaxed ones give what the deterministic profile says.
RELAXED_BINARY = ["i8x16.relaxed_swizzle", "i16x8.relaxed_q15mulr_s", "i16x8.relaxed_dot_i8x16_i7x16_s"]
RELAXED_FLOAT = [f"{s}.relaxed_{o}" for s in FLOATS for o in ("min", "max")]
RELAXED_UNARY = [f"i32x4.relaxed_trunc_f32x4_{g}" for g in "su"]
RELAXED_UNARY += [f"i32x4.relaxed_trunc_f64x2_{g}_zero" for g in "su"]
RELAXED_TERNARY = [f"{s}.relaxed_laneselect" for s in INTS] + ["i32x4.relaxed_dot_i8x16_i7x16_add_s"]
RELAXED_FUSED = [f"{s}.relaxed_{o}" for s in FLOATS for o in ("madd", "nmadd")]
TESTS = ["v128.any_true"] + [f"{s}.{o}" for s in INTS for o in ("all_true", "bitmask")]
WORDS = ("0", "-1", "1", "0x7fffffff", "0x80000000", "0x3f800000", "0xbf800000", "0x7f800000", "0x80",
         "0x7f7f7f7f", "0x80008000", "0x00ff00ff", "0x4f000000", "0xcf000000", "0x43e00000", "0x01020304", "0x3fe00000")

# Both halves of a product, as compilers make them where there is no wider multiplication.
WIDE = """  (func $wide (param $x i64) (param $y i64) (result i64) (local $a i64) (local $b i64) (local $c i64)
    (local.set $a (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.and (local.get $y) (i64.const 0xffffffff))))
    (local.set $b (i64.add (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.and (local.get $y) (i64.const 0xffffffff)))
      (i64.shr_u (local.get $a) (i64.const 32))))
    (local.set $c (i64.add (i64.mul (i64.shr_u (local.get $y) (i64.const 32)) (i64.and (local.get $x) (i64.const 0xffffffff)))
      (i64.and (local.get $b) (i64.const 0xffffffff))))
    (i64.xor
      (i64.add (i64.add (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32)))
        (i64.shr_u (local.get $b) (i64.const 32))) (i64.shr_u (local.get $c) (i64.const 32)))
      (i64.or (i64.shl (local.get $c) (i64.const 32)) (i64.and (local.get $a) (i64.const 0xffffffff)))))"""


def module(seed):
    """The text of the module of this seed."""
    return Generator(random.Random(seed)).module()


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def module(self):
        rng = self.rng
        count = rng.randint(2, 4)
        lines = ["(module", '  (memory (export "memory") 1 1)']
        for k in range(8):
            data = "".join(f"\\{rng.randrange(256):02x}" for _ in range(64))
            lines.append(f'  (data (i32.const {k * 64}) "{data}")')
        lines.append("  (global $g (mut v128) " + self.constant() + ")")
        for s, bits, one in (("f32x4", "i32x4", "0x7fc00000"), ("f64x2", "i64x2", "0x7ff8000000000000")):
            nan = " ".join([one] * LANES[s])
            lines.append(f"  (func $nan_{s} (param $x v128) (result v128) (v128.bitselect (local.get $x)"
                         f" (v128.const {bits} {nan}) ({s}.eq (local.get $x) (local.get $x))))")
        lines.append(WIDE)
        for index in range(count):
            lines.append(self.function(index, count))
        lines.append(")")
        return "\n".join(lines) + "\n"

    def function(self, index, count):
        rng = self.rng
        self.vectors = rng.choice((3, 6, 14, 22))
        # Only the last function is called with vectors by the others, so that nothing calls itself.
        self.callee = count - 1 if index < count - 1 else None
        extra = " (param $p v128) (param $q v128) (result v128)" if index == count - 1 else ' (export "f%d")' % index
        head = f"  (func $f{index}" + (extra if index == count - 1 else extra)
        if index != count - 1:
            head += " (param $i0 i32) (param $l0 i64) (param $s0 f32) (param $d0 f64) (result i64)"
            locals_ = []
        else:
            locals_ = ["(local $i0 i32)", "(local $l0 i64)", "(local $s0 f32)", "(local $d0 f64)"]
        locals_ += ["(local $n i32) (local $l1 i64)"] + [f"(local $v{k} v128)" for k in range(self.vectors)]
        body = [f"    (local.set $v{k} {self.constant() if rng.random() < 0.4 else self.load()})"
                for k in range(self.vectors)]
        if index == count - 1:
            body.append("    (local.set $v0 (local.get $p)) (local.set $v1 (local.get $q))")
        body += self.statements(rng.randint(4, 30), 2)
        for k in range(self.vectors):
            body.append(f"    (v128.store offset={1024 + 512 * index + 16 * k} (i32.const 0) (local.get $v{k}))")
        body.append("    (local.get $v0)" if index == count - 1 else "    (local.get $l0)")
        return "\n".join([head] + ["    " + " ".join(locals_)] + body + ["  )"])

    def statements(self, count, nesting):
        lines = []
        for _ in range(count):
            kind = self.rng.random()
            if kind < 0.72 or nesting == 0:
                lines.append(f"    (local.set $v{self.rng.randrange(self.vectors)} {self.vector(2)})")
            elif kind < 0.80:
                lines.append(self.scalar())
            elif kind < 0.86:
                lines.append(self.store())
            elif kind < 0.93:
                lines.append(f"    (if {self.condition()} (then")
                lines += self.statements(self.rng.randint(1, 4), nesting - 1)
                lines.append("    ) (else")
                lines += self.statements(self.rng.randint(0, 3), nesting - 1)
                lines.append("    ))")
            else:
                lines.append("    (local.set $n (i32.const 3)) (loop $again")
                lines += [line for line in self.statements(self.rng.randint(1, 4), 0)]
                lines.append("    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))")
        return lines

    def constant(self):
        rng = self.rng
        if rng.random() < 0.3:
            return "(v128.const i8x16 " + " ".join(str(rng.randrange(-128, 256)) for _ in range(16)) + ")"
        if rng.random() < 0.4:
            return "(v128.const i32x4 " + " ".join([rng.choice(WORDS)] * 4) + ")"
        return "(v128.const i32x4 " + " ".join(rng.choice(WORDS) for _ in range(4)) + ")"

    def address(self):
        rng = self.rng
        if rng.random() < 0.5:
            return f"(i32.const {rng.randrange(480)})"
        return f"(i32.and (local.get $i0) (i32.const {rng.choice((63, 255, 0x1f0))}))"

    def load(self):
        rng = self.rng
        op = rng.choice(("v128.load", "v128.load", "v128.load", "v128.load8x8_s", "v128.load8x8_u", "v128.load16x4_s",
                         "v128.load16x4_u", "v128.load32x2_s", "v128.load32x2_u", "v128.load8_splat",
                         "v128.load16_splat", "v128.load32_splat", "v128.load64_splat", "v128.load32_zero",
                         "v128.load64_zero"))
        return f"({op} offset={rng.choice((0, 0, 1, 16, 24))} {self.address()})"

    def get(self):
        return f"(local.get $v{self.rng.randrange(self.vectors)})"

    def vector(self, depth):
        rng = self.rng
        if depth == 0:
            kind = rng.random()
            return self.get() if kind < 0.7 else self.constant() if kind < 0.85 else self.load()
        a, b = (self.vector(rng.randrange(depth)) for _ in range(2))
        kind = rng.random()
        if kind < 0.12:
            return f"({rng.choice(UNARY)} {a})"
        if kind < 0.32:
            return f"({rng.choice(BINARY)} {a} {b})"
        if kind < 0.40:
            return self.canonical(rng.choice(FLOAT_UNARY), a)
        if kind < 0.50:
            return self.canonical(rng.choice(FLOAT_BINARY), a, b)
        if kind < 0.60:
            return self.shuffle(a, b)
        if kind < 0.68:
            shape, op = rng.choice(INTS), rng.choice(("shl", "shr_s", "shr_u"))
            amount = f"(i32.const {rng.randrange(70)})" if rng.random() < 0.6 else "(local.get $i0)"
            return f"({shape}.{op} {a} {amount})"
        if kind < 0.74:
            return f"(v128.bitselect {a} {b} {self.vector(1)})"
        if kind < 0.80:
            return self.lane_into(a)
        if kind < 0.85:
            shape = rng.choice(INTS + FLOATS)
            return f"({shape}.splat {self.scalar_value(SCALAR[shape])})"
        if kind < 0.88:
            return f"(select {a} {b} {self.condition()})"
        if kind < 0.90 and self.callee is not None:
            return f"(call $f{self.callee} {a} {b})"
        if kind < 0.92:
            return "(global.get $g)"
        return self.relaxed(a, b)

    def relaxed(self, a, b):
        rng = self.rng
        kind = rng.randrange(5)
        if kind == 0:
            return f"({rng.choice(RELAXED_UNARY)} {a})"
        if kind == 1:
            return f"({rng.choice(RELAXED_BINARY)} {a} {b})"
        if kind == 2:
            return self.canonical(rng.choice(RELAXED_FLOAT), a, b)
        if kind == 3:
            return f"({rng.choice(RELAXED_TERNARY)} {a} {b} {self.get()})"
        return self.canonical(rng.choice(RELAXED_FUSED), a, b, self.get())

    def canonical(self, op, *operands):
        return f"(call $nan_{op.split('.')[0]} ({op} {' '.join(operands)}))"

    def shuffle(self, a, b):
        rng = self.rng
        kind = rng.randrange(8)
        size = rng.choice((1, 2, 4, 8))
        if kind == 0:
            start = rng.choice((0, 8 // size)) * size
            lanes = [(k // size % 2) * 16 + start + k // size // 2 * size + k % size for k in range(16)]
        elif kind == 1:
            start = rng.randrange(17)
            lanes = [start + k for k in range(16)]
        elif kind == 2:
            lanes = [k + 16 * rng.randrange(2) if size == 1 else k for k in range(16)]
            if size > 1:
                sides = [rng.randrange(2) for _ in range(16 // size)]
                lanes = [k + 16 * sides[k // size] for k in range(16)]
        elif kind == 3:
            groups = [rng.randrange(32 // size) for _ in range(16 // size)]
            lanes = [groups[k // size] * size + k % size for k in range(16)]
        elif kind == 4:
            groups = [rng.randrange(16 // size) for _ in range(16 // size)]
            lanes = [groups[k // size] * size + k % size for k in range(16)]
        elif kind == 5:
            lanes = [rng.randrange(16) if k < 8 else 16 + rng.randrange(16) for k in range(16)]
        else:
            lanes = [rng.randrange(32) for _ in range(16)]
        if rng.random() < 0.15:
            b = "(v128.const i64x2 0 0)"
        return f"(i8x16.shuffle {' '.join(map(str, lanes))} {a} {b})"

    def lane_into(self, a):
        rng = self.rng
        if rng.random() < 0.4:
            shape = rng.choice(INTS)
            bits = BYTES[shape] * 8
            return f"(v128.load{bits}_lane {rng.randrange(LANES[shape])} {self.address()} {a})"
        shape = rng.choice(INTS + FLOATS)
        return f"({shape}.replace_lane {rng.randrange(LANES[shape])} {a} {self.scalar_value(SCALAR[shape])})"

    def scalar_value(self, kind):
        rng = self.rng
        if kind in ("f32", "f64"):
            shape = "f32x4" if kind == "f32" else "f64x2"
            if rng.random() < 0.5:
                return f"({shape}.extract_lane {rng.randrange(LANES[shape])} {self.canonical(shape + '.abs', self.get())})"
            return f"({kind}.const {rng.choice(('1.5', '-0', '3e9', 'inf', '0.1', '-7.25'))})"
        name = "$i0" if kind == "i32" else "$l0"
        choice = rng.random()
        if choice < 0.4:
            return f"(local.get {name})"
        if choice < 0.6:
            return f"({kind}.const {rng.choice((0, 1, -1, 127, 128, 255, 65535, 2147483647))})"
        if kind == "i64":
            return f"(i64x2.extract_lane {rng.randrange(2)} {self.get()})"
        shape = rng.choice(("i8x16", "i16x8", "i32x4"))
        sign = "" if shape == "i32x4" else rng.choice(("_s", "_u"))
        return f"({shape}.extract_lane{sign} {rng.randrange(LANES[shape])} {self.get()})"

    def condition(self):
        test = f"({self.rng.choice(TESTS)} {self.vector(1)})"
        return f"(i32.eqz {test})" if self.rng.random() < 0.3 else test

    def scalar(self):
        rng = self.rng
        if rng.random() < 0.5:
            return f"    (local.set $i0 (i32.add {self.scalar_value('i32')} {self.condition()}))"
        if rng.random() < 0.3:
            # A carry by comparison.
            op, test = rng.choice((("add", "lt_u"), ("sub", "gt_u")))
            a, b = self.scalar_value("i64"), self.scalar_value("i64")
            low = f"(local.tee $l1 (i64.{op} (local.get $l0) {a}))"
            carry = f"(i64.extend_i32_u (i64.{test} {low} (local.get $l0)))"
            return f"    (local.set $l0 (i64.{op} (i64.{op} (local.get $l0) {b}) {carry})) " \
                   f"(local.set $l0 (i64.xor (local.get $l0) (local.get $l1)))"
        if rng.random() < 0.3:
            return f"    (local.set $l0 (call $wide (local.get $l0) {self.scalar_value('i64')}))"
        return f"    (local.set $l0 (i64.xor (local.get $l0) {self.scalar_value('i64')}))"

    def store(self):
        rng = self.rng
        if rng.random() < 0.3:
            return f"    (global.set $g {self.vector(1)})"
        if rng.random() < 0.5:
            shape = rng.choice(INTS)
            bits = BYTES[shape] * 8
            return f"    (v128.store{bits}_lane {rng.randrange(LANES[shape])} {self.address()} {self.get()})"
        return f"    (v128.store offset={rng.choice((0, 8, 100))} {self.address()} {self.get()})"
