// SPDX-License-Identifier: Apache-2.0
// Jumps to labels: written long, shrunk to two bytes where the distance allows when the function is
// complete.

import Entities
import Glibc

/// What a branch record is: the raw value of a `ConditionCode`, or one of these.
private enum BranchKind {
  static var jump: UInt8 { 16 }
  /// Padding where what is up to the label would cross a boundary of lines.
  static var padding: UInt8 { 17 }
}

extension CodeBuffer {
  package mutating func jump(_ label: Label) { branch(BranchKind.jump, label, bytes: 5) }

  package mutating func jump(if condition: ConditionCode, _ label: Label) {
    branch(condition.rawValue, label, bytes: 6)
  }

  /// Pads, if need be and little does, so that the code from here up to `end` lies in one line.
  mutating func keepInLine(until end: Label) {
    branch(BranchKind.padding, end, bytes: Self.mostPadding)
    functions.last.isLineAligned = true
  }

  private static var mostPadding: Int { lineBytes / 2 &- 1 }

  @inline(__always) private mutating func branch(_ kind: UInt8, _ label: Label, bytes: Int) {
    makeRoom()
    branches.append(
      BranchRecord(
        offset: UInt32(truncatingIfNeeded: offset), label: label.raw, kind: kind, isShort: false))
    // The bytes are written by `settleBranches`.
    cursor += bytes
  }

  /// Chooses the size of each branch, closes the gaps and moves everything that holds an offset.
  ///
  /// Sizes only shrink, from a state in which all are long; each round uses distances that are no
  /// smaller than the final ones, so a branch once short stays in reach. Padding counts in full
  /// until the end for the same reason. What a fixed number of rounds leaves long is right, only
  /// longer than need be.
  ///
  /// Cost: `rounds` walks over the branches, one move of the bytes.
  mutating func settleBranches() {
    guard branches.count > 0 else { return }
    saved.reset(count: branches.count + 1, to: 0)
    for _ in 0..<Self.shrinkingRounds {
      if !shrinkBranches() { break }
    }
    placeBranches()
    moveLabels()
    compact()
    moveTables()
  }

  private static var shrinkingRounds: Int { 3 }

  @inline(__always) private func longBytes(_ kind: UInt8) -> Int {
    kind < BranchKind.jump ? 6 : kind == BranchKind.jump ? 5 : Self.mostPadding
  }

  /// One round; returns whether any branch became short.
  ///
  /// `saved[k]` is the saving of the branches before `k`: already this round's for those behind us,
  /// still the last round's for those ahead. What counts is the difference of two of one round.
  private mutating func shrinkBranches() -> Bool {
    var changed = false
    var total: UInt32 = 0
    for k in branches.indices {
      let previousTotal = saved[k &+ 1]
      var branch = branches[k]
      saved[k] = total
      if !branch.isShort && branch.kind <= BranchKind.jump {
        let label = labels[Label(raw: branch.label)]
        assert(label.offset != .max, "a branch to a label that is nowhere")
        let before = Int(truncatingIfNeeded: label.branchesBefore)
        let target = Int(truncatingIfNeeded: label.offset)
        let offset = Int(truncatingIfNeeded: branch.offset)
        var fits: Bool
        if before > k {
          let between = Int(truncatingIfNeeded: saved[before] &- previousTotal)
          fits = target &- offset &- longBytes(branch.kind) &- between <= 127
        } else {
          let between = Int(truncatingIfNeeded: total &- saved[before])
          fits = offset &+ 2 &- target &- between <= 128
        }
        if fits {
          branch.isShort = true
          branches[k] = branch
          changed = true
        }
      }
      if branch.isShort {
        total &+= UInt32(truncatingIfNeeded: longBytes(branch.kind) &- 2)
      }
    }
    saved[branches.count] = total
    return changed
  }

  /// Computes the final savings, padding included.
  private mutating func placeBranches() {
    var total: UInt32 = 0
    for k in branches.indices {
      let branch = branches[k]
      saved[k] = total
      if branch.kind == BranchKind.padding {
        let at = Int(truncatingIfNeeded: branch.offset &- total)
        total &+= UInt32(truncatingIfNeeded: Self.mostPadding &- padding(k, at))
      } else if branch.isShort {
        total &+= UInt32(truncatingIfNeeded: longBytes(branch.kind) &- 2)
      }
    }
    saved[branches.count] = total
  }

  /// What padding `k`, which starts at offset `at`, takes. Where a short loop crosses a boundary, the
  /// processor fetches twice for each iteration; but it executes the padding each time that it comes
  /// to the loop, which may be in another.
  private func padding(_ k: Int, _ at: Int) -> Int {
    let end = labels[Label(raw: branches[k].label)]
    let last = Int(truncatingIfNeeded: end.branchesBefore)
    if end.offset == .max || last <= k || last &- k > Self.lineBytes / 2 { return 0 }
    var size = Int(truncatingIfNeeded: end.offset &- branches[k].offset) &- Self.mostPadding
    for inside in k &+ 1..<last {
      let branch = branches[inside]
      // Padding within counts as none.
      if branch.kind == BranchKind.padding {
        size &-= Self.mostPadding
      } else if branch.isShort {
        size &-= longBytes(branch.kind) &- 2
      }
    }
    let left = Self.lineBytes &- at & (Self.lineBytes &- 1)
    return size > left && size <= Self.lineBytes && left <= Self.mostPadding ? left : 0
  }

  private mutating func moveLabels() {
    for l in labels.storage.indices where labels.storage[l].offset != .max {
      let before = Int(truncatingIfNeeded: labels.storage[l].branchesBefore)
      labels.storage[l].offset &-= saved[before]
    }
  }

  /// Closes the gaps, and writes the branches.
  private mutating func compact() {
    let function = start + functionStart
    var from = 0
    var to = 0
    let end = offset
    for k in branches.indices {
      let branch = branches[k]
      let offset = Int(truncatingIfNeeded: branch.offset)
      if from != to { slide(function + to, function + from, offset &- from) }
      to &+= offset &- from
      from = offset &+ longBytes(branch.kind)
      cursor = function + to
      if branch.kind == BranchKind.padding {
        pad(Self.mostPadding &- Int(truncatingIfNeeded: saved[k &+ 1] &- saved[k]))
      } else {
        let target = Int(truncatingIfNeeded: labels[Label(raw: branch.label)].offset)
        write(branch, at: to, target: target)
      }
      to = cursor - function
    }
    if from != to { memmove(function + to, function + from, end &- from) }
    cursor = function + (to &+ end &- from)
  }

  /// Moves bytes down. The pieces between branches are short: a call of `memmove` for each would
  /// cost more than the bytes do.
  @inline(__always)
  private func slide(
    _ to: UnsafeMutableRawPointer, _ from: UnsafeMutableRawPointer, _ count: Int
  ) {
    if count > 256 {
      memmove(to, from, count)
      return
    }
    // Each word is read before anything at or behind its place is written, as `to < from`.
    var at = 0
    while at &+ 8 <= count {
      let word = (from + at).loadUnaligned(as: UInt64.self)
      (to + at).storeBytes(of: word, as: UInt64.self)
      at &+= 8
    }
    while at < count {
      (to + at).storeBytes(of: (from + at).load(as: UInt8.self), as: UInt8.self)
      at &+= 1
    }
  }

  @inline(__always)
  private mutating func write(_ branch: BranchRecord, at offset: Int, target: Int) {
    if branch.isShort {
      let distance = target &- offset &- 2
      precondition(distance >= -128 && distance <= 127, "a short branch out of reach")
      put8(branch.kind == BranchKind.jump ? 0xEB : 0x70 | branch.kind)
      put8(UInt8(truncatingIfNeeded: distance))
    } else if branch.kind == BranchKind.jump {
      put8(0xE9)
      put32(Int32(truncatingIfNeeded: target &- offset &- 5))
    } else {
      put8(0x0F)
      put8(0x80 | branch.kind)
      put32(Int32(truncatingIfNeeded: target &- offset &- 6))
    }
  }

  /// Moves the offsets of fixups, calls and sites. Each table is in the order of the code, so one
  /// walk beside the branches does.
  private mutating func moveTables() {
    let function = functions.last
    var k = 0
    for i in fixups.indices {
      advance(&k, to: fixups[i].offset)
      fixups[i].offset &-= saved[k]
    }
    k = 0
    for i in Int(function.callStart)..<calls.count {
      advance(&k, to: calls[i].offset)
      calls[i].offset &-= saved[k]
    }
    k = 0
    for i in Int(function.siteStart)..<sites.count {
      advance(&k, to: sites[i].offset)
      sites[i].offset &-= saved[k]
    }
    k = 0
    for i in marks.indices {
      advance(&k, to: marks[i].offset)
      marks[i].offset &-= saved[k]
    }
  }

  /// Moves `k` to the number of branches that stand before `offset`.
  @inline(__always) private mutating func advance(_ k: inout Int, to offset: UInt32) {
    while k < branches.count && branches[k].offset < offset { k &+= 1 }
  }
}
