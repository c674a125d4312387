// SPDX-License-Identifier: Apache-2.0
// The type section: function types in one pool, and which of them are equal.

import Entities

/// The function types of a module.
///
/// Type `i` owns `pool[entry.start ..< entry.start + parameterCount + resultCount]`, parameters
/// first. Types equal to an earlier one share its part of the pool.
struct TypeTable: ~Copyable {
  // Not private: Swift 6.3.1 then emits a broken reference to its metadata in other files.
  struct Entry: BitwiseCopyable {
    var start: UInt32
    var parameterCount: UInt16
    var resultCount: UInt16
    /// The smallest index of an equal type.
    var canonical: UInt32
  }

  /// The table in place, valid while it lives and does not grow.
  struct View: BitwiseCopyable {
    let entries: UnsafePointer<Entry>
    let pool: UnsafePointer<ValueType>
    let count: Int

    @inline(__always)
    func signature(_ index: Int) -> Signature {
      let entry = entries[index]
      let start = pool + Int(truncatingIfNeeded: entry.start)
      let parameterCount = Int(truncatingIfNeeded: entry.parameterCount)
      return Signature(
        parameters: UnsafeBufferPointer(start: start, count: parameterCount),
        results: UnsafeBufferPointer(
          start: start + parameterCount, count: Int(truncatingIfNeeded: entry.resultCount)))
    }
  }

  private var pool = Vector<ValueType>()
  private var entries = Vector<Entry>()
  /// Open-addressed: index of a canonical type plus one, or zero. At most half full.
  private var buckets = Vector<UInt32>()

  init() {}

  var count: Int { entries.count }

  var view: View {
    View(
      entries: UnsafePointer(entries.buffer.baseAddress.unsafelyUnwrapped),
      pool: UnsafePointer(pool.buffer.baseAddress.unsafelyUnwrapped), count: entries.count)
  }

  func signature(_ index: Int) -> Signature {
    precondition(index >= 0 && index < entries.count, "unknown type")
    return view.signature(index)
  }

  func canonical(_ index: Int) -> UInt32 {
    precondition(index >= 0 && index < entries.count, "unknown type")
    return entries[index].canonical
  }

  /// Makes room for `count` types.
  mutating func reserve(_ count: Int) {
    entries.reserve(count)
    var bucketCount = 16
    while bucketCount < count &* 2 { bucketCount &*= 2 }
    buckets.reset(count: bucketCount, to: 0)
  }

  /// Appends a value type to the type that is being built.
  mutating func append(_ type: ValueType) { pool.append(type) }

  /// Ends the type being built, whose value types are the last of the pool.
  mutating func finishType(parameterCount: Int, resultCount: Int) {
    let count = parameterCount &+ resultCount
    let start = pool.count &- count
    var entry = Entry(
      start: UInt32(truncatingIfNeeded: start),
      parameterCount: UInt16(truncatingIfNeeded: parameterCount),
      resultCount: UInt16(truncatingIfNeeded: resultCount),
      canonical: UInt32(truncatingIfNeeded: entries.count))
    // Seeded per process, so that no module can be made to collide. The outcome does not depend on
    // the seed: an equal type is found or not.
    var hasher = Hasher()
    hasher.combine(parameterCount)
    hasher.combine(
      bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(pool.buffer)[(start &* 4)...]))
    let mask = buckets.count &- 1
    var bucket = hasher.finalize() & mask
    while buckets[bucket] != 0 {
      let other = entries[Int(truncatingIfNeeded: buckets[bucket] &- 1)]
      if isEqual(entry, other, count: count) {
        entry.start = other.start
        entry.canonical = other.canonical
        entries.append(entry)
        pool.truncate(to: start)
        return
      }
      bucket = (bucket &+ 1) & mask
    }
    buckets[bucket] = UInt32(truncatingIfNeeded: entries.count &+ 1)
    entries.append(entry)
  }

  private func isEqual(_ a: Entry, _ b: Entry, count: Int) -> Bool {
    guard a.parameterCount == b.parameterCount, a.resultCount == b.resultCount else {
      return false
    }
    let startA = Int(truncatingIfNeeded: a.start)
    let startB = Int(truncatingIfNeeded: b.start)
    for i in 0..<count where pool[startA &+ i] != pool[startB &+ i] { return false }
    return true
  }
}
