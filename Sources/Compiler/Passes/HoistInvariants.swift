// SPDX-License-Identifier: Apache-2.0
// Choice of instructions that are computed once before a loop instead of in it.

import BrolgaEntities

/// What `hoistInvariants` chose: lists of instructions to emit at the ends of blocks.
struct HoistScratch: ~Copyable {
  /// Per value: the block it is computed in, after hoisting.
  var homes = Vector<UInt32>()
  /// Per value: whether it was hoisted.
  private var isChosen = Vector<Bool>()
  /// Per check that was hoisted: the address that it checks there.
  private(set) var checked = Vector<UInt32>()
  private var nexts = Vector<UInt32>()
  private var firsts = Vector<UInt32>()
  private var lasts = Vector<UInt32>()
  /// Per block that is a header: how many instructions have left its loop.
  var counts = Vector<UInt32>()
  private(set) var isEmpty = true
  private(set) var hasChosen = false

  init() {}

  mutating func reset() {
    isEmpty = true
    hasChosen = false
  }

  mutating func begin(_ function: borrowing Function) {
    isEmpty = false
    isChosen.reset(count: function.instructions.count, to: false)
    checked.removeAll()
    nexts.reset(count: function.instructions.count, to: .max)
    firsts.reset(count: function.blocks.count, to: .max)
    lasts.reset(count: function.blocks.count, to: .max)
    counts.reset(count: function.blocks.count, to: 0)
    homes.reset(count: function.instructions.count, to: .max)
  }

  mutating func move(_ value: Int, toEndOf block: Int) {
    hasChosen = true
    isChosen[value] = true
    let raw = UInt32(truncatingIfNeeded: value)
    if firsts[block] == .max {
      firsts[block] = raw
    } else {
      nexts[Int(truncatingIfNeeded: lasts[block])] = raw
    }
    lasts[block] = raw
  }

  mutating func moveCheck(_ check: Int, of address: UInt32, toEndOf block: Int) {
    if checked.isEmpty { checked.reset(count: isChosen.count, to: .max) }
    checked[check] = address
    move(check, toEndOf: block)
  }

  @inline(__always) func isHoisted(_ value: Int) -> Bool { !isEmpty && isChosen[value] }
  func first(atEndOf block: Int) -> UInt32 { isEmpty ? .max : firsts[block] }
  func next(after value: Int) -> UInt32 { nexts[value] }
}

/// Chooses instructions whose operands do not change in a loop, to be computed before it.
///
///     b0:                               b0:
///       jump -> b1(v0)                    v5 = fmul.f64 v1, v2
///     b1(v3: i32) header:          ->     jump -> b1(v0)
///       v5 = fmul.f64 v1, v2            b1(v3: i32) header:
///       …                                 …
///
/// Chosen are operations that neither trap nor depend on anything written, and that cost more
/// than keeping their result in a register through the loop: not constants, nor what folds into
/// an address, an immediate or a branch. Nor loads from the context, which never change: most are
/// for calls, where a register would be saved and loaded again, and elsewhere the instruction that
/// needs one reads it in place. A loop's header must have one predecessor outside, which leads
/// nowhere else. Checks of addresses are chosen as well: see `chooseChecks`.
///
/// Needs: dominators, `isLive`.  Makes: `hoisting`, for `rebuild`.  Breaks: nothing.
/// Cost: one walk over blocks in loops; at most `levels` loops out and `perLoop` a loop.
/// Source: Click, "Global Code Motion", 1995: "schedule early", restricted.
func hoistInvariants(_ function: borrowing Function, _ scratch: inout PassScratch) {
  var hasLoop = false
  for b in 0..<function.blocks.count where function.blocks[Block(b)].isLoopHeader {
    hasLoop = true
    break
  }
  if !hasLoop { return }
  scratch.loops.compute(function, scratch.dominators)
  if scratch.loops.loopCount == 0 { return }
  scratch.hoisting.begin(function)
  scratch.chooseInvariants(function)
}

/// Loops that one instruction may leave, and instructions that may leave one loop: each occupies a
/// register, or a slot, all through it.
private let levels = 4
private let perLoop: UInt32 = 12

extension PassScratch {
  fileprivate mutating func chooseInvariants(_ function: borrowing Function) {
    for b in 0..<function.blocks.count {
      if !dominators.isReachable(b) { continue }
      let data = function.blocks[Block(b)]
      let start = Int(truncatingIfNeeded: data.instructionStart)
      let loop = loops.innermost[b]
      if loop == UInt32(truncatingIfNeeded: b) { chooseChecks(b, function) }
      for index in start..<Int(truncatingIfNeeded: data.instructionEnd) {
        let i = function.instructions.storage[index]
        hoisting.homes[index] = UInt32(truncatingIfNeeded: b)
        if loop != .max && isLive[index] && i.opcode.isWorthHoisting {
          choose(i, index, loop, function)
        }
      }
    }
  }

  private mutating func choose(
    _ i: Instruction, _ index: Int, _ innermost: UInt32, _ function: borrowing Function
  ) {
    var loop = innermost
    var target: UInt32 = .max
    for _ in 0..<levels {
      if loop == .max || !isInvariant(i, loop, function) { break }
      if hoisting.counts[Int(truncatingIfNeeded: loop)] >= perLoop { break }
      let before = entry(loop, function)
      if before == .max { break }
      target = before
      hoisting.counts[Int(truncatingIfNeeded: loop)] &+= 1
      loop = loops.parents[Int(truncatingIfNeeded: loop)]
    }
    if target == .max { return }
    hoisting.homes[index] = target
    hoisting.move(index, toEndOf: Int(truncatingIfNeeded: target))
  }

  /// Whether no operand is computed in the loop. An operand's block dominates the loop or lies in
  /// it; it lies in it exactly if the header dominates it.
  private mutating func isInvariant(
    _ i: Instruction, _ loop: UInt32, _ function: borrowing Function
  ) -> Bool {
    let header = Int(truncatingIfNeeded: loop)
    var isInvariant = true
    function.forEachOperand(i) { isInvariant = isInvariant && isOutside($0, header, function) }
    return isInvariant
  }

  mutating func isOutside(_ value: UInt32, _ header: Int, _ function: borrowing Function) -> Bool {
    let i = function.instructions[Value(raw: value)]
    // A parameter may stand in the range of another block, or in none.
    let home = i.opcode == .param ? i.a : hoisting.homes[Int(truncatingIfNeeded: value)]
    return home != .max && !dominators.dominates(header, Int(truncatingIfNeeded: home))
  }

  /// The block before a loop; `.max` if there are several or it leads elsewhere too.
  mutating func entry(_ loop: UInt32, _ function: borrowing Function) -> UInt32 {
    let data = function.blocks[Block(raw: loop)]
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    var entry: UInt32 = .max
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let from = function.edges[Edge(raw: function.lists[k])].from.raw
      if from >= loop || !dominators.isReachable(Int(truncatingIfNeeded: from)) { continue }
      if entry != .max { return .max }
      entry = from
    }
    if entry == .max { return .max }
    let end = function.blocks[Block(raw: entry)].instructionEnd
    let terminator = function.instructions[Value(raw: end &- 1)]
    return terminator.opcode == .jump ? entry : .max
  }
}

extension Opcode {
  /// See `hoistInvariants`.
  fileprivate var isWorthHoisting: Bool {
    switch self {
    case .mul, .clz, .ctz, .popcnt,
      .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fcopysign, .fneg, .fabs, .fsqrt, .fceil,
      .ffloor, .ftrunc, .fnearest, .truncSatS, .truncSatU, .convertS, .convertU, .promote,
      .demote, .reinterpret:
      true
    default: false
    }
  }
}
