// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator at the end of a block: arguments, and what a branch leaves behind.

import Entities

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
    let flows = flowSuccessor == target
    // Where registers flow, the parameters' own are written here and free above.
    var targets = ClassWords()
    if flows {
      for k in parameters {
        let register = values[Int(view.parameters[k].raw)].register
        if register == noRegister { continue }
        held.remove(register)
        targets.insert(register)
      }
    }
    group.clear()
    for k in 0..<arguments.count {
      let p = Int(view.parameters[parameters.lowerBound &+ k].raw)
      let a = Int(view.arguments[arguments.lowerBound &+ k].raw)
      let c = Int(view.classes[p].rawValue)
      let register = flows ? values[p].register : noRegister
      if flows { values[p].register = noRegister }
      let isStored = values[p].slot >= 0 || !isVisited
      if !(isStored || register != noRegister) { continue }
      if a == p {
        // Nothing to move; but from here up to the block's head its slot is its own.
        _ = slot(of: p, c)
        continue
      }
      let from = argumentPlace(a, c, wanted: register, targets)
      if register != noRegister {
        group.add(from, Allocation(packed: register), RegisterClass(index: c))
      }
      if isStored { group.add(from, slot(of: p, c), RegisterClass(index: c)) }
    }
    if !group.isEmpty {
      var busy = held
      for c in 0..<3 { busy[c] |= targets[c] }
      try emitGroup(.before(i), busy: busy)
    }
    if flows { giveParameterSlots(target) }
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
    let free = allocatable[c] & ~held[c] & ~targets[c]
    if free == 0 { return slot(of: a, c) }
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
        throw .branchDefinition(Inst(i))
      }
    }
    var resources = ParallelMoves.Resources()
    resources.memory = memoryNames
    resources.borrowable = allocatable
    for c in 0..<3 {
      let busy = instruction.heldBelow[c] | instruction.sources[c]
      resources.free[c] = (allocatable[c] & ~busy) | scratch[c]
    }
    if !group.resolve(resources, slots: &slots) { throw .noRegisterForMove(Inst(i)) }
    for edge in edges {
      let target = Int(view.successors[edge].raw)
      let point = ProgramPoint.before(view.instructionRange(target).lowerBound)
      var k = group.sequence.count
      while k > 0 {
        k &-= 1
        let move = group.sequence[k]
        edits.pushAtHead(
          of: target,
          Edit(
            point: point, from: move.from, to: move.to, registerClass: move.registerClass))
        if move.to.isRegister { used.insert(move.to.packed) }
      }
    }
    group.clear()
  }
}
