# SPDX-License-Identifier: Apache-2.0
"""generate.py SHAPE N FILE: writes a module with one function of N units that strains compilers.

Shapes:
  calls    one value alternately argument 0 and argument 1 of N calls of an imported function
  blocks   N nested blocks, each left by a conditional branch
  loops    N nested loops, each with a branch back
  stack    an operand stack N deep
  copies   N times: a local is given its own value, on a condition, and stored
  chain    a dependency chain of N additions
  ladder   N times: a local is incremented, then a conditional branch to the function's end
  stores   N stores of constants
  live     N values live at once
  divide   N trapping divisions
  select   a chain of N selects
  table    a jump table of N targets, each a block of its own
  onejoin  N branches to one join, each with a value of its own
  dispatch a loop around a jump table of N states, which assign 20 locals by turns
  arms     N nested if/else with a result
  across   200 locals live across N calls
  locals   N locals, each assigned once and read once
  product  N nested loops around assignments to all of N locals
  cleanup  N conditional branches into a ladder of N blocks
  loads    N loads from one base
  cases    a jump table of N cases, each with 40 locals of its own that the next reads
  phases   N times: a local of its own is assigned, changed on a condition, and added to a sum
  scopes   N times: a call in a scope of its own, with one handler
  nest     N nested scopes, each with a call and a handler
  guarded  N calls in one scope, with one handler
  clauses  N clauses, 5,000 in a scope, each with a throw that looks through them
  handled  N locals, each assigned before one of N calls in a scope, whose handler reads them all
"""
import sys

I32, I64 = 0x7F, 0x7E


def leb(n):
    out = bytearray()
    while True:
        byte = n & 0x7F
        n >>= 7
        if n == 0:
            return bytes(out + bytes([byte]))
        out.append(byte | 0x80)


def sleb(n):
    out = bytearray()
    while True:
        byte = n & 0x7F
        n >>= 7
        if (n == 0 and not byte & 0x40) or (n == -1 and byte & 0x40):
            return bytes(out + bytes([byte]))
        out.append(byte | 0x80)


def section(number, body):
    return bytes([number]) + leb(len(body)) + body


def vector(items):
    return leb(len(items)) + b"".join(items)


def module(code, locals_i32=0, tags=0):
    """A module that imports `env.f: [i32 i32] -> []`, exports `run: [i32] -> [i32]` with `code`; its tags have no values."""
    types = vector([b"\x60" + vector([b"\x7f", b"\x7f"]) + vector([]),
                    b"\x60" + vector([b"\x7f"]) + vector([b"\x7f"])] + ([b"\x60\0\0"] if tags else []))
    imports = vector([leb(3) + b"env" + leb(1) + b"f" + b"\x00" + leb(0)])
    declarations = vector([leb(locals_i32) + bytes([I32])]) if locals_i32 else vector([])
    body = declarations + code + b"\x0b"
    return (b"\0asm\1\0\0\0" + section(1, types) + section(2, imports)
            + section(3, vector([leb(1)])) + section(5, vector([b"\x00" + leb(1)]))
            + (section(13, vector([b"\x00" + leb(2)] * tags)) if tags else b"")
            + section(7, vector([leb(3) + b"run" + b"\x00" + leb(1)]))
            + section(10, vector([leb(len(body)) + body])))


GET0 = b"\x20\x00"


def calls(n):
    out = bytearray()
    for i in range(n):
        constant = b"\x41" + sleb(i)
        out += (GET0 + constant if i % 2 == 0 else constant + GET0) + b"\x10\x00"
    return module(bytes(out) + GET0)


def blocks(n):
    inside = b"".join(GET0 + b"\x0d" + leb(i) for i in range(0, n, max(1, n // 1000)))
    return module(b"\x02\x40" * n + inside + b"\x0b" * n + GET0)


def loops(n):
    # local 1 counts: each loop adds one to it and goes round while it is below the argument.
    close = b"\x20\x01\x41\x01\x6a\x22\x01" + GET0 + b"\x49\x0d\x00\x0b"
    return module(b"\x03\x40" * n + close * n + b"\x20\x01", locals_i32=1)


def stack(n):
    return module(b"".join(GET0 + b"\x41" + sleb(i) + b"\x6a" for i in range(n)) + b"\x73" * (n - 1))


def copies(n):
    return module((GET0 + b"\x04\x40\x20\x01\x21\x01\x0b" + GET0 + b"\x20\x01\x36\x02\x00") * n + b"\x20\x01", locals_i32=1)


def chain(n):
    return module(GET0 + b"".join(b"\x41" + sleb(i % 61 + 2) + b"\x6c" + GET0 + b"\x73" for i in range(n)))


def ladder(n):
    step = b"\x20\x01\x41\x01\x6a\x22\x01" + GET0 + b"\x46\x0d\x00"
    return module(b"\x02\x40" + step * n + b"\x0b\x20\x01", locals_i32=1)


def stores(n):
    return module(b"".join(b"\x41" + sleb(4 * i % 65536) + b"\x41" + sleb(i) + b"\x36\x02\x00"
                           for i in range(n)) + GET0)


def live(n):
    load = b"".join(GET0 + b"\x41" + sleb(i) + b"\x6a\x28\x02\x00" for i in range(n))
    return module(load + b"\x73" * (n - 1))


def divide(n):
    return module(GET0 + b"".join(b"\x41" + sleb(i % 63) + GET0 + b"\x6d\x73" for i in range(n)))


def select(n):
    step = b"\x41\x03" + GET0 + b"\x41\x05\x4a\x1b"
    return module(GET0 + step * n)


def table(n):
    bodies = b"".join(b"\x0b\x20\x01\x41" + sleb(i) + b"\x6a\x21\x01" for i in range(n))
    entries = leb(n - 1) + b"".join(leb(i) for i in range(n))
    return module(b"\x02\x40" * n + GET0 + b"\x0e" + entries + bodies + b"\x20\x01", locals_i32=1)


def onejoin(n):
    step = b"".join(GET0 + b"\x41" + sleb(i) + b"\x6a" + GET0 + b"\x0d\x00\x1a" for i in range(n))
    return module(b"\x02\x7f" + step + b"\x41\x00\x0b")


def dispatch(n):
    entries = leb(n - 1) + b"".join(leb(i) for i in range(n))
    bodies = b""
    for i in range(n):
        local = leb(1 + i % 20)
        # Each state changes one local and goes round; the last way out is the end.
        bodies += (b"\x0b\x20" + local + b"\x41" + sleb(i) + b"\x6a\x21" + local
                   + b"\x20" + local + GET0 + b"\x48\x0d" + leb(n - 1 - i))
    return module(b"\x03\x40" + b"\x02\x40" * n + GET0 + b"\x0e" + entries + bodies + b"\x0b"
                  + b"\x20\x01", locals_i32=20)


def arms(n):
    return module((GET0 + b"\x04\x7f") * n + GET0 + b"\x05\x20\x01\x0b" * n, locals_i32=1)


def across(n):
    assign = b"".join(GET0 + b"\x41" + sleb(i) + b"\x6c\x21" + leb(i) for i in range(1, 201))
    total = b"".join(b"\x20" + leb(i) + b"\x6a" for i in range(1, 201))
    return module(assign + (GET0 + GET0 + b"\x10\x00") * n + GET0 + total, locals_i32=200)


def locals(n):
    assign = b"".join(GET0 + b"\x41" + sleb(i) + b"\x6c\x21" + leb(i + 1) for i in range(n))
    total = b"".join(b"\x20" + leb(i + 1) + b"\x6a" for i in range(n))
    return module(assign + GET0 + total, locals_i32=n)


def product(n):
    step = b"".join(b"\x20" + leb(i + 1) + b"\x41" + sleb(i) + b"\x6a\x21" + leb(i + 1) for i in range(n))
    total = b"".join(b"\x20" + leb(i + 1) + b"\x6a" for i in range(n))
    close = GET0 + b"\x20\x01\x46\x0d\x00\x0b"
    return module(b"\x03\x40" * n + step + close * n + GET0 + total, locals_i32=n)


def cleanup(n):
    steps = b"".join(GET0 + b"\x41" + sleb(i) + b"\x46\x0d" + leb(i) for i in range(n))
    ends = b"\x0b\x20\x01\x41\x01\x6a\x21\x01" * n
    return module(b"\x02\x40" * n + steps + ends + b"\x20\x01", locals_i32=1)


def loads(n):
    return module(GET0 + b"".join(GET0 + b"\x28\x02" + leb(4 * i) + b"\x6a" for i in range(n)))


def cases(n, size=40):
    # As compilers write a switch without optimising: every temporary is a local.
    entries = leb(n - 1) + b"".join(leb(i) for i in range(n))
    bodies = bytearray()
    for i in range(n):
        bodies += b"\x0b" + GET0
        for k in range(size):
            local = leb(2 + i * size + k)
            bodies += b"\x41" + sleb(i * 7 + k + 1) + b"\x6a\x21" + local + b"\x20" + local
        bodies += b"\x21\x01\x0c" + leb(n - 1 - i)
    return module(b"\x02\x40" + b"\x02\x40" * n + GET0 + b"\x0e" + entries + bytes(bodies) + b"\x0b\x20\x01",
                  locals_i32=1 + n * size)


def phases(n):
    out = bytearray()
    for i in range(n):
        local = leb(2 + i)
        out += GET0 + b"\x41" + sleb(i) + b"\x6a\x21" + local
        out += GET0 + b"\x04\x40\x20" + local + b"\x41\x03\x6c\x21" + local + b"\x0b"
        out += b"\x20\x01\x20" + local + b"\x6a\x21\x01"
    return module(bytes(out) + b"\x20\x01", locals_i32=1 + n)


CALL = GET0 + GET0 + b"\x10\x00"


def scope(clauses):
    """The head of a scope without results, whose clauses lead to labels: a tag's, or all (None)."""
    return b"\x1f\x40" + vector([b"\x02" + leb(label) if tag is None else b"\x00" + leb(tag) + leb(label)
                                 for tag, label in clauses])


def scopes(n):
    count = b"\x20\x01\x41\x01\x6a\x21\x01"
    return module((b"\x02\x40" + scope([(0, 0)]) + CALL + b"\x0b" + count + b"\x0b") * n + b"\x20\x01",
                  locals_i32=1, tags=1)


def nest(n):
    # Each handler is where the body of the scope around ends.
    count = b"\x20\x01\x41\x01\x6a\x21\x01"
    return module(b"\x02\x40" + (scope([(0, 0)]) + CALL) * n + (b"\x0b" + count) * n + b"\x0b\x20\x01",
                  locals_i32=1, tags=1)


def guarded(n):
    out = bytearray(b"\x02\x40" + scope([(0, 0)]))
    for i in range(n):
        out += b"\x41" + sleb(i) + b"\x22\x01" + GET0 + b"\x10\x00"
    return module(bytes(out) + b"\x0b\x0b\x20\x01", locals_i32=1, tags=1)


def clauses(n, size=5000):
    out = bytearray()
    for i in range(0, n, size):
        count = min(size, n - i)
        # The last of the tags is in no clause: it leaves the function.
        throws = (GET0 + b"\x04\x40\x08" + leb(size) + b"\x0b") * (count // 10)
        out += b"\x02\x40" + scope([(k, 0) for k in range(count)]) + CALL + throws + b"\x0b\x0b"
    return module(bytes(out) + GET0, tags=size + 1)


def handled(n):
    out = bytearray(b"\x02\x40" + scope([(None, 0)]))
    for i in range(n):
        out += GET0 + b"\x41" + sleb(i) + b"\x6c\x21" + leb(i + 1) + CALL
    total = b"".join(b"\x20" + leb(i + 1) + b"\x6a" for i in range(n))
    return module(bytes(out) + GET0 + b"\x0f\x0b\x0b" + GET0 + total, locals_i32=n)


SHAPES = {f.__name__: f for f in (calls, blocks, loops, stack, copies, chain, ladder, stores, live,
                                divide, select, table, onejoin, dispatch, arms, across, locals, product,
                                cleanup, loads, cases, phases, scopes, nest, guarded, clauses, handled)}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    with open(sys.argv[3], "wb") as file:
        file.write(SHAPES[sys.argv[1]](int(sys.argv[2])))
