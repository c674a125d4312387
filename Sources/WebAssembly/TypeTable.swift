// SPDX-License-Identifier: Apache-2.0
// The type section: defined types in one pool, their groups, and which of them are equal.

import BrolgaEntities

/// What a defined type is.
package enum TypeKind: UInt8, BitwiseCopyable, Sendable {
  case function, structure, array
}

/// Defined types: those of a module, or all that a process has met.
///
/// Type `i` owns `pool[entry.start ..< entry.start + parameterCount + resultCount]`: a function's
/// parameters, then its results; of each field of a structure or array the type, then its
/// mutability. Types come in groups, whose members may refer to each other. Two types are equal
/// when they have the same place in equal groups; references to a type of the own group count by
/// its place there, others by what they refer to. Groups are interned as they are finished, so
/// that comparing two types is comparing two numbers.
///
/// Cost: linear in the types and their parts, in expectation.
package struct TypeTable: ~Copyable {
  // Not private: Swift 6.3.1 then emits a broken reference to its metadata in other files.
  package struct Entry: BitwiseCopyable {
    var start: UInt32
    var parameterCount: UInt16
    var resultCount: UInt16
    /// The smallest index of an equal type.
    var canonical: UInt32
    /// The first type of its group, and of how many.
    var groupStart: UInt32
    var groupCount: UInt32
    /// The type that it is declared to be a subtype of; `.max` for none.
    var supertype: UInt32
    /// Supertypes above it.
    var depth: UInt8
    var kind: TypeKind
    /// Whether no type may be declared its subtype.
    var isFinal: Bool
    /// Whether it refers to a defined type.
    var hasIndices: Bool
  }

  /// A group as the section writes it.
  struct Group: BitwiseCopyable {
    var start: UInt32
    /// Whether it is written as a group: it need not be where it has one type.
    var isExplicit: Bool
  }

  // Not private, as above.
  struct Bucket: BitwiseCopyable {
    var hash: UInt32
    /// The first type of a group plus one, or zero.
    var group: UInt32
  }

  private var pool = Vector<ValueType>()
  private var entries = Vector<Entry>()
  private(set) var groups = Vector<Group>()
  /// Open-addressed, at most half full.
  private var buckets = Vector<Bucket>()
  private var bucketsUsed = 0

  package init() {}

  package var count: Int { entries.count }

  package var view: View {
    View(
      entries: UnsafePointer(entries.buffer.baseAddress.unsafelyUnwrapped),
      pool: UnsafePointer(pool.buffer.baseAddress.unsafelyUnwrapped), count: entries.count)
  }

  /// Makes room for `count` types.
  mutating func reserve(_ count: Int) {
    entries.reserve(count)
    if buckets.count < count &* 2 { rehash(for: count) }
  }

  /// Appends a part to the type that is being built.
  package mutating func append(_ type: ValueType) { pool.append(type) }

  /// Ends the type being built, whose parts are the last of the pool.
  package mutating func finishType(
    _ kind: TypeKind, parameterCount: Int, resultCount: Int, supertype: UInt32? = nil,
    isFinal: Bool = true
  ) {
    let start = pool.count &- parameterCount &- resultCount
    var hasIndices = false
    for i in start..<pool.count where pool[i].isReference && !pool[i].heapType.isAbstract {
      hasIndices = true
    }
    let depth = supertype.map { entries[Int(truncatingIfNeeded: $0)].depth &+ 1 } ?? 0
    let index = UInt32(truncatingIfNeeded: entries.count)
    entries.append(
      Entry(
        start: UInt32(truncatingIfNeeded: start),
        parameterCount: UInt16(truncatingIfNeeded: parameterCount),
        resultCount: UInt16(truncatingIfNeeded: resultCount), canonical: index,
        groupStart: index, groupCount: 1, supertype: supertype ?? .max, depth: depth, kind: kind,
        isFinal: isFinal, hasIndices: hasIndices))
  }

  /// Ends a group, whose types are the last `count`; the first type of the first equal group.
  @discardableResult
  package mutating func finishGroup(count: Int, isExplicit: Bool) -> UInt32 {
    let start = entries.count &- count
    let first = UInt32(truncatingIfNeeded: start)
    groups.append(Group(start: first, isExplicit: isExplicit))
    guard count > 0 else { return first }
    for i in start..<entries.count {
      entries[i].groupStart = first
      entries[i].groupCount = UInt32(truncatingIfNeeded: count)
    }
    if (bucketsUsed &+ 1) &* 2 > buckets.count { rehash(for: bucketsUsed &+ 1) }
    let hash = view.hash(group: start, count: count)
    let mask = buckets.count &- 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while buckets[place].group != 0 {
      let other = Int(truncatingIfNeeded: buckets[place].group &- 1)
      if buckets[place].hash == hash && view.groupsAreEqual(other, start) {
        join(start, to: other, count: count)
        return UInt32(truncatingIfNeeded: other)
      }
      place = (place &+ 1) & mask
    }
    buckets[place] = Bucket(hash: hash, group: first &+ 1)
    bucketsUsed = bucketsUsed &+ 1
    return first
  }

  /// Makes a group equal to an earlier one, and shares what has the same bytes.
  private mutating func join(_ group: Int, to other: Int, count: Int) {
    var sharesAll = true
    for k in 0..<count {
      entries[group &+ k].canonical = UInt32(truncatingIfNeeded: other &+ k)
      if entries[group &+ k].hasIndices { sharesAll = false }
    }
    guard sharesAll else { return }
    pool.truncate(to: Int(truncatingIfNeeded: entries[group].start))
    for k in 0..<count { entries[group &+ k].start = entries[other &+ k].start }
  }

  /// A state to return to.
  package struct Mark: BitwiseCopyable {
    fileprivate var pool: Int
    fileprivate var entries: Int
    fileprivate var groups: Int
  }

  package var mark: Mark { Mark(pool: pool.count, entries: entries.count, groups: groups.count) }

  /// Forgets the types since `mark`, all of them in groups that equal earlier ones.
  package mutating func removeRepeated(since mark: Mark) {
    for i in mark.entries..<entries.count {
      precondition(entries[i].canonical < UInt32(truncatingIfNeeded: mark.entries), "a new type")
    }
    pool.truncate(to: mark.pool)
    entries.truncate(to: mark.entries)
    groups.truncate(to: mark.groups)
  }

  private mutating func rehash(for count: Int) {
    var bucketCount = 16
    while bucketCount < count &* 2 { bucketCount &*= 2 }
    var old = Vector<Bucket>()
    swap(&old, &buckets)
    buckets.reset(count: bucketCount, to: Bucket(hash: 0, group: 0))
    for i in old.indices where old[i].group != 0 {
      var place = Int(truncatingIfNeeded: old[i].hash) & (bucketCount &- 1)
      while buckets[place].group != 0 { place = (place &+ 1) & (bucketCount &- 1) }
      buckets[place] = old[i]
    }
  }
}
