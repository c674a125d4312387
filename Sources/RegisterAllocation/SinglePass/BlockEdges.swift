// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator at the end of a block: arguments, and what a branch leaves behind.

import BrolgaEntities

extension SinglePass {
  /// Emits the moves of branch `i`'s arguments to the parameters of its successor.
  mutating func passArguments(_ i: Int) throws(AllocationError) {
    let edges = view.successorRange(block)
    if edges.count != 1 { return }
    let arguments = view.argumentRange(edges.lowerBound)
    if arguments.isEmpty { return }
    let target = Int(view.successors[edges.lowerBound].raw)
    let parameters = view.parameterRange(target)
    let isVisited = order.position[target] < order.position[block]
    var targets = ClassWords()
    for k in parameters {
      let register = values[Int(view.parameters[k].raw)].contract
      if register != noRegister { targets.insert(register) }
    }
    group.clear()
    for k in 0..<arguments.count {
      let p = Int(view.parameters[parameters.lowerBound &+ k].raw)
      let a = Int(view.arguments[arguments.lowerBound &+ k].raw)
      let c = Int(view.classes[p].rawValue)
      let register = values[p].contract
      if register != noRegister {
        // A slot that the parameter has as well is written at the head of its block.
        let from = argumentPlace(a, c, wanted: register, targets)
        group.add(from, Allocation(packed: register), view.shape(of: a))
      } else if values[p].slot >= 0 || !isVisited {
        let to = slot(of: p)
        // Where nothing moves, the slot is the parameter's own from here up to its block's head.
        if a != p {
          group.add(argumentPlace(a, c, wanted: noRegister, targets), to, view.shape(of: a))
        }
      }
    }
    if group.isEmpty { return }
    var busy = held
    for c in 0..<3 { busy[c] |= targets[c] }
    try emitGroup(.before(i), busy: busy)
  }

  /// Where argument `a` is before the moves: a register if one is free.
  private mutating func argumentPlace(
    _ a: Int, _ c: Int, wanted: UInt8, _ targets: ClassWords
  ) -> Allocation {
    if values[a].register != noRegister { return Allocation(packed: values[a].register) }
    if wanted != noRegister && !held.contains(wanted) {
      hold(a, wanted)
      return Allocation(packed: wanted)
    }
    let free = registers.allocatable[c] & ~held[c] & ~targets[c]
    if free == 0 { return slot(of: a) }
    let register = choose(a, c, free)
    hold(a, register)
    return Allocation(packed: register)
  }

  /// Emits the moves that belong after branch `i`: nothing can follow it, so they go to the heads
  /// of its successors, none of which has another predecessor.
  mutating func emitAtHeads(_ i: Int) throws(AllocationError) {
    let edges = view.successorRange(block)
    if edges.isEmpty {
      group.clear()
      return
    }
    for edge in edges {
      if view.predecessorRange(Int(view.successors[edge].raw)).count != 1 {
        throw .branchDefinition(InstructionIndex(i))
      }
    }
    var busy = instruction.heldBelow
    for c in 0..<3 { busy[c] |= instruction.sources[c] }
    for edge in edges {
      try emitGroupAtHead(of: Int(view.successors[edge].raw), busy: busy)
    }
    group.clear()
  }
}
