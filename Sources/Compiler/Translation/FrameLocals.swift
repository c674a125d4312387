// SPDX-License-Identifier: Apache-2.0
// Locals that live in the frame: the fall-back where SSA form would cost more than its budget.

import BrolgaEntities

/// Which frame variable each local has. Locals whose spans do not overlap share one, so the frame
/// is in proportion to what is in use at one time; a local that is only read behind an assignment
/// in the same block has none.
struct FrameLocals: ~Copyable {
  /// Types of the frame variables.
  private(set) var types = Vector<Type>()
  /// Per local: its frame variable, or `.max`.
  private var variables = Vector<UInt32>()
  /// Locals with a variable, in the order in which their spans start, and end.
  private var starts = Vector<UInt64>()
  private var ends = Vector<UInt64>()
  /// Per type, the first free variable, or `.max`; and per variable the next one.
  private var firstFree = Vector<UInt32>()
  private var nextFree = Vector<UInt32>()

  init() {}

  /// The local's frame variable.
  @inline(__always) func variable(of local: UInt32) -> UInt32? {
    let variable = variables[Int(truncatingIfNeeded: local)]
    return variable == .max ? nil : variable
  }

  /// Cost: O(n log n) for n locals.
  mutating func assign(_ spans: borrowing LocalSpans, typeOf: (Int) -> Type) {
    types.removeAll()
    nextFree.removeAll()
    firstFree.reset(count: Type.allCases.count, to: .max)
    sort(spans)
    var ended = 0
    for i in starts.indices {
      let start = starts[i] &>> 32
      while ended < ends.count, ends[ended] &>> 32 < start {
        release(variables[Self.local(ends[ended])])
        ended &+= 1
      }
      let local = Self.local(starts[i])
      variables[local] = take(typeOf(local))
    }
  }

  private static func local(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key & 0xffff_ffff) }

  private mutating func sort(_ spans: borrowing LocalSpans) {
    starts.removeAll()
    ends.removeAll()
    let count = spans.spans.count
    variables.reset(count: count, to: .max)
    for local in 0..<count where spans.spans[local].crossesBlocks {
      let span = spans.spans[local]
      let low = UInt64(truncatingIfNeeded: local)
      starts.append(UInt64(truncatingIfNeeded: span.start) &<< 32 | low)
      ends.append(UInt64(truncatingIfNeeded: span.end) &<< 32 | low)
    }
    var inPlace = starts.buffer
    inPlace.sort()
    inPlace = ends.buffer
    inPlace.sort()
  }

  private mutating func take(_ type: Type) -> UInt32 {
    let index = Int(truncatingIfNeeded: type.rawValue)
    let free = firstFree[index]
    if free != .max {
      firstFree[index] = nextFree[Int(truncatingIfNeeded: free)]
      return free
    }
    types.append(type)
    nextFree.append(.max)
    return UInt32(truncatingIfNeeded: types.count &- 1)
  }

  private mutating func release(_ variable: UInt32) {
    let index = Int(truncatingIfNeeded: variable)
    let type = Int(truncatingIfNeeded: types[index].rawValue)
    nextFree[index] = firstFree[type]
    firstFree[type] = variable
  }
}
