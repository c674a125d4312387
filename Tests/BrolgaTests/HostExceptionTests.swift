// SPDX-License-Identifier: Apache-2.0
// Exceptions between host and guest, in both directions, and what is no exception.

import Brolga
import Testing

private let everyType: [ValueType] = [
  .i32, .i64, .f32, .f64, .v128, .funcref, .externref, .exnref,
]
private let every = everyType.map { "\($0)" }.joined(separator: " ")

/// Throws and catches values of every type.
private let carrier = """
  (module
    (import "h" "t" (tag $t (param \(every))))
    (import "h" "f" (func $f))
    (tag $e (param i32))
    (func (export "catch") (result \(every))
      (block $l (result \(every))
        (try_table (catch $t $l) (call $f))
        (unreachable)))
    (func $throw (export "throw") (param \(every))
      (throw $t \((0..<8).map { "(local.get \($0))" }.joined(separator: " "))))
    (func (export "make") (param i32) (result exnref)
      (block $l (result exnref)
        (try_table (catch_all_ref $l) (throw $e (local.get 0)))
        (unreachable))))
  """

@Suite struct HostExceptionTests {
  @Test(arguments: GuestForm.allCases)
  func valuesOfEveryTypeTravelBothWays(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let tag = Tag(store: guests.store, parameters: everyType)
    var thrown: [Value] = []
    let host = guests.action { throw try Exception(tag, thrown) }
    let instance = try guests.instance(carrier, ["h": ["t": tag, "f": host]])
    let reference = try guests.call(instance, "make", [.i32(77)])[0]
    let function = try #require(instance.exports[function: "catch"])
    for values in [
      [
        .i32(.max), .i64(.max - 5), .f32(0x7fa0_0001), .f64(0xfff4_0000_0000_0002),
        .v128(V128(low: 0x0102_0304_0506_0708, high: .max)), .funcref(function),
        .externref(ExternalReference(7)), reference,
      ],
      everyType.map { Value(defaultOf: $0) },
    ] as [[Value]] {
      thrown = values
      #expect(try guests.call(instance, "catch") == values)
      let exception = try guests.exception(instance, "throw", values)
      #expect(exception.tag == tag && exception.arguments == values)
      #expect(exception.backtrace.map(\.functionName) == ["throw"])
      #expect(exception.omittedFrameCount == 0)
      #expect(exception.description.hasPrefix("wasm exception: tag("))
    }
    guard case .ref(.exception(let kept?)) = reference else {
      Issue.record("\(reference)")
      return
    }
    #expect(kept.value.arguments == [.i32(77)] && kept.value.backtrace.isEmpty)
  }

  @Test func argumentsFitTheTag() throws {
    let guests = ExceptionGuests(.o2)
    let other = Store(engine: guests.engine)
    let tag = Tag(store: guests.store, parameters: [.i32, .funcref])
    #expect(tag.parameters == [.i32, .funcref])
    #expect(tag != Tag(store: guests.store, parameters: [.i32, .funcref]))
    let foreign = Function(store: other) { _, _ in [] }
    for wrong in [[], [.i32(1)], [.i64(1), .funcref(nil)], [.i32(1), .funcref(foreign)]]
      as [[Value]]
    {
      #expect(throws: UsageError.self) { try Exception(tag, wrong) }
    }
    _ = try Exception(tag, [.i32(1), .funcref(nil)])
  }

  // MARK: Backtraces

  /// `a` calls `b` calls `c`, which throws; scopes that catch something else stand about it.
  @Test(arguments: GuestForm.allCases)
  func backtracesNameEachCallOnce(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    func scope(_ depth: Int, _ body: String) -> String {
      (0..<depth).reduce(body) { inner, _ in "(try_table (catch $other 0) \(inner))" }
    }
    for depths in [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [2, 3, 2]] {
      let instance = try guests.instance(
        """
        (module (tag $e (export "e") (param i32)) (tag $other)
          (func $c (param i32) \(scope(depths[2], "(throw $e (local.get 0))")))
          (func $b (param i32) \(scope(depths[1], "(call $c (local.get 0))")) (nop))
          (func $a (export "a") (param i32) \(scope(depths[0], "(call $b (local.get 0))")) (nop))
          (func $trap (export "trap") (unreachable)))
        """)
      // What an earlier trap has left must not show.
      #expect(try guests.trap(instance, "trap") == .unreachable)
      let exception = try guests.exception(instance, "a", [.i32(5)])
      #expect(exception.tag == instance.exports[tag: "e"] && exception.arguments == [.i32(5)])
      #expect(exception.backtrace.map(\.functionName) == ["c", "b", "a"], "\(depths)")
      #expect(exception.omittedFrameCount == 0)
      #expect(exception.description.hasPrefix("wasm exception: e(i32(5))\nwasm backtrace:\n"))
    }
  }

  /// One that is thrown again has the calls from there on, wherever it was before.
  @Test(arguments: GuestForm.allCases)
  func throwingAgainBeginsABacktraceAnew(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let instance = try guests.instance(
      """
      (module (tag $e) (tag $other)
        (global $kept (mut exnref) (ref.null exn))
        (func $c (throw $e))
        (func $catch (result exnref)
          (block $l (result exnref) (try_table (catch_all_ref $l) (call $c)) (unreachable)))
        (func $a (export "plain") (throw_ref (call $catch)))
        (func $b (export "scoped")
          (try_table (catch $other 0) (throw_ref (call $catch))))
        (func $d (export "dropped") (global.set $kept (call $catch))
          (block (try_table (catch $e 0) (throw_ref (global.get $kept))))
          (try_table (catch $other 0) (throw_ref (global.get $kept))))
        (func $f (export "again")
          (try_table (catch $other 0) (throw_ref (global.get $kept)))))
      """)
    #expect(try guests.exception(instance, "plain").backtrace.map(\.functionName) == ["a"])
    #expect(try guests.exception(instance, "scoped").backtrace.map(\.functionName) == ["b"])
    #expect(try guests.exception(instance, "dropped").backtrace.map(\.functionName) == ["d"])
    #expect(try guests.exception(instance, "again").backtrace.map(\.functionName) == ["f"])
    #expect(try guests.exception(instance, "again").backtrace.map(\.functionName) == ["f"])
  }

  @Test(arguments: GuestForm.allCases)
  func longBacktracesAreCutAndCounted(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let instance = try guests.instance(
      """
      (module (tag $e) (tag $other)
        (func $down (export "down") (param i32)
          (if (i32.eqz (local.get 0)) (then (throw $e)))
          (try_table (catch $other 0) (call $down (i32.sub (local.get 0) (i32.const 1))))))
      """)
    let exception = try guests.exception(instance, "down", [.i32(199)])
    #expect(exception.backtrace.count == 64 && exception.omittedFrameCount == 136)
    #expect(exception.backtrace.allSatisfy { $0.functionName == "down" })
  }

  // MARK: What is no exception

  private final class Refusal: Error {}

  /// Errors of the host's, and exceptions of another store, pass every handler and come out the same.
  @Test(arguments: GuestForm.allCases)
  func otherErrorsPassUnseen(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let elsewhere = Store(engine: guests.engine)
    let foreign = Tag(store: elsewhere, parameters: [.i32])
    var error: any Error = Refusal()
    let host = guests.action { throw error }
    let instance = try guests.instance(
      """
      (module (import "h" "f" (func $f)) (tag $t (param i32))
        (global (export "seen") (mut i32) (i32.const 0))
        (func (export "run")
          (block $all
            (block $ref (result exnref)
              (try_table (catch_all_ref $ref) (catch_all $all) (call $f))
              (return))
            (drop))
          (global.set 0 (i32.const 1))))
      """, ["h": ["f": host]])
    let refusal = error as! Refusal
    let found = #expect(throws: Refusal.self) { try guests.call(instance, "run") }
    #expect(found === refusal)
    error = try Exception(foreign, [.i32(9)])
    let exception = try guests.exception(instance, "run")
    #expect(exception.tag == foreign && exception.arguments == [.i32(9)])
    error = Trap(.unreachable, message: "by the host")
    let trap = #expect(throws: Trap.self) { try guests.call(instance, "run") }
    #expect(trap?.message == "by the host")
    #expect(instance.exports[global: "seen"]?.value == .i32(0))
    #expect(guests.store.exceptionCount == 0 && elsewhere.exceptionCount == 0)
    // One of the store's is seen.
    error = try Exception(Tag(store: guests.store))
    #expect(try guests.call(instance, "run") == [])
    #expect(instance.exports[global: "seen"]?.value == .i32(1))
  }

  @Test(arguments: GuestForm.allCases)
  func trapsAreNotCaught(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let bodies: [(String, TrapKind)] = [
      ("(unreachable)", .unreachable), ("(call $stop)", .unreachable),
      ("(drop (i32.load (i32.const 65536)))", .memoryOutOfBounds),
      ("(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))", .integerDivideByZero),
      ("(call $deep)", .stackOverflow), ("(call_indirect (i32.const 0))", .indirectCallToNull),
      ("(throw_ref (ref.null exn))", .nullExceptionReference),
      ("(memory.copy (i32.const 0) (i32.const 0) (i32.load (i32.const 4)))", .memoryOutOfBounds),
    ]
    for (body, kind) in bodies {
      let instance = try guests.instance(
        """
        (module (memory 1) (data (i32.const 4) "\\00\\00\\00\\7f") (table 1 funcref)
          (global (export "seen") (mut i32) (i32.const 0))
          (func $stop (try_table (catch_all 0) (unreachable)))
          (func $deep (block (try_table (catch_all 0) (call $deep))) (global.set 0 (i32.const 2)))
          (func (export "run")
            (block (try_table (catch_all 0) \(body)) (return))
            (global.set 0 (i32.const 1))))
        """)
      #expect(try guests.trap(instance, "run") == kind, "\(body)")
      #expect(instance.exports[global: "seen"]?.value == .i32(0), "\(body)")
    }
  }

  /// Handlers run at the bottom of a stack that is nearly full, and may exhaust it themselves.
  @Test(arguments: GuestForm.allCases)
  func stackOverflowInHandlersIsATrap(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    let instance = try guests.instance(
      """
      (module (tag $e)
        (func $throw (throw $e))
        (func $deep (export "run")
          (block (try_table (catch_all 0) (call $throw)) (return))
          (call $deep) (call $throw)))
      """)
    #expect(try guests.trap(instance, "run") == .stackOverflow)
  }

  // MARK: The host in the middle

  @Test(arguments: GuestForm.allCases)
  func exceptionsPassThroughHostFunctions(_ form: GuestForm) throws {
    let guests = ExceptionGuests(form)
    var inner: Function?
    var way = 0
    let tag = Tag(store: guests.store, parameters: [.i64])
    let calls = ["throw", "outer"]
    let host = guests.action {
      do {
        try inner!([.i64(11)])
      } catch let exception as Exception where way > 0 {
        #expect(exception.tag == tag && exception.backtrace.map(\.functionName) == calls)
        if way == 2 { throw try Exception(tag, [.i64(exception.arguments[0].i64 + 1)]) }
      }
    }
    let instance = try guests.instance(
      """
      (module (import "h" "f" (func $f)) (import "h" "t" (tag $t (param i64)))
        (tag $other (param i64))
        (func $throw (export "throw") (param i64)
          (throw $t (local.get 0)))
        (func $outer (export "run") (result i64)
          (block $l (result i64)
            (try_table (catch $other $l) (catch $t $l) (call $f))
            (i64.const -1)))
        (func $uncaught (export "uncaught") (call $f)))
      """, ["h": ["f": host, "t": tag]])
    inner = instance.exports[function: "throw"]
    for (k, expected) in [11, UInt64.max, 12].enumerated() {
      way = k
      #expect(try guests.call(instance, "run") == [.i64(expected)])
    }
    way = 0
    let exception = try guests.exception(instance, "uncaught")
    #expect(exception.arguments == [.i64(11)])
    #expect(exception.backtrace.map(\.functionName) == ["uncaught"])
    #expect(guests.store.exceptionCount == 0)
  }

  // MARK: Linking

  @Test func tagsOfAnotherTypeOrStoreDoNotLink() throws {
    let guests = ExceptionGuests(.o2)
    let text = "(module (import \"h\" \"t\" (tag (param i32 i64))))"
    func link(_ value: some ExternalValueConvertible) throws {
      _ = try guests.instance(text, ["h": ["t": value]])
    }
    try link(Tag(store: guests.store, parameters: [.i32, .i64]))
    for parameters in [[], [.i32], [.i64, .i32], [.i32, .i64, .i64]] as [[ValueType]] {
      let error = #expect(throws: LinkError.self) {
        try link(Tag(store: guests.store, parameters: parameters))
      }
      guard case .incompatibleImport? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(throws: LinkError.foreignStore(module: "h", name: "t")) {
      try link(Tag(store: Store(engine: guests.engine), parameters: [.i32, .i64]))
    }
    #expect(throws: LinkError.self) { try link(guests.action {}) }
    #expect(throws: LinkError.self) { _ = try guests.instance(text) }
  }
}
