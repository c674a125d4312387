// SPDX-License-Identifier: Apache-2.0
// Which values something observable depends on.

import BrolgaEntities

/// Marks in `scratch.isLive` what has an effect, and what that depends on; in `hasMoreUses`, what
/// is used more than once (or has an effect and is used). A block parameter is
/// live only if it is used, so a value carried round a loop for nothing is not.
///
/// Needs: `scratch.dominators`, for reachability.  Breaks: nothing.
/// Cost: one walk, and each argument of a live parameter once.
/// Source: the mark phase of Cytron et al., 1991, 7.1, with control flow taken as live.
func markLive(_ function: borrowing Function, _ scratch: inout PassScratch) {
  scratch.isLive.reset(count: function.instructions.count, to: false)
  scratch.hasMoreUses.reset(count: function.instructions.count, to: false)
  scratch.stack.removeAll()
  // Against the order of blocks, so that most uses are seen before the definition, and a mark is
  // all that a definition needs. Parameters, and what a loop's edge back passes, are passed over
  // before they are marked: these wait on the stack.
  var b = function.blocks.count &- 1
  while b >= 0 {
    if scratch.dominators.isReachable(b) {
      let data = function.blocks[Block(b)]
      let start = Int(truncatingIfNeeded: data.instructionStart)
      var index = Int(truncatingIfNeeded: data.instructionEnd) &- 1
      while index >= start {
        let i = function.instructions.storage[index]
        let traits = i.opcode.traits
        if scratch.isLive[index] || traits.mustStay {
          scratch.isLive[index] = true
          let place = UInt32(truncatingIfNeeded: index)
          function.forEachOperand(i, traits) { scratch.mark($0, from: place, function) }
          if !scratch.stack.isEmpty { scratch.drain(function, at: place) }
        }
        index &-= 1
      }
    }
    b &-= 1
  }
}

/// Replaces what `markLive` has not marked.
///
/// Needs: `isLive`.  Breaks: nothing.  Keeps: control flow, parameters, numbers of values.
/// Cost: one walk.
func removeDead(in function: inout Function, _ scratch: inout PassScratch) {
  for index in 0..<function.instructions.count {
    if scratch.isLive[index] { continue }
    if function.instructions.storage[index].opcode != .param {
      function.instructions.storage[index] = Instruction(.nop, .none)
    }
  }
}

extension PassScratch {
  /// Marks a value; the walk stands at `index`.
  @inline(__always)
  fileprivate mutating func mark(
    _ value: UInt32, from index: UInt32, _ function: borrowing Function
  ) {
    let v = Int(truncatingIfNeeded: value)
    if isLive[v] {
      hasMoreUses[v] = true
      return
    }
    isLive[v] = true
    if value > index || function.instructions.storage[v].opcode == .param { wait(value) }
  }

  /// Out of line, so that the walk is one loop without calls for what does not wait.
  @inline(never)
  private mutating func wait(_ value: UInt32) { stack.append(value) }

  fileprivate mutating func drain(_ function: borrowing Function, at index: UInt32) {
    while !stack.isEmpty {
      let i = function.instructions[Value(raw: stack.popLast())]
      if i.opcode == .param { markArguments(function, i, at: index) }
      function.forEachOperand(i) { mark($0, from: index, function) }
    }
  }

  private mutating func markArguments(
    _ function: borrowing Function, _ parameter: Instruction, at index: UInt32
  ) {
    let data = function.blocks[Block(raw: parameter.a)]
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let edge = function.edges[Edge(raw: function.lists[k])]
      if !dominators.isReachable(Int(truncatingIfNeeded: edge.from.raw)) { continue }
      let argument = function.lists[Int(truncatingIfNeeded: edge.argumentStart &+ parameter.b)]
      mark(argument, from: index, function)
    }
  }
}
