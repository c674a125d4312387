// SPDX-License-Identifier: Apache-2.0
// Which values something observable depends on.

import Entities

/// Marks in `scratch.isLive` what has an effect, and what that depends on. A block parameter is
/// live only if it is used, so a value carried round a loop for nothing is not.
///
/// Needs: `scratch.dominators`, for reachability.  Breaks: nothing.
/// Cost: each live instruction and each argument of a live parameter once.
/// Source: the mark phase of Cytron et al., 1991, 7.1, with control flow taken as live.
func markLive(_ function: borrowing Function, _ scratch: inout PassScratch) {
  scratch.isLive.reset(count: function.instructions.count, to: false)
  scratch.stack.removeAll()
  for b in 0..<function.blocks.count {
    if !scratch.dominators.isReachable(b) { continue }
    let data = function.blocks[Block(b)]
    let start = Int(truncatingIfNeeded: data.instructionStart)
    for index in start..<Int(truncatingIfNeeded: data.instructionEnd) {
      if function.instructions.storage[index].opcode.mustStay {
        scratch.mark(UInt32(truncatingIfNeeded: index))
      }
    }
  }
  while !scratch.stack.isEmpty {
    let value = scratch.stack.popLast()
    let i = function.instructions[Value(raw: value)]
    if i.opcode == .param {
      scratch.markArguments(function, i)
      continue
    }
    let fields = i.opcode.valueFields
    if fields.contains(.a) { scratch.mark(i.a) }
    if fields.contains(.b) { scratch.mark(i.b) }
    if fields.contains(.c) { scratch.mark(i.c) }
    if fields.contains(.list) || fields.contains(.typedList) {
      let start = Int(truncatingIfNeeded: i.b) &+ (fields.contains(.typedList) ? 1 : 0)
      for k in start..<start &+ Int(truncatingIfNeeded: i.c) { scratch.mark(function.lists[k]) }
    }
  }
}

extension PassScratch {
  @inline(__always)
  fileprivate mutating func mark(_ value: UInt32) {
    if isLive[Int(truncatingIfNeeded: value)] { return }
    isLive[Int(truncatingIfNeeded: value)] = true
    stack.append(value)
  }

  fileprivate mutating func markArguments(
    _ function: borrowing Function, _ parameter: Instruction
  ) {
    let data = function.blocks[Block(raw: parameter.a)]
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let edge = function.edges[Edge(raw: function.lists[k])]
      if !dominators.isReachable(Int(truncatingIfNeeded: edge.from.raw)) { continue }
      mark(function.lists[Int(truncatingIfNeeded: edge.argumentStart &+ parameter.b)])
    }
  }
}
