// SPDX-License-Identifier: Apache-2.0
// Types from one table to another: from a module to the process.

import BrolgaEntities

extension TypeTable {
  /// The types of each group, empty groups left out.
  var groupRanges: [Range<UInt32>] {
    var ranges: [Range<UInt32>] = []
    ranges.reserveCapacity(groups.count)
    for i in groups.indices {
      let start = groups[i].start
      let end =
        i &+ 1 < groups.count ? groups[i &+ 1].start : UInt32(truncatingIfNeeded: count)
      if start < end { ranges.append(start..<end) }
    }
    return ranges
  }

  /// Adds a group to `table`, unless it has an equal one; the numbers of the group's types there.
  ///
  /// - Parameter known: the numbers in `table` of all types before the group.
  func copy(
    _ group: Range<UInt32>, to table: inout TypeTable, known: [UInt32]
  ) -> Range<UInt32> {
    let mark = table.mark
    let start = UInt32(truncatingIfNeeded: table.count)
    func translated(_ index: UInt32) -> UInt32 {
      index >= group.lowerBound ? index &- group.lowerBound &+ start : known[Int(index)]
    }
    for index in group {
      let entry = view[index].pointee
      for part in view.parts(entry) {
        table.append(part.replacingIndex(translated))
      }
      table.finishType(
        entry.kind, parameterCount: Int(entry.parameterCount),
        resultCount: Int(entry.resultCount),
        supertype: entry.supertype == .max ? nil : translated(entry.supertype),
        isFinal: entry.isFinal)
    }
    let first = table.finishGroup(count: group.count, isExplicit: group.count != 1)
    if first != start { table.removeRepeated(since: mark) }
    return first..<first &+ UInt32(group.count)
  }
}

extension ValueType {
  /// The type with the index of a defined type replaced.
  package func replacingIndex(_ replacement: (UInt32) -> UInt32) -> ValueType {
    guard isReference, let index = heapType.typeIndex else { return self }
    return ValueType(
      reference: HeapType(typeIndex: replacement(index)), isNullable: isNullable)
  }
}
