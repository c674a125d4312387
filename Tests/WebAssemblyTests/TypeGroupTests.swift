// SPDX-License-Identifier: Apache-2.0
// Groups of types: which are equal, what subtypes may be, and the limits.

import Testing

@testable import BrolgaWasm

private func types(_ text: String) throws -> Module {
  try Module(decoding: try TextFormat.encode("(module \(text))"))
}

@Test func typesAreEqualWhenTheirGroupsAre() throws {
  let module = try types(
    """
    (rec (type $a (func (param (ref $b)))) (type $b (func (result (ref null $a)))))
    (rec (type $c (func (param (ref $d)))) (type $d (func (result (ref null $c)))))
    (rec (type (func (param (ref $b)))) (type (func (result (ref null $a)))))
    (rec (type $f (func (result (ref null $e)))) (type $e (func (param (ref $f)))))
    (type (func)) (rec (type (func))) (type (sub (func))) (rec (type (func)) (type (func)))
    """)
  #expect(module.typesAreEqual(0, 2) && module.typesAreEqual(1, 3))
  // The same parts, but they lead out of the group; the same types in another order.
  #expect(!module.typesAreEqual(0, 4) && !module.typesAreEqual(1, 6))
  // Alone and final, however it is written.
  #expect(module.typesAreEqual(8, 9) && !module.typesAreEqual(8, 10))
  #expect(!module.typesAreEqual(8, 11) && !module.typesAreEqual(11, 12))
}

@Test func equalTypesOfTwoModulesGetOneNumber() throws {
  let group = "(rec (type (sub (func (param (ref 1))))) (type (func (result (ref null 0)))))"
  let one = try types("(type (func)) (type (func (param (ref 0)))) ")
  let two = try types("(rec (type (func (param i32))))")
  var table = TypeTable()
  #expect(one.copyTypes(to: &table) == [0, 1])
  #expect(two.copyTypes(to: &table) == [2])
  let first = try types(group).copyTypes(to: &table)
  let again = try types(
    "(type (func (result f64)))"
      + group.replacing("ref 1", with: "ref 2")
      .replacing("null 0", with: "null 1")
  ).copyTypes(to: &table)
  #expect(first == [3, 4] && again == [5, 3, 4])
  #expect(one.copyTypes(to: &table) == [0, 1] && table.count == 6)
}

@Test func subtypesHaveTheStructureOfTheirSupertype() {
  func complaint(_ text: String) -> String? {
    textRefusal("(module \(text))")?.message
  }
  let top = "(type $t (sub (func (param (ref 0)) (result funcref))))"
  #expect(complaint(top + "(type (sub $t (func (param funcref) (result (ref func)))))") == nil)
  let mismatch = "sub type 1 does not match super type 0"
  for wrong in [
    "(param (ref 1)) (result funcref)", "(param (ref 0)) (result externref)", "(param (ref 0))",
    "(param (ref 0) (ref 0)) (result funcref)",
  ] {
    #expect(complaint(top + "(type (sub $t (func \(wrong))))") == mismatch, "\(wrong)")
  }
  #expect(complaint(top + "(type (sub $t (struct)))") == mismatch)
  #expect(complaint("(type (func)) (type (sub 0 (func)))") == "sub type: supertype 0 is final")
  #expect(complaint("(rec (type (sub 1 (func))) (type (sub (func))))") == "unknown type 1")
  let pair = "(type $s (sub (struct (field (mut funcref)) (field funcref))))"
  let more = "(type (sub $s (struct (field (mut funcref)) (field (ref func)) (field i8))))"
  #expect(complaint(pair + more) == nil)
  let other = "(type (sub $s (struct (field (mut (ref func))) (field funcref))))"
  #expect(complaint(pair + other) == mismatch)
}

@Test func subtypingIsOfLimitedDepth() throws {
  func chain(_ depth: Int) -> [UInt8] {
    var module = TestModule()
    module.types = [[0x50, 0, 0x60, 0, 0]]
    for k in 0..<depth { module.types.append([0x50, 1] + unsigned(UInt64(k)) + [0x60, 0, 0]) }
    return module.bytes
  }
  let module = try Module(decoding: chain(63))
  #expect(module.subtypingDepth(ofType: 63) == 63 && module.types.isSubtype(63, 0))
  #expect(!module.types.isSubtype(0, 63))
  #expect(complaint(about: chain(64)) == "limit: too many supertypes of a type: the limit is 63")
}

@Test func largeGroupsAreComparedInLinearTime() throws {
  let count = 20_000
  /// A ring of types, each of which takes a reference to the next.
  func ring(from start: Int, last: Int) -> [UInt8] {
    var group: [UInt8] = [0x4E] + unsigned(UInt64(count))
    for k in 1..<count { group += [0x60, 1, 0x64] + signed(Int64(start + k)) + [0] }
    return group + [0x60, 1, 0x64] + signed(Int64(last)) + [0]
  }
  var module = TestModule()
  module.types = [
    ring(from: 0, last: 0), ring(from: count, last: count), ring(from: 2 * count, last: 1),
    // All refer to the first group's types.
    ring(from: 0, last: 0),
  ]
  let decoded = try Module(decoding: module.bytes)
  #expect(decoded.typeCount == 4 * count)
  #expect(decoded.typesAreEqual(UInt32(count - 1), UInt32(2 * count - 1)))
  #expect(!decoded.typesAreEqual(0, UInt32(2 * count)))
  #expect(!decoded.typesAreEqual(0, UInt32(3 * count)))
  var table = TypeTable()
  let numbers = decoded.copyTypes(to: &table)
  #expect(decoded.copyTypes(to: &table) == numbers && table.count == 3 * count)
}

@Test func localsWithoutDefaultMustBeSetFirst() {
  func complaint(_ code: String) -> String? {
    textRefusal(
      """
      (module (func $f (param $r (ref func)) (local $p i32) (local $x (ref func)) (local $y i32)
        \(code)))
      """)?.message
  }
  let read = "(drop (local.get $x))"
  let set = "(local.set $x (local.get $r))"
  #expect(complaint("(drop (local.get $y))" + set + read) == nil)
  #expect(complaint(read) == "uninitialized local 2")
  #expect(complaint("(drop (local.tee $x (local.get $r)))" + read) == nil)
  #expect(complaint("(block \(set) \(read))") == nil)
  #expect(complaint("(block \(set)) \(read)") == "uninitialized local 2")
  #expect(complaint("(if (i32.const 1) (then \(set)) (else \(read)))") == "uninitialized local 2")
  #expect(complaint("\(set) (loop \(read) (block \(set))) \(read)") == nil)
  #expect(complaint("(unreachable) \(read)") == "uninitialized local 2")
  #expect(complaint("(drop (local.get 4))") == "unknown local 4")
}
