# SPDX-License-Identifier: Apache-2.0
"""What wasmtime makes of a module, told as `brolga observe` tells it; needs the PyPI package wasmtime."""
import ctypes
import re
import struct
import zlib

ROUNDS = 3

INTEGERS = [0, 1, 2**64 - 1, 2, 31, 32, 0x7fffffff, 0x80000000, 0xffffffff, 63, 64, 2**63 - 1, 2**63, 65535, 65536,
            2**32, 7, 0x123456789abcdef0, 255]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2147483648.0, -2147483649.0, float("inf"), float("-inf"), float("nan"),
          4294967296.0, 9223372036854775808.0, 1e-40, 3.5e38, -2.5, 16777217.0]


class Peer:
    def __init__(self):
        import wasmtime
        self.wasmtime = wasmtime
        config = wasmtime.Config()
        config.cranelift_opt_level = "none"
        config.consume_fuel = True
        config.wasm_tail_call = True
        config.wasm_function_references = True
        config.wasm_gc = True
        # No property of the Python class sets this.
        bindings = wasmtime._bindings
        bindings.wasmtime_config_wasm_relaxed_simd_set(config.ptr(), True)
        bindings.wasmtime_config_wasm_relaxed_simd_deterministic_set(config.ptr(), True)
        config.wasm_exceptions = True
        self.engine = wasmtime.Engine(config)
        # How often the handlers of exception_programs caught something, by where it came from.
        self.caught = dict.fromkeys(("near", "functions", "hosts", "instances"), 0)

    def observe(self, path):
        wasmtime = self.wasmtime
        seen = []
        store = wasmtime.Store(self.engine)
        store.set_fuel(2**40)
        try:
            module = wasmtime.Module.from_file(self.engine, path)
            imports = PlainImports(self, store, module)
            first = wasmtime.Instance(store, module, imports.values)
            self.observe_instance(store, module, first, imports.tags, seen)
            if any(i.module == "again" for i in module.imports):
                exports = first.exports(store)
                linked = PlainImports(self, store, module, exports)
                second = wasmtime.Instance(store, module, linked.values)
                self.observe_instance(store, module, second, linked.tags, seen)
                self.observe_state(store, module, first, seen)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            is_trap = isinstance(error, wasmtime.Trap) or "wasm trap" in str(error)
            if self.take_exception(store):
                seen.append("exception")
            else:
                seen.append("trap " + kind_of(error) if is_trap else "refused " + str(error))
        return seen

    def observe_instance(self, store, module, instance, tags, seen):
        values = instance.exports(store)._extern_seq
        tags = tags + [v for v in values if isinstance(v, self.wasmtime.Tag)]
        for number in range(ROUNDS):
            for position, (export, value) in enumerate(zip(module.exports, values)):
                if isinstance(value, self.wasmtime.Func):
                    seen.append(f"call {position} " + self.call(store, export.type, value, position, number, tags))
        self.observe_state(store, module, instance, seen)

    def observe_state(self, store, module, instance, seen):
        wasmtime = self.wasmtime
        for position, (export, value) in enumerate(zip(module.exports, instance.exports(store)._extern_seq)):
            if isinstance(value, wasmtime.Memory):
                size = value.data_len(store)
                data = bytes(value.get_buffer_ptr(store)[:0]) if size == 0 else value.read(store)
                seen.append(f"memory {position} {size} {zlib.crc32(data)}")
            elif isinstance(value, wasmtime.Global):
                seen.append(f"global {position} " + self.text(value.value(store), str(export.type.content)))
                if export.name in self.caught:
                    self.caught[export.name] += value.value(store)
            elif isinstance(value, wasmtime.Table):
                count = value.size(store)
                nulls = sum(is_null(value.get(store, i)) for i in range(count))
                seen.append(f"table {position} {count} {nulls}")

    def call(self, store, kind, function, position, number, tags):
        arguments = []
        for index, parameter in enumerate(kind.params):
            arguments.append(argument(str(parameter), position * 13 + index * 5 + number * 7))
        try:
            results = function(store, *arguments)
        except self.wasmtime.Trap as trap:
            exception = self.take_exception(store)
            return self.exception_text(store, exception, tags) if exception else "trap " + kind_of(trap)
        except self.wasmtime.WasmtimeError as error:
            return "trap " + kind_of(error)
        types = [str(t) for t in kind.results]
        results = [] if not types else [results] if len(types) == 1 else results
        return " ".join(self.text(r, t) for r, t in zip(results, types)) or "returns"

    def text(self, value, kind):
        if kind in ("i32", "i64"):
            return f"{kind}:{value & (2**int(kind[1:]) - 1)}"
        if kind in ("f32", "f64"):
            if value != value:
                return kind + ":nan"
            form = ("<f", "<I") if kind == "f32" else ("<d", "<Q")
            return f"{kind}:{struct.unpack(form[1], struct.pack(form[0], value))[0]}"
        return "null" if is_null(value) else "ref"

    # Exceptions, for which the Python class has nothing: by the C interface beneath it.

    def take_exception(self, store):
        """The exception that the last call ended with; None if there is none."""
        ffi = self.wasmtime._ffi
        exception = ffi.wasmtime_exnref_t()
        taken = ffi.wasmtime_context_take_exception(store._context(), ctypes.byref(exception))
        return exception if taken else None

    def exception_text(self, store, exception, tags):
        ffi, context = self.wasmtime._ffi, store._context()
        raw = ffi.wasmtime_tag_t()
        ffi.wasmtime_exnref_tag(context, ctypes.byref(exception), ctypes.byref(raw))
        tag = self.wasmtime.Tag._from_raw(raw)
        number = next((k for k, known in enumerate(tags) if known.eq(store, tag)), None)
        if number is None:
            return "exception ?"
        words = ["exception", str(number)]
        for k, kind in enumerate(tag.type(store).functype.params):
            value = ffi.wasmtime_val_t()
            ffi.wasmtime_exnref_field(context, ctypes.byref(exception), k, ctypes.byref(value))
            words.append(self.text(self.wasmtime.Val._from_raw(store, value).value, str(kind)))
        ffi.wasmtime_exnref_unroot(ctypes.byref(exception))
        return " ".join(words)


class PlainImports:
    """What a module imports, as `brolga observe` makes it: functions return zeros, and each third call throws."""

    def __init__(self, peer, store, module, again=None):
        wasmtime = peer.wasmtime
        self.peer, self.store, self.tags, self.values = peer, store, [], []
        self.count, self.thrown, made = 0, [], {}
        for item in module.imports:
            if isinstance(item.type, wasmtime.TagType):
                # What is imported twice is one thing.
                key = (item.module, item.name)
                if key not in made:
                    made[key] = wasmtime.Tag(store, item.type)
                self.tags.append(made[key])
                self.thrown.append((made[key], item.type.functype.params))
        for item in module.imports:
            if item.module == "again" and again is not None and item.name in again:
                self.values.append(again[item.name])
            elif isinstance(item.type, wasmtime.TagType):
                self.values.append(made[item.module, item.name])
            else:
                self.values.append(self.plain(item.type))

    def plain(self, kind):
        wasmtime, store = self.peer.wasmtime, self.store
        if isinstance(kind, wasmtime.FuncType):
            return self.function(kind)
        if isinstance(kind, wasmtime.GlobalType):
            content = kind.content
            value = zero(str(content))
            if value is None:
                value = wasmtime.Val.funcref(None) if "func" in str(content) else wasmtime.Val.externref(None)
            return wasmtime.Global(store, kind, value)
        if isinstance(kind, wasmtime.MemoryType):
            return wasmtime.Memory(store, kind)
        return wasmtime.Table(store, kind, None)

    def function(self, kind):
        wasmtime, ffi = self.peer.wasmtime, self.peer.wasmtime._ffi
        kinds = kind.results
        zeros = [zero(str(t)) for t in kinds]
        if not self.thrown:
            return wasmtime.Func(self.store, kind, lambda *_: zeros[0] if len(zeros) == 1 else zeros or None)

        @ffi.wasmtime_func_callback_t
        def body(_, caller, parameters, parameter_count, results, result_count):
            self.count += 1
            if self.count % 3 == 0:
                return self.throw(ffi.wasmtime_caller_context(caller))
            for k in range(result_count):
                results[k] = wasmtime.Val._convert_to_raw(self.store, kinds[k], zeros[k])
            return 0

        raw = ffi.wasmtime_func_t()
        nothing = ctypes.cast(None, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
        ffi.wasmtime_func_new(self.store._context(), kind.ptr(), body, None, nothing, ctypes.byref(raw))
        function = wasmtime.Func._from_raw(raw)
        # As long as the store may call it.
        self.store.__dict__.setdefault("bodies", []).append(body)
        return function

    def throw(self, context):
        wasmtime, ffi = self.peer.wasmtime, self.peer.wasmtime._ffi
        tag, kinds = self.thrown[self.count // 3 % len(self.thrown)]
        fields = (ffi.wasmtime_val_t * len(kinds))()
        for k, kind in enumerate(kinds):
            fields[k] = wasmtime.Val._convert_to_raw(self.store, kind, argument(str(kind), self.count + k * 5))
        exception = ffi.wasmtime_exnref_t()
        error = ffi.wasmtime_exnref_new(context, ctypes.byref(tag._tag), fields, len(kinds), ctypes.byref(exception))
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        trap = ffi.wasmtime_context_set_exception(context, ctypes.byref(exception))
        return ctypes.cast(trap, ctypes.c_void_p).value


def is_null(value):
    return getattr(value, "value", value) is None


def zero(kind):
    return {"i32": 0, "i64": 0, "f32": 0.0, "f64": 0.0}.get(kind)


def argument(kind, index):
    if kind in ("i32", "i64"):
        bits = int(kind[1:])
        value = INTEGERS[index % len(INTEGERS)] & (2**bits - 1)
        return value - 2**bits if value >> (bits - 1) else value
    if kind in ("f32", "f64"):
        value = FLOATS[index % len(FLOATS)]
        # 3.5e38 rounds to infinity, which Python refuses to do.
        return float("inf") if kind == "f32" and value == 3.5e38 else value
    return None


def kind_of(trap):
    found = re.search(r"wasm trap: (.*)", str(trap))
    return found.group(1).strip() if found else str(trap)
