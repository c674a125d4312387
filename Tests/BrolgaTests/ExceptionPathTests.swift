// SPDX-License-Identifier: Apache-2.0
// The ways of exceptions to their handlers: what is alive there, through tail calls and instances.

import Brolga
import Testing

private func list(_ range: Range<Int>, _ item: (Int) -> String) -> String {
  range.map(item).joined(separator: " ")
}

/// Throws if its argument is odd; on the way it uses every register that survives calls.
private let thrower = """
  (func $leaf (param i32) (result i64)
    (if (i32.and (local.get 0) (i32.const 1))
      (then (throw $e (i64.extend_i32_u (local.get 0)))))
    (i64.extend_i32_u (local.get 0)))
  (func $busy (param i32 i32) (result i64)
    (local \(list(0..<12) { _ in "i64" }) \(list(0..<10) { _ in "f64" }))
    \(list(0..<12) { k in
      "(local.set \(k + 2) (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const \(k + 1000))))"
    })
    \(list(0..<10) { k in
      "(local.set \(k + 14) (f64.add (f64.convert_i32_u (local.get 1)) (f64.const \(k))))"
    })
    (if (local.get 1)
      (then (local.set 2 (call $busy (local.get 0) (i32.sub (local.get 1) (i32.const 1)))))
      (else (local.set 2 (call $leaf (local.get 0)))))
    (local.get 2)
    \(list(1..<12) { k in "(i64.add (local.get \(k + 2)))" })
    \(list(0..<10) { k in "(i64.add (i64.trunc_f64_u (local.get \(k + 14))))" }))
  """

@Suite struct ExceptionPathTests {
  // MARK: What is alive in a handler

  /// Values of all kinds, assigned before the scope, in it before the call, and after it.
  @Test(arguments: GuestForm.allCases)
  func valuesAcrossTheCallAreThoseBeforeIt(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let instance = try guests.instance(
      """
      (module (tag $e (param i64)) (memory 1) (data (i32.const 0) "\\2a")
        \(thrower)
        (func (export "run") (param $n i32) (param $depth i32) (result i64 f64 i64)
          (local $sum i64) (local $float f64) (local $when i64)
          (local \(list(0..<16) { _ in "i64" })) (local \(list(0..<12) { _ in "f64" }))
          (local v128)
          \(list(0..<16) { k in
            "(local.set \(k + 5) (i64.xor (i64.extend_i32_u (local.get $n)) (i64.const \(k * 77))))"
          })
          \(list(0..<12) { k in
            "(local.set \(k + 21) (f64.mul (f64.convert_i32_u (local.get $n)) (f64.const \(k))))"
          })
          (local.set 33 (i64x2.splat (i64.extend_i32_u (local.get $n))))
          (block $out
            (local.set $when
              (block $l (result i64)
                (try_table (catch $e $l)
                  (local.set 5 (i64.const 1))
                  (drop (call $busy (i32.const 2) (i32.const 1)))
                  (local.set 5 (i64.const 2))
                  (local.set $sum (call $busy (local.get $n) (local.get $depth)))
                  (local.set 5 (i64.const 3)))
                (br $out)))
            (local.set $sum (i64.add (local.get $when) (i64.load8_u (i32.const 0)))))
          (i64.add (local.get $sum) (i64x2.extract_lane 1 (local.get 33)))
          \(list(0..<16) { k in "(i64.add (i64.mul (local.get \(k + 5)) (i64.const \(k + 3))))" })
          (f64.const 0) \(list(0..<12) { k in "(f64.add (local.get \(k + 21)))" })
          (local.get $when)))
      """)
    for n in [4, 5, 1001] as [UInt64] {
      for depth in [0, 1, 7] as [UInt64] {
        let isThrown = n & 1 == 1
        let all = (1..<16).reduce(0) { sum, k in
          sum + (n ^ UInt64(k * 77)) * UInt64(k + 3)
        }
        // A level of `busy` adds its own values to what the one below returns.
        var returned = n
        for level in 0...depth {
          returned += (1..<12).reduce(0) { $0 + n * UInt64($1 + 1000) } + level * 10 + 45
        }
        let first = (isThrown ? 2 : 3) as UInt64
        let sum = (isThrown ? n + 42 : returned) + n + first * 3 + all
        let expected: [Value] = [
          .i64(sum), .fromFloat64(Double(n) * 66), .i64(isThrown ? n : 0),
        ]
        let results = try guests.call(instance, "run", [.i32(UInt32(n)), .i32(UInt32(depth))])
        #expect(results == expected, "\(n), \(depth)")
      }
    }
    #expect(guests.store.exceptionCount == 0)
  }

  /// Arguments and results of a call in a scope that find no register.
  @Test(arguments: GuestForm.allCases)
  func resultsInMemoryArriveFromCallsInScopes(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let ten = (0..<10).map { _ in "i64" } + (0..<10).map { _ in "f64" }
    let types = (ten + ["v128", "v128", "i32"]).joined(separator: " ")
    let reversed = (Array((ten + ["v128", "v128", "i32"]).reversed())).joined(separator: " ")
    func scoped(_ call: String) -> String {
      """
      (block $l (result i64)
        (try_table (result \(reversed)) (catch $e $l)
          \(list(0..<22) { "(local.get \($0))" }) (local.get 22) \(call))
        (return))
      (local.set 0)
      \(list(0..<23) { "(local.get \(22 - $0))" })
      """
    }
    let text = """
      (module
        (type $wide (func (param \(types)) (result \(reversed))))
        (import "h" "t" (tag $e (param i64))) (import "h" "f" (func $host (type $wide)))
        (table funcref (elem $turn))
        (func $turn (type $wide)
          (if (i32.and (local.get 22) (i32.const 1)) (then (throw $e (i64.const 99))))
          \(list(0..<23) { "(local.get \(22 - $0))" }))
        (func (export "direct") (type $wide) \(scoped("(call $turn)")))
        (func (export "indirect") (type $wide)
          \(scoped("(call_indirect (type $wide) (i32.const 0))")))
        (func (export "host") (type $wide) \(scoped("(call $host)"))))
      """
    let tag = Tag(store: guests.store, parameters: [.i64])
    let parameters: [ValueType] =
      Array(repeating: .i64, count: 10) + Array(repeating: .f64, count: 10) + [.v128, .v128, .i32]
    let host = Function(
      store: guests.store, parameters: parameters, results: parameters.reversed()
    ) { _, arguments in
      if arguments[22].i32 & 1 == 1 { throw try Exception(tag, [.i64(99)]) }
      return arguments.reversed()
    }
    let instance = try guests.instance(text, ["h": ["t": tag, "f": host]])
    for number in [6, 7] as [UInt32] {
      var arguments: [Value] = (0..<10).map { .i64(UInt64($0) << 33) }
      arguments += (0..<10).map { .fromFloat64(Double($0) + 0.5) }
      arguments += [.v128(V128(low: 1, high: 2)), .v128(V128(low: 3, high: 4)), .i32(number)]
      var expected = arguments
      if number == 7 { expected[0] = .i64(99) }
      for name in ["direct", "indirect", "host"] {
        #expect(
          try guests.call(instance, name, arguments) == expected.reversed(), "\(name) \(number)")
      }
    }
  }

  // MARK: Instances

  /// Each instance's handlers work with its own memory and globals, wherever it was thrown.
  @Test(arguments: GuestForm.allCases)
  func handlersAreInTheirOwnInstance(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    func text(_ number: Int, _ imports: String, _ call: String) -> String {
      """
      (module \(imports) (tag $own (export "own") (param i32))
        (memory 1) (data (i32.const 0) "\\0\(number)")
        (global $g (mut i32) (i32.const \(number * 100)))
        (func $read (param i32) (result i32)
          (i32.add (local.get 0) (i32.add (i32.load8_u (i32.const 0)) (global.get $g))))
        (func $call (export "call") (param i32) (result i32) \(call))
        (func (export "catchOwn") (param i32) (result i32)
          (block $l (result i32)
            (try_table (result i32) (catch $own $l) (call $call (local.get 0))) (return))
          (call $read) (i32.mul (i32.const \(number))))
        (func (export "catchAll") (param i32) (result i32)
          (block $l
            (try_table (result i32) (catch_all $l) (call $call (local.get 0))) (return))
          (call $read (i32.const 5))))
      """
    }
    let imports = """
      (import "a" "own" (tag $first (param i32)))
      (import "a" "call" (func $inner (param i32) (result i32)))
      """
    let first = try guests.instance(text(1, "", "(throw $own (local.get 0))"))
    let inner = ["a": first]
    func linked(_ to: [String: Instance]) -> Imports {
      var imports = Imports()
      for (name, instance) in to { imports.define(module: name, instance.exports) }
      return imports
    }
    let second = try guests.instance(
      text(2, imports, "(call $inner (local.get 0))"), linked(inner))
    let third = try guests.instance(
      text(
        3, imports.replacing("\"a\" \"call\"", with: "\"b\" \"call\""),
        """
        (block $l (result i32)
          (try_table (result i32) (catch $first $l) (call $inner (local.get 0))) (return))
        (call $read)
        """), linked(["a": first, "b": second]))
    #expect(try guests.call(first, "catchOwn", [.i32(7)]) == [.i32(108)])
    #expect(try guests.call(first, "catchAll", [.i32(7)]) == [.i32(106)])
    #expect(try guests.call(second, "catchAll", [.i32(7)]) == [.i32(207)])
    // The second's own tag is not the first's, of which it is no handler.
    let exception = try guests.exception(second, "catchOwn", [.i32(7)])
    #expect(exception.tag == first.exports[tag: "own"])
    #expect(exception.backtrace.map(\.functionName) == ["call", "call", "function[3]"])
    #expect(try guests.call(third, "call", [.i32(7)]) == [.i32(310)])
    #expect(try guests.call(third, "catchOwn", [.i32(7)]) == [.i32(310)])
  }

  /// One tag under several indices is one; tags of one type are not.
  @Test(arguments: GuestForm.allCases)
  func tagsAreTheSameOnlyIfTheyAreOne(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let same = Tag(store: guests.store, parameters: [.i32])
    let other = Tag(store: guests.store, parameters: [.i32])
    let instance = try guests.instance(
      """
      (module (import "h" "same" (tag $a (param i32))) (import "h" "same" (tag $b (param i32)))
        (import "h" "other" (tag $c (param i32))) (tag $d (param i32))
        \(["a", "b", "c", "d"].map { tag in
          """
          (func $throw\(tag) (param i32) (throw $\(tag) (local.get 0)))
          (func (export "near \(tag)") (param i32) (result i32)
            (block $lc (result i32) (block $lb (result i32)
                (try_table (catch $c $lc) (catch $b $lb) (throw $\(tag) (local.get 0)))
                (unreachable))
              (return (i32.add (i32.const 100))))
            (i32.add (i32.const 200)))
          (func (export "far \(tag)") (param i32) (result i32)
            (block $lc (result i32) (block $lb (result i32)
                (try_table (catch $c $lc) (catch $b $lb) (call $throw\(tag) (local.get 0)))
                (unreachable))
              (return (i32.add (i32.const 100))))
            (i32.add (i32.const 200)))
          """
        }.joined(separator: "\n")))
      """, ["h": ["same": same, "other": other]])
    for way in ["near ", "far "] {
      for (name, base) in [("a", 100), ("b", 100), ("c", 200)] as [(String, UInt32)] {
        #expect(
          try guests.call(instance, way + name, [.i32(7)]) == [.i32(base + 7)], "\(way)\(name)")
      }
      let exception = try guests.exception(instance, way + "d", [.i32(7)])
      #expect(exception.tag != same && exception.tag != other)
      #expect(exception.arguments == [.i32(7)])
    }
  }

  // MARK: Tail calls

  @Test(arguments: GuestForm.allCases)
  func aFunctionThatTailCallsCatchesNothing(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let tag = Tag(store: guests.store, parameters: [.i32])
    let far = try guests.instance(
      """
      (module (import "h" "t" (tag $t (param i32))) (memory 1) (data (i32.const 0) "\\63")
        (func $throw (export "throw") (param i32 \(list(0..<9) { _ in "i32" })) (result i32)
          (if (local.get 0) (then (throw $t (local.get 9)))) (i32.load8_u (i32.const 0))))
      """, ["h": ["t": tag]])
    let signature = "(param i32 \(list(0..<9) { _ in "i32" })) (result i32)"
    let arguments = list(0..<10) { "(local.get \($0))" }
    var imports: Imports = ["h": ["t": tag]]
    imports.define(module: "far", far.exports)
    let near = try guests.instance(
      """
      (module (import "h" "t" (tag $t (param i32)))
        (type $f (func \(signature))) (import "far" "throw" (func $far (type $f)))
        (memory 1) (data (i32.const 0) "\\2a") (global $g (mut i32) (i32.const 1000))
        (table funcref (elem $near $far))
        (func $near (type $f) (if (local.get 0) (then (throw $t (local.get 9)))) (i32.const 7))
        (func $toNear (type $f)
          (block (try_table (catch_all 0) (return_call $near \(arguments)))) (unreachable))
        (func $toFar (type $f)
          (block (try_table (catch_all 0) (return_call $far \(arguments)))) (unreachable))
        (func $indirect (type $f)
          (block (try_table (catch_all 0) \(arguments)
              (return_call_indirect (type $f) (local.get 8)))) (unreachable))
        (func $twice (type $f) (return_call $indirect \(arguments)))
        \(["toNear", "toFar", "indirect", "twice"].map { name in
          """
          (func $call\(name) (export "\(name)") (param i32 i32) (result i32)
            (local \(list(0..<10) { _ in "i32" }))
            \(list(0..<10) { k in
              "(local.set \(k + 2) (i32.mul (local.get 0) (i32.const \(k + 1))))"
            })
            (block $l (result i32)
              (try_table (result i32) (catch $t $l)
                (call $\(name) (local.get 0) \(list(0..<7) { "(i32.const \($0))" })
                  (local.get 1) (i32.const 500)))
              (return (i32.add (i32.load8_u (i32.const 0)))))
            (i32.add (global.get $g)) (i32.add (i32.load8_u (i32.const 0)))
            \(list(0..<10) { k in "(i32.add (local.get \(k + 2)))" }))
          (func (export "uncaught \(name)") (param i32 i32) (result i32)
            (call $\(name) (local.get 0) \(list(0..<7) { "(i32.const \($0))" })
              (local.get 1) (i32.const 500)) (i32.add (i32.const 1)))
          """
        }.joined(separator: "\n")))
      """, imports)
    for (name, place) in [
      ("toNear", 0), ("toFar", 0), ("indirect", 0), ("indirect", 1), ("twice", 0), ("twice", 1),
    ] as [(String, UInt32)] {
      let isFar = name == "toFar" || place == 1
      let caught = try guests.call(near, name, [.i32(3), .i32(place)])
      #expect(caught == [.i32(1542 + 3 * 55)], "\(name) \(place)")
      let returned = try guests.call(near, name, [.i32(0), .i32(place)])
      #expect(returned == [.i32(42 + (isFar ? 99 : 7))], "\(name) \(place)")
      let exception = try guests.exception(near, "uncaught " + name, [.i32(1), .i32(place)])
      #expect(exception.backtrace.count == 2 && exception.omittedFrameCount == 0)
      #expect(exception.backtrace[0].functionName == (isFar ? "throw" : "near"))
    }
  }

  /// A chain of tail calls between two instances that ends with an exception.
  @Test(arguments: GuestForm.allCases)
  func exceptionsEndLongChainsOfTailCalls(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let tag = Tag(store: guests.store)
    let text = """
      (module (import "h" "t" (tag $t)) (table (export "table") 1 funcref)
        (type $f (func (param i32) (result i32)))
        (memory 1) (global (export "seed") (mut i32) (i32.const 0))
        (func $step (export "step") (type $f)
          (if (i32.eqz (local.get 0)) (then (throw $t)))
          (return_call_indirect (type $f)
            (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
        (func (export "run") (param i32) (result i32) (local $before i32)
          (local.set $before (i32.mul (local.get 0) (i32.const 3)))
          (block $l
            (try_table (result i32) (catch $t $l) (call $step (local.get 0))) (return))
          (i32.add (i32.load8_u (i32.const 0)) (i32.add (global.get 0) (local.get $before)))))
      """
    let pair = try [text, text].map { try guests.instance($0, ["h": ["t": tag]]) }
    for (k, instance) in pair.enumerated() {
      let step = try #require(pair[1 - k].exports[function: "step"])
      try instance.exports[table: "table"]?.set(0, .function(step))
      try instance.exports[global: "seed"]?.assign(.i32(UInt32(10 * k + 1)))
    }
    for count in [0, 1, 2, 3, 100_001] as [UInt32] {
      for (k, instance) in pair.enumerated() {
        #expect(
          try guests.call(instance, "run", [.i32(count)]) == [.i32(UInt32(10 * k + 1) + 3 * count)])
      }
    }
  }
}
