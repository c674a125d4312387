// SPDX-License-Identifier: Apache-2.0
// Branches to labels: written long, shrunk where the distance allows when the function is
// complete.

import BrolgaEntities
import Glibc

extension Assembler {
  /// Pads, if need be and little does, so that the code from here up to `end` lies in one line.
  mutating func keepInLine(until end: Label) {
    branch(BranchRecord.padding, end)
    code.functions.last.isLineAligned = true
  }

  private static var mostPadding: Int { CodeBuffer.lineBytes / 2 &- 1 }

  /// A branch of the target's `kind` to a label.
  @inline(__always) mutating func branch(_ kind: UInt8, _ label: Label) {
    code.makeRoom()
    branches.append(
      BranchRecord(
        offset: UInt32(truncatingIfNeeded: code.offset), label: label.raw, kind: kind,
        isShort: false))
    // The bytes are written by `settleBranches`.
    code.cursor += longBytes(kind)
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
    kind == BranchRecord.padding ? Self.mostPadding : ISA.longBytes(ofBranch: kind)
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
      if !branch.isShort && branch.kind != BranchRecord.padding {
        let label = labels[Label(raw: branch.label)]
        assert(label.offset != .max, "a branch to a label that is nowhere")
        let before = Int(truncatingIfNeeded: label.branchesBefore)
        let target = Int(truncatingIfNeeded: label.offset)
        let offset = Int(truncatingIfNeeded: branch.offset)
        var fits: Bool
        if before > k {
          let between = Int(truncatingIfNeeded: saved[before] &- previousTotal)
          fits = target &- offset &- longBytes(branch.kind) &- between <= ISA.shortReach.upperBound
        } else {
          let between = Int(truncatingIfNeeded: total &- saved[before])
          fits = target &- offset &- ISA.shortBranchBytes &+ between >= ISA.shortReach.lowerBound
        }
        if fits {
          branch.isShort = true
          branches[k] = branch
          changed = true
        }
      }
      if branch.isShort {
        total &+= UInt32(truncatingIfNeeded: longBytes(branch.kind) &- ISA.shortBranchBytes)
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
      if branch.kind == BranchRecord.padding {
        let at = Int(truncatingIfNeeded: branch.offset &- total)
        total &+= UInt32(truncatingIfNeeded: Self.mostPadding &- padding(k, at))
      } else if branch.isShort {
        total &+= UInt32(truncatingIfNeeded: longBytes(branch.kind) &- ISA.shortBranchBytes)
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
    if end.offset == .max || last <= k || last &- k > CodeBuffer.lineBytes / 2 { return 0 }
    var size = Int(truncatingIfNeeded: end.offset &- branches[k].offset) &- Self.mostPadding
    for inside in k &+ 1..<last {
      let branch = branches[inside]
      // Padding within counts as none.
      if branch.kind == BranchRecord.padding {
        size &-= Self.mostPadding
      } else if branch.isShort {
        size &-= longBytes(branch.kind) &- ISA.shortBranchBytes
      }
    }
    let left = CodeBuffer.lineBytes &- at & (CodeBuffer.lineBytes &- 1)
    return size > left && size <= CodeBuffer.lineBytes && left <= Self.mostPadding ? left : 0
  }

  private mutating func moveLabels() {
    for l in labels.storage.indices where labels.storage[l].offset != .max {
      let before = Int(truncatingIfNeeded: labels.storage[l].branchesBefore)
      labels.storage[l].offset &-= saved[before]
    }
  }

  /// Closes the gaps, and writes the branches.
  private mutating func compact() {
    let function = code.start + code.functionStart
    var from = 0
    var to = 0
    let end = code.offset
    for k in branches.indices {
      let branch = branches[k]
      let offset = Int(truncatingIfNeeded: branch.offset)
      if from != to { slide(function + to, function + from, offset &- from) }
      to &+= offset &- from
      from = offset &+ longBytes(branch.kind)
      code.cursor = function + to
      if branch.kind == BranchRecord.padding {
        ISA.pad(Self.mostPadding &- Int(truncatingIfNeeded: saved[k &+ 1] &- saved[k]), &code)
      } else {
        let target = Int(truncatingIfNeeded: labels[Label(raw: branch.label)].offset)
        write(branch, at: to, target: target)
      }
      to = code.cursor - function
    }
    if from != to { memmove(function + to, function + from, end &- from) }
    code.cursor = function + (to &+ end &- from)
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
    let bytes = branch.isShort ? ISA.shortBranchBytes : longBytes(branch.kind)
    let distance = target &- offset &- bytes
    precondition(
      !branch.isShort || ISA.shortReach ~= distance, "a short branch out of reach")
    ISA.write(branch: branch.kind, isShort: branch.isShort, distance: distance, &code)
  }

  /// Moves the offsets of fixups, calls and code.sites. Each table is in the order of the code, so one
  /// walk beside the branches does.
  private mutating func moveTables() {
    let function = code.functions.last
    var k = 0
    for i in code.fixups.indices {
      advance(&k, to: code.fixups[i].offset)
      code.fixups[i].offset &-= saved[k]
    }
    k = 0
    for i in Int(function.callStart)..<code.calls.count {
      advance(&k, to: code.calls[i].offset)
      code.calls[i].offset &-= saved[k]
    }
    k = 0
    for i in Int(function.siteStart)..<code.sites.count {
      advance(&k, to: code.sites[i].offset)
      code.sites[i].offset &-= saved[k]
    }
    k = 0
    for i in code.marks.indices {
      advance(&k, to: code.marks[i].offset)
      code.marks[i].offset &-= saved[k]
    }
  }

  /// Moves `k` to the number of branches that stand before `offset`.
  @inline(__always) private mutating func advance(_ k: inout Int, to offset: UInt32) {
    while k < branches.count && branches[k].offset < offset { k &+= 1 }
  }
}
