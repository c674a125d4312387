// SPDX-License-Identifier: Apache-2.0
// A set of names in a module's bytes: finds duplicate exports.

import BrolgaEntities

/// A set of names, compared by their bytes.
struct NameSet: ~Copyable {
  private var ranges = Vector<NameRange>()
  /// Open-addressed: position in `ranges` plus one, or zero. At most half full.
  private var buckets = Vector<UInt32>()

  init(expecting count: Int) {
    var bucketCount = 16
    while bucketCount < count &* 2 { bucketCount &*= 2 }
    buckets.reset(count: bucketCount, to: 0)
  }

  /// Adds the name; false if it was there.
  mutating func insert(_ range: Range<Int>, base: UnsafePointer<UInt8>) -> Bool {
    if ranges.count &* 2 >= buckets.count { grow(base) }
    let name = NameRange(
      start: UInt32(truncatingIfNeeded: range.lowerBound),
      count: UInt32(truncatingIfNeeded: range.count))
    let bytes = UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    var bucket = firstBucket(bytes)
    while buckets[bucket] != 0 {
      let other = ranges[Int(truncatingIfNeeded: buckets[bucket] &- 1)]
      if other.bytes(base).elementsEqual(bytes) { return false }
      bucket = (bucket &+ 1) & (buckets.count &- 1)
    }
    ranges.append(name)
    buckets[bucket] = UInt32(truncatingIfNeeded: ranges.count)
    return true
  }

  /// Seeded per process, so that no module can be made to collide.
  private func firstBucket(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    return hasher.finalize() & (buckets.count &- 1)
  }

  private mutating func grow(_ base: UnsafePointer<UInt8>) {
    buckets.reset(count: buckets.count &* 2, to: 0)
    for i in ranges.indices {
      var bucket = firstBucket(ranges[i].bytes(base))
      while buckets[bucket] != 0 { bucket = (bucket &+ 1) & (buckets.count &- 1) }
      buckets[bucket] = UInt32(truncatingIfNeeded: i &+ 1)
    }
  }
}
