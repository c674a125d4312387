// SPDX-License-Identifier: Apache-2.0
// Where each bundle is at each point.

import BrolgaEntities

/// A register of a bundle, from where to where.
struct PlacedPiece: BitwiseCopyable {
  var from: UInt32
  var to: UInt32
  var register: UInt8
}

/// Where a bundle is, when all pieces have got what they will get.
struct BundlePlaces: BitwiseCopyable {
  /// Its ranges in `Facts.ranges`.
  let rangeStart: UInt32
  let rangeEnd: UInt32
  /// Its registers in `Placements.placed`, in order; none if `register` is its place throughout.
  var start: UInt32 = 0
  var end: UInt32 = 0
  /// Where in `placed` the walk over the instructions is.
  var cursor: UInt32 = 0
  /// Where the value comes from when it is in no register: its slot, or the value itself that is made
  /// again. None if that is never so, and as long as slots are not given.
  var home: Allocation
  /// Its register if that is the same throughout.
  var register = noRegister
  var flags: Flags = []

  struct Flags: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    static var needsSlot: Flags { Flags(rawValue: 1) }
    /// More than one location.
    static var isSplit: Flags { Flags(rawValue: 2) }
  }

  @inline(__always) var ranges: Range<Int> {
    Range(
      uncheckedBounds: (Int(truncatingIfNeeded: rangeStart), Int(truncatingIfNeeded: rangeEnd)))
  }

  /// It has no register at all.
  @inline(__always) var isInMemory: Bool { register == noRegister && start == end }
}

/// The places of all bundles.
struct Placements: ~Copyable {
  /// By bundle.
  var bundles = Vector<BundlePlaces>()
  /// Bundle by bundle, those with one register throughout left out.
  var placed = Vector<PlacedPiece>()

  init() {}

  /// Lists each bundle's registers in order, and marks the bundles that need a slot.
  mutating func run(_ facts: inout Facts, _ search: inout Search, _ steps: inout StepBudget) {
    placed.removeAll()
    bundles.removeAll()
    bundles.reserve(search.bundles.count)
    for b in search.bundles.indices {
      let whole = Int(truncatingIfNeeded: search.bundles[b].whole)
      bundles.append(
        BundlePlaces(
          rangeStart: search.pieces[whole].rangeStart, rangeEnd: search.pieces[whole].rangeEnd,
          home: search.bundles[b].remade))
      let start = placed.count
      var p = search.bundles[b].pieces
      if Int(p) == whole && search.pieces[whole].register != noRegister {
        // The usual case: all of it in one register.
        bundles[b].register = search.pieces[whole].register
        continue
      }
      while p != .max {
        let piece = search.pieces[Int(p)]
        if piece.register != noRegister {
          placed.append(PlacedPiece(from: piece.from, to: piece.to, register: piece.register))
        }
        p = piece.next
      }
      sortPlaced(from: start)
      stretchPlaced(search.pieces[whole], from: start, &facts, &search.taken, &steps)
      setPlaced(b, from: start)
      classify(b, &facts)
    }
    for v in 0..<facts.view.valueCount where facts.values[v].bundle != .max {
      let value = facts.values[v]
      if value.flags.contains(.hasStackUse) || value.flags.contains(.definedInSlot) {
        bundles[Int(value.bundle)].flags.insert(.needsSlot)
      }
      // What a branch leaves elsewhere is moved along the edges.
      if value.flags.contains(.definedByBranch) && value.hasPlacedDefinition {
        list(Int(value.bundle), &facts)
      }
    }
  }

  private mutating func setPlaced(_ b: Int, from start: Int) {
    bundles[b].start = UInt32(truncatingIfNeeded: start)
    bundles[b].cursor = UInt32(truncatingIfNeeded: start)
    bundles[b].end = UInt32(truncatingIfNeeded: placed.count)
  }

  /// Sorts the entries of one bundle, which mostly are in falling order.
  private mutating func sortPlaced(from start: Int) {
    let count = placed.count &- start
    if count < 2 { return }
    var list = UnsafeMutableBufferPointer(rebasing: placed.buffer[start...])
    list.reverse()
    for k in 1..<count where list[k].from < list[k &- 1].from {
      list.sort { $0.from < $1.from }
      return
    }
  }

  private mutating func classify(_ b: Int, _ facts: inout Facts) {
    let bundle = bundles[b]
    var k = Int(bundle.start)
    let end = Int(bundle.end)
    if k == end {
      needSlot(b)
      return
    }
    var isCovered = true
    for r in bundle.ranges {
      var from = facts.ranges[r].from
      while k < end && placed[k].to <= from { k &+= 1 }
      var j = k
      while j < end && placed[j].from <= from && from < facts.ranges[r].to {
        from = max(from, placed[j].to)
        j &+= 1
      }
      if from < facts.ranges[r].to {
        isCovered = false
        break
      }
    }
    if !isCovered { needSlot(b) }
    if !isCovered || end &- Int(bundle.start) > 1 { bundles[b].flags.insert(.isSplit) }
  }

  @inline(__always) private mutating func needSlot(_ b: Int) {
    if bundles[b].home.isNone { bundles[b].flags.insert(.needsSlot) }
  }

  /// Makes a bundle one with a list of locations.
  private mutating func list(_ b: Int, _ facts: inout Facts) {
    bundles[b].flags.insert(.isSplit)
    let bundle = bundles[b]
    if bundle.register == noRegister { return }
    bundles[b].register = noRegister
    let start = placed.count
    placed.append(
      PlacedPiece(
        from: facts.ranges[Int(bundle.rangeStart)].from,
        to: facts.ranges[Int(bundle.rangeEnd) &- 1].to, register: bundle.register))
    setPlaced(b, from: start)
  }

  // MARK: Locations

  /// Where the bundle's value is at `point`.
  mutating func location(_ b: Int, _ point: UInt32) -> Allocation {
    let bundle = bundles[b]
    if !bundle.flags.contains(.isSplit) { return singleLocation(bundle) }
    let k = firstPlaced(bundle, endingAfter: point)
    if k < Int(bundle.end) && placed[k].from <= point {
      return Allocation(packed: placed[k].register)
    }
    return bundle.home
  }

  /// Index of the bundle's first register that it has behind `point`, or the end.
  mutating func firstPlaced(_ bundle: BundlePlaces, endingAfter point: UInt32) -> Int {
    var low = Int(bundle.start)
    var high = Int(bundle.end)
    while low < high {
      let middle = (low &+ high) &>> 1
      if placed[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// Where a bundle is that is not split.
  @inline(__always) mutating func singleLocation(_ bundle: BundlePlaces) -> Allocation {
    if bundle.register != noRegister { return Allocation(packed: bundle.register) }
    return bundle.start == bundle.end
      ? bundle.home : Allocation(packed: placed[Int(bundle.start)].register)
  }

  /// The same as `location` for points that rise, but for steps back within the instruction at
  /// `early`.
  @inline(__always)
  mutating func nextLocation(_ b: Int, _ point: UInt32, _ early: UInt32) -> Allocation {
    let bundle = bundles[b]
    if !bundle.flags.contains(.isSplit) { return singleLocation(bundle) }
    var k = Int(bundle.cursor)
    let end = Int(bundle.end)
    while k < end && placed[k].to &+ 2 <= early { k &+= 1 }
    bundles[b].cursor = UInt32(truncatingIfNeeded: k)
    while k < end && placed[k].to <= point { k &+= 1 }
    if k < end && placed[k].from <= point { return Allocation(packed: placed[k].register) }
    return bundle.home
  }
}
