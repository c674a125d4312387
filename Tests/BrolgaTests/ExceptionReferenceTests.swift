// SPDX-License-Identifier: Apache-2.0
// References to exceptions, wherever they are kept, and how long what they refer to lives.

import Brolga
import Foundation
import Synchronization
import Testing

/// Makes, keeps, throws again and looks at exceptions.
private let keeper = """
  (module
    (import "h" "global" (global $hosts (mut exnref)))
    (import "h" "table" (table $there 4 exnref))
    (tag $e (export "e") (param i32)) (tag $link (param i32 exnref))
    (global $g (export "global") (mut exnref) (ref.null exn))
    (table $t (export "table") 8 10 exnref)
    (elem $passive exnref (ref.null exn) (ref.null exn))
    (func $throw (param i32) (throw $e (local.get 0)))
    (func $make (export "make") (param i32) (result exnref)
      (block $l (result exnref)
        (try_table (catch_all_ref $l) (call $throw (local.get 0))) (unreachable)))
    (func $value (export "value") (param exnref) (result i32)
      (block $l (result i32)
        (try_table (catch $e $l) (throw_ref (local.get 0))) (unreachable)))
    (func $same (export "same") (param exnref) (result exnref) (local.get 0))
    (func (export "null") (param exnref) (result i32) (ref.is_null (local.get 0)))
    (func (export "setGlobal") (param i32) (global.set $g (call $make (local.get 0))))
    (func (export "setHosts") (param i32) (global.set $hosts (call $make (local.get 0))))
    (func (export "setTable") (param i32 i32)
      (table.set $t (local.get 0) (call $make (local.get 1))))
    (func (export "setThere") (param i32 i32)
      (table.set $there (local.get 0) (call $make (local.get 1))))
    (func (export "spread") (param i32)
      (table.fill $t (i32.const 2) (call $make (local.get 0)) (i32.const 3))
      (table.copy $t $t (i32.const 5) (i32.const 2) (i32.const 2))
      (drop (table.grow $t (table.get $t (i32.const 2)) (i32.const 1)))
      (table.init $t $passive (i32.const 2) (i32.const 0) (i32.const 1)))
    (func (export "throw") (param i32) (throw_ref (table.get $t (local.get 0))))
    (func $churn (export "churn") (param i32)
      (loop $again
        (block $l (result exnref)
          (try_table (catch_all_ref $l) (call $throw (local.get 0))) (unreachable))
        (drop)
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "churnPlain") (param i32)
      (loop $again
        (block $l (result i32)
          (try_table (catch $e $l) (call $throw (local.get 0))) (unreachable))
        (drop)
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "locals") (param i32 i32) (result i32) (local exnref exnref)
      (local.set 2 (call $make (local.get 0)))
      (local.set 3 (call $same (local.get 2)))
      (call $churn (local.get 1))
      (i32.add (call $value (local.get 2)) (call $value (local.get 3))))
    (func (export "operand") (param i32 i32) (result i32)
      (call $make (local.get 0)) (call $churn (local.get 1)) (call $value))
    (func (export "chain") (param i32)
      (global.set $g (ref.null exn))
      (loop $again
        (global.set $g
          (block $l (result exnref)
            (try_table (catch_all_ref $l) (throw $link (local.get 0) (global.get $g)))
            (unreachable)))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "length") (result i32) (local $n i32) (local $at exnref)
      (local.set $at (global.get $g))
      (block $end
        (loop $again
          (br_if $end (ref.is_null (local.get $at)))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (block $l (result i32 exnref)
            (try_table (catch $link $l) (throw_ref (local.get $at))) (unreachable))
          (local.set $at)
          (if (i32.ne (local.get $n)) (then (unreachable)))
          (br $again)))
      (local.get $n))
    (func (export "twice") (result i32) (local exnref)
      (local.set 0 (call $make (i32.const 5)))
      (i32.add (call $value (local.get 0)) (call $value (local.get 0)))))
  """

private struct Keeper {
  let guests: ExceptionGuests
  let instance: Instance
  let global: Global
  let table: Table

  init(_ form: GuestForm) throws {
    guests = ExceptionGuests(form)
    global = try Global(
      store: guests.store, type: .exnref, isMutable: true, value: .ref(.exception(nil)))
    table = try Table(store: guests.store, element: .exnref, minimum: 4)
    instance = try guests.instance(keeper, ["h": ["global": global, "table": table]])
  }

  @discardableResult
  func call(_ name: String, _ arguments: Value...) throws -> [Value] {
    try guests.call(instance, name, arguments)
  }

  /// More than enough for a collection, however many live.
  func collect() throws { try call("churn", .i32(UInt32(3000 + 3 * guests.store.exceptionCount))) }

  func reference(_ value: Value) throws -> ExceptionReference {
    guard case .ref(.exception(let reference?)) = value else { throw Missing() }
    return reference
  }
  struct Missing: Error {}
}

@Suite struct ExceptionReferenceTests {
  @Test(arguments: GuestForm.allCases)
  func referencesTravelAndAreThrownAgain(_ form: GuestForm) throws {
    let keeper = try Keeper(form)
    #expect(try keeper.call("twice") == [.i32(10)])
    let value = try keeper.call("make", .i32(42))[0]
    #expect(try keeper.call("same", value) == [value])
    #expect(try keeper.call("value", value) == [.i32(42)])
    #expect(try keeper.call("null", value) == [.i32(0)])
    #expect(try keeper.call("null", .ref(.exception(nil))) == [.i32(1)])
    #expect(try keeper.call("make", .i32(42))[0] != value)
    #expect(
      try keeper.guests.trap(keeper.instance, "value", [.ref(.exception(nil))])
        == .nullExceptionReference)
    #expect(
      try keeper.guests.trap(keeper.instance, "throw", [.i32(7)]) == .nullExceptionReference)
    // Through the host's hands into tables and globals.
    try keeper.instance.exports[table: "table"]?.set(7, try #require(value.reference))
    let exception = try keeper.guests.exception(keeper.instance, "throw", [.i32(7)])
    #expect(exception.arguments == [.i32(42)])
    try keeper.global.assign(value)
    #expect(keeper.global.value == value)
    #expect(throws: UsageError.self) { try keeper.global.assign(.externref(nil)) }
    // Another store's is refused.
    let other = try Keeper(.o2)
    #expect(throws: UsageError.self) { try other.call("value", value) }
    #expect(throws: UsageError.foreignStore) { try other.global.assign(value) }
  }

  /// After many collections each place still has what was put there.
  @Test(arguments: GuestForm.allCases)
  func whatIsReferredToSurvivesCollections(_ form: GuestForm) throws {
    let keeper = try Keeper(form)
    try keeper.call("spread", .i32(100))
    try keeper.call("setGlobal", .i32(101))
    try keeper.call("setHosts", .i32(102))
    try keeper.call("setTable", .i32(0), .i32(103))
    try keeper.call("setThere", .i32(3), .i32(104))
    let held = try keeper.reference(keeper.call("make", .i32(105))[0])
    for _ in 0..<5 { try keeper.collect() }
    #expect(try keeper.call("locals", .i32(7), .i32(10_000)) == [.i32(14)])
    #expect(try keeper.call("operand", .i32(8), .i32(10_000)) == [.i32(8)])
    let own = try #require(keeper.instance.exports[table: "table"])
    func number(_ reference: Reference?) throws -> Value {
      try keeper.call("value", .ref(try #require(reference)))[0]
    }
    #expect(try (3...6).map { try number(own.get($0)) } == Array(repeating: .i32(100), count: 4))
    #expect(try number(own.get(8)) == .i32(100))
    #expect(try own.get(2).isNull)
    #expect(try number(own.get(0)) == .i32(103))
    #expect(try number(keeper.table.get(3)) == .i32(104))
    #expect(try number(keeper.global.value.reference) == .i32(102))
    let global = try #require(keeper.instance.exports[global: "global"])
    #expect(try number(global.value.reference) == .i32(101))
    #expect(held.value.arguments == [.i32(105)])
    #expect(held.value.tag == keeper.instance.exports[tag: "e"])
  }

  @Test func whatNothingRefersToGoes() throws {
    let keeper = try Keeper(.o2)
    var references = try (0..<2000).map {
      try keeper.reference(keeper.call("make", .i32($0))[0])
    }
    try keeper.collect()
    #expect(keeper.guests.store.exceptionCount >= 2000)
    #expect(references.enumerated().allSatisfy { $1.value.arguments == [.i32(UInt32($0))] })
    references.removeAll()
    try keeper.collect()
    try keeper.collect()
    #expect(keeper.guests.store.exceptionCount < 10_000)
    // Those of which nobody ever had a reference go at once.
    let before = keeper.guests.store.exceptionCount
    try keeper.call("churnPlain", .i32(1000))
    #expect(keeper.guests.store.exceptionCount == before)
  }

  /// Each exception refers to the one before it; nothing recurses over them.
  @Test(arguments: GuestForm.allCases)
  func aLongChainSurvivesAndEnds(_ form: GuestForm) throws {
    let keeper = try Keeper(form)
    let count = 100_000 as UInt32
    try keeper.call("chain", .i32(count))
    #expect(keeper.guests.store.exceptionCount >= Int(count))
    try keeper.collect()
    #expect(try keeper.call("length") == [.i32(count)])
    try keeper.call("chain", .i32(1))
    try keeper.collect()
    try keeper.collect()
    #expect(keeper.guests.store.exceptionCount < 20_000)
  }

  /// Neither the store's memory nor the process's grows with the number of throws.
  @Test func manyThrowsTakeNoMemory() throws {
    let keeper = try Keeper(.o2)
    try keeper.call("churn", .i32(20_000))
    try keeper.call("churnPlain", .i32(20_000))
    let before = residentBytes()
    try keeper.call("churn", .i32(300_000))
    #expect(keeper.guests.store.exceptionCount <= 10_000)
    let live = keeper.guests.store.exceptionCount
    try keeper.call("churnPlain", .i32(300_000))
    #expect(keeper.guests.store.exceptionCount == live)
    // 600,000 exceptions of 40 bytes would be 24 MB.
    let grown = residentBytes() - before
    #expect(grown < 16 << 20, "\(grown)")
  }

  /// The host keeps what it was given after the store's users are gone, and no longer.
  @Test func referencesKeepTheirStore() throws {
    weak var store: Store?
    var reference: ExceptionReference?
    do {
      let keeper = try Keeper(.o2)
      store = keeper.guests.store
      reference = try keeper.reference(keeper.call("make", .i32(9))[0])
    }
    #expect(store != nil)
    #expect(reference?.value.arguments == [.i32(9)])
    reference = nil
    #expect(store == nil)
  }

  // MARK: Through the host, on two threads

  private final class Marker: Error {}

  /// Host functions throw, and let through what guests throw; another error now and then.
  private static func throwThroughTheHost(_ count: Int) throws -> (live: Int, lost: Int) {
    let guests = ExceptionGuests(.o2)
    let tag = Tag(store: guests.store, parameters: [.i32, .externref])
    var inner: Function?
    weak var last: Marker?
    let host = Function(store: guests.store, parameters: [.i32]) { _, arguments in
      switch arguments[0].i32 % 4 {
      case 0: throw try Exception(tag, [arguments[0], .externref(nil)])
      case 1: try inner!([arguments[0]])
      case 2:
        let marker = Marker()
        last = marker
        throw marker
      default: break
      }
      return []
    }
    let instance = try guests.instance(
      """
      (module (import "h" "t" (tag $t (param i32 externref))) (import "h" "f" (func $f (param i32)))
        (func (export "throw") (param i32) (throw $t (local.get 0) (ref.null extern)))
        (func (export "run") (param i32) (result i32)
          (block $l (result i32 externref)
            (try_table (catch $t $l) (call $f (local.get 0))) (return (i32.const -1)))
          (drop)))
      """, ["h": ["t": tag, "f": host]])
    inner = instance.exports[function: "throw"]
    let run = try #require(instance.exports[function: "run"])
    var lost = 0
    for k in 0..<UInt32(count) {
      do {
        let expected: Value = .i32(k % 4 < 2 ? k : .max)
        if try run([.i32(k)]) != [expected] { lost += 1 }
      } catch is Marker {
        if k % 4 != 2 { lost += 1 }
      }
      if last != nil { lost += 1 }
    }
    return (guests.store.exceptionCount, lost)
  }

  @Test func throwsThroughTheHostLeakNothing() throws {
    let outcomes = Mutex<[Result<(live: Int, lost: Int), any Error>]>([])
    let before = residentBytes()
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      let outcome = Result { try Self.throwThroughTheHost(100_000) }
      outcomes.withLock { $0.append(outcome) }
    }
    for outcome in outcomes.withLock({ $0 }) {
      let (live, lost) = try outcome.get()
      #expect(live == 0 && lost == 0)
    }
    let grown = residentBytes() - before
    #expect(grown < 32 << 20, "\(grown)")
  }
}

extension Value {
  fileprivate var reference: Reference? {
    if case .ref(let reference) = self { reference } else { nil }
  }
}

private func residentBytes() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii)) ?? ""
  let words = text.split(separator: " ")
  return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
}
