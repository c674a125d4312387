// SPDX-License-Identifier: Apache-2.0
// The tables that everything else stands on.

import BrolgaEntities
import Testing

private struct Item: EntityID {
  static var prefix: StaticString { "item" }
  let raw: UInt32
  init(raw: UInt32) { self.raw = raw }
}

@Test func elementsStayThroughGrowth() {
  var vector = Vector<UInt64>()
  for i in 0..<10_000 { vector.append(UInt64(i) * 3) }
  #expect(vector.count == 10_000)
  for i in vector.indices where vector[i] != UInt64(i) * 3 { Issue.record("element \(i)") }
  let popped = vector.popLast()
  #expect(popped == 29_997)
  #expect(vector.last == 29_994)
  vector.truncate(to: 2)
  #expect(vector.toArray() == [0, 3])
}

@Test func removingAllKeepsTheMemory() {
  var vector = Vector<UInt8>()
  vector.append(repeating: 7, count: 1000)
  let capacity = vector.capacity
  vector.removeAll()
  #expect(vector.isEmpty && vector.capacity == capacity)
  vector.reset(count: 3, to: 1)
  vector.append(contentsOf: [2, 3])
  #expect(vector.toArray() == [1, 1, 1, 2, 3])
}

@Test func aPoolIssuesIdsInOrder() {
  var pool = Pool<Item, UInt32>()
  let first = pool.append(10)
  let second = pool.append(20)
  #expect(first.index == 0 && second.index == 1 && pool.nextID.index == 2)
  pool[first] += 5
  #expect(pool[first] == 15 && pool[second] == 20)
  #expect("\(second)" == "item1" && Item.none.isNone && first < second)
}

@Test func aBitSetHoldsWhatWasInserted() {
  var set = BitSet()
  set.reset(bound: 300)
  for member in [0, 63, 64, 127, 200, 299] { set.insert(member) }
  set.remove(127)
  var found: [Int] = []
  set.forEach { found.append($0) }
  #expect(found == [0, 63, 64, 200, 299])
  #expect(set.contains(64) && !set.contains(127))
}

@Test func aUnionSaysWhetherItGrew() {
  var rows = BitRows()
  rows.reset(rows: 3, width: 130)
  rows.insert(row: 0, 129)
  rows.insert(row: 1, 5)
  let grew = rows.formUnion(of: 0, into: 1)
  let grewAgain = rows.formUnion(of: 0, into: 1)
  #expect(grew && !grewAgain)
  #expect(rows.contains(row: 1, 129) && rows.contains(row: 1, 5) && !rows.contains(row: 2, 5))
}
