// SPDX-License-Identifier: Apache-2.0
// Where fixed operands need which register, and for which value.

import BrolgaEntities

/// One point of a register that a fixed operand takes.
struct Reservation: BitwiseCopyable {
  var point: UInt32
  var value: UInt32
}

/// Per register the points that fixed operands take, in order, and the values there.
struct Reservations: ~Copyable {
  /// How many points of each register fixed operands may take.
  private var demand = Vector<UInt32>()
  /// Where each register's entries start and end in `entries`.
  private var start = Vector<UInt32>()
  private var end = Vector<UInt32>()
  private var entries = Vector<Reservation>()
  /// Per register where the last search ended: the next one mostly begins nearby.
  private var cursor = Vector<UInt32>()

  init() {}

  // MARK: Collection

  mutating func reset() { demand.reset(count: 256, to: 0) }

  /// Announces that a fixed operand takes up to `points` points of `register`.
  @inline(__always) mutating func announce(_ register: UInt8, points: UInt32) {
    demand[Int(truncatingIfNeeded: register)] &+= points
  }

  /// Makes room for what was announced, for registers up to `highest`.
  mutating func makeRoom(upTo highest: Int) {
    var total: UInt32 = 0
    start.reset(count: 256, to: 0)
    end.reset(count: 256, to: 0)
    cursor.reset(count: 256, to: 0)
    for r in 0...highest {
      start[r] = total
      end[r] = total
      cursor[r] = total
      total &+= demand[r]
    }
    entries.reset(count: Int(total), to: Reservation(point: 0, value: 0))
  }

  /// Enters a point, also in `taken`. False if another value is wanted in the register there.
  @inline(__always)
  mutating func reserve(
    _ register: UInt8, _ point: UInt32, _ value: UInt32, _ taken: inout TakenRegisters
  ) -> Bool {
    let r = Int(truncatingIfNeeded: register)
    let first = Int(truncatingIfNeeded: start[r])
    let last = Int(truncatingIfNeeded: end[r])
    // Operands of one instruction may come out of order: by one place, each point being there once.
    let isBehindLate = last > first && entries[last &- 1].point > point
    let place = isBehindLate ? last &- 1 : last
    if place > first && entries[place &- 1].point == point {
      return entries[place &- 1].value == value
    }
    if isBehindLate { entries[last] = entries[last &- 1] }
    entries[place] = Reservation(point: point, value: value)
    end[r] &+= 1
    taken.insert(register, at: point)
    return true
  }

  // MARK: Look-up

  /// Index of the first entry of `register` at or after `point`.
  @inline(__always) private mutating func seek(_ register: UInt8, _ point: UInt32) -> Int {
    let r = Int(truncatingIfNeeded: register)
    let low = Int(truncatingIfNeeded: start[r])
    let high = Int(truncatingIfNeeded: end[r])
    if low == high { return high }
    var from = Int(truncatingIfNeeded: cursor[r])
    var to = high
    var step = 1
    if from < high && entries[from].point < point {
      from &+= 1
      while from &+ step < high && entries[from &+ step].point < point {
        from &+= step
        step &<<= 1
      }
      to = min(high, from &+ step)
    } else {
      to = from
      while to &- step >= low && entries[to &- step].point >= point {
        to &-= step
        step &<<= 1
      }
      from = max(low, to &- step)
    }
    while from < to {
      let middle = (from &+ to) &>> 1
      if entries[middle].point < point { from = middle &+ 1 } else { to = middle }
    }
    cursor[r] = UInt32(truncatingIfNeeded: from)
    return from
  }

  /// The first point of `from ..< to` where `register` must hold another value than `v`, or `to`.
  mutating func first(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, otherThan v: UInt32, _ steps: inout StepBudget
  ) -> UInt32 {
    var k = seek(register, from)
    let last = Int(truncatingIfNeeded: end[Int(register)])
    while k < last && entries[k].point < to {
      if entries[k].value != v { return entries[k].point }
      steps.used &+= 1
      k &+= 1
    }
    return to
  }

  /// The point after the last one of `from ..< to` where `register` must hold another value than
  /// `v`, or `from`.
  mutating func last(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, otherThan v: UInt32, _ steps: inout StepBudget
  ) -> UInt32 {
    var k = seek(register, to)
    let first = Int(truncatingIfNeeded: start[Int(register)])
    while k > first && entries[k &- 1].point >= from {
      if entries[k &- 1].value != v { return entries[k &- 1].point &+ 1 }
      steps.used &+= 1
      k &-= 1
    }
    return from
  }

  /// Enters in `taken` what fixed operands take of a range that has been freed.
  mutating func retake(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, _ taken: inout TakenRegisters,
    _ steps: inout StepBudget
  ) {
    var k = seek(register, from)
    let last = Int(truncatingIfNeeded: end[Int(register)])
    while k < last && entries[k].point < to {
      taken.insert(register, entries[k].point, entries[k].point &+ 1)
      steps.used &+= 1
      k &+= 1
    }
  }
}
