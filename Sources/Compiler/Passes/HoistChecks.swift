// SPDX-License-Identifier: Apache-2.0
// Choice of address checks that are made once before a loop instead of in it.

import BrolgaArtefact
import BrolgaEntities

/// Chooses checks of 64-bit addresses that a loop leaves alone or steps through.
///
///     b0:                                      b0:
///       jump -> b1(v0)                           v7 = ge_u.i32 v0, v6
///     b1(v3: i64) header:                        trap_if v7, #memoryOutOfBounds
///       v4 = ge_u.i32 v3, v6                     jump -> b1(v0)
///       trap_if v4, #memoryOutOfBounds  ->     b1(v3: i64) header:
///       v5 = load.i32 v3                         v5 = load.i32 v3
///       v8 = add.i64 v3, v9                      v8 = add.i64 v3, v9
///       branch v2 -> b1(v8), b2                  branch v2 -> b1(v8), b2
///
/// Argument: an access at an address that did not trap shows that the address lies in the memory.
/// One step further it lies in the reservation at least (`MemoryReservation.strideBytes`), where
/// whatever is not in the memory traps by signal. So only the first address needs the check. It
/// comes before the loop, so that nothing that can be seen may stand before it in the header: no
/// effect, nor another trap than this one.
///
/// Needs: dominators, `loops`.  Makes: `hoisting`, for `rebuild`.  Breaks: nothing.
/// Cost: one walk over headers, `reach` instructions for each check.
/// Source: own.
extension PassScratch {
  mutating func chooseChecks(_ header: Int, _ function: borrowing Function) {
    let data = function.blocks[Block(header)]
    let end = Int(truncatingIfNeeded: data.instructionEnd)
    let before = entry(UInt32(truncatingIfNeeded: header), function)
    if before == .max { return }
    for index in Int(truncatingIfNeeded: data.instructionStart)..<end {
      let i = function.instructions.storage[index]
      switch i.opcode {
      case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U: continue
      case .trapIf:
        if i.aux != UInt16(TrapKind.memoryOutOfBounds.rawValue) { return }
        let start = firstAddress(i, index, header, from: before, function)
        if start != .max { hoisting.moveCheck(index, of: start, toEndOf: Int(before)) }
      default: if i.opcode.mustStay { return }
      }
    }
  }

  /// The address that a check sees when the loop is entered, if that is the only one that it has to
  /// see; else `.max`.
  private mutating func firstAddress(
    _ check: Instruction, _ index: Int, _ header: Int, from before: UInt32,
    _ function: borrowing Function
  ) -> UInt32 {
    let condition = function.instructions[Value(raw: check.a)]
    let bound = function.instructions[Value(raw: condition.b)]
    guard condition.opcode == .geU, bound.opcode == .iconst, bound.type == .i64,
      bound.bits == MemoryReservation.indexBytes(is64: true)
    else { return .max }
    let address = function.instructions[Value(raw: condition.a)]
    if address.opcode != .param || address.a != UInt32(truncatingIfNeeded: header) {
      return isOutside(condition.a, header, function) ? condition.a : .max
    }
    if !isAccessed(condition.a, after: index, header, function) { return .max }
    let data = function.blocks[Block(header)]
    var first: UInt32 = .max
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let edge = function.edges[Edge(raw: function.lists[k])]
      if !dominators.isReachable(Int(truncatingIfNeeded: edge.from.raw)) { continue }
      let argument = function.lists[Int(truncatingIfNeeded: edge.argumentStart &+ address.b)]
      if edge.from.raw == before {
        first = argument
      } else if argument != condition.a && !isStep(argument, from: condition.a, function) {
        return .max
      }
    }
    return first
  }

  /// Whether the value is the address and a little more.
  private mutating func isStep(
    _ value: UInt32, from address: UInt32, _ function: borrowing Function
  ) -> Bool {
    let sum = function.instructions[Value(raw: value)]
    if sum.opcode != .add || sum.a != address { return false }
    let step = function.instructions[Value(raw: sum.b)]
    return step.opcode == .iconst && step.bits <= MemoryReservation.strideBytes
  }

  /// Whether each time round the loop memory is accessed at the address, soon after the check.
  private mutating func isAccessed(
    _ address: UInt32, after check: Int, _ header: Int, _ function: borrowing Function
  ) -> Bool {
    let reach = 32
    let end = Int(truncatingIfNeeded: function.blocks[Block(header)].instructionEnd)
    for index in check..<min(check &+ reach, end) {
      let i = function.instructions.storage[index]
      switch i.opcode {
      case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U,
        .store, .store8, .store16, .store32:
        if i.a == address { return true }
      default: continue
      }
    }
    return false
  }
}
