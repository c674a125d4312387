// SPDX-License-Identifier: Apache-2.0
// From machine instructions and their allocation to bytes.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

/// Code that is not expected to run, put at the function's end.
struct ColdStub<Content: BitwiseCopyable>: BitwiseCopyable {
  var label: Label
  var content: Content
}

/// Appends functions' code, tables and constants to a code buffer. How an instruction, a move and the
/// frame are encoded is the target's; their order, the blocks, and what refers to what are here.
///
/// Instructions and the moves of the allocation are encoded in one walk; blocks keep their order.
/// A jump to where the code goes anyway vanishes; a block that only jumps gets no code, and what
/// led to it leads to its target.
///
/// Needs: a solved problem, edits sorted by point.
/// Cost: linear in instructions, edits, branches and jump targets.
package struct Emitter<ISA: InstructionSet>: ~Copyable {
  package var assembler = Assembler<ISA>()

  // Of the current function.
  var frame = ISA.Frame()
  var stubs = Vector<ColdStub<ISA.Stub>>()
  /// The block that stands for each block: itself, or where a block that only jumps leads.
  var aliases = Vector<UInt32>()
  /// The blocks on a way of which the end is being looked for.
  private var way = Vector<UInt32>()

  package init() {}

  /// Appends a function.
  package mutating func emit(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) throws(EmissionError) {
    assembler.code.alignFunction(with: ISA.filler)
    assembler.beginFunction(index: machine.index, blocks: machine.problem.blockCount)
    stubs.removeAll()
    frame = try ISA.frame(&machine, &solution)
    resolveAliases(&machine, &solution)
    assembler.code.note(.prologue)
    ISA.emitPrologue(machine.origins.isEmpty ? 0 : machine.origins[0], &self)
    try emitBlocks(&machine, &solution)
    emitStubs()
    assembler.settleBranches()
    finishFunction(&machine)
    guard assembler.code.count <= CodeBuffer.functionByteLimit else {
      throw EmissionError.codeTooLarge(function: machine.index)
    }
  }
}

extension Emitter {
  /// Machine instructions that may fit in a line.
  private static var shortLoop: Int { 32 }

  // MARK: Blocks.

  /// Finds for each block the one that its code is in.
  ///
  /// A chain of blocks that only jump is followed to its end once; every block on it then knows the
  /// end. In a cycle of such blocks, the one at which the walk closes keeps its jump.
  mutating func resolveAliases(_ machine: inout MachineFunction, _ solution: inout Solution) {
    let count = machine.problem.blockCount
    aliases.reset(count: count, to: 0)
    // A block's own number: it has code. `.max` and a chain walk's marks come in between.
    var edit = 0
    for b in 0..<count {
      aliases[b] = UInt32(truncatingIfNeeded: b)
      let range = machine.problem.instructionRange(b)
      let limit = ProgramPoint.after(range.upperBound &- 1)
      var moves = false
      while edit < solution.edits.count && solution.edits[edit].point <= limit {
        if solution.edits[edit].from != solution.edits[edit].to { moves = true }
        edit &+= 1
      }
      guard range.count == 1, !moves,
        machine.instructions[range.lowerBound].opcode == ISA.jump.opcode
      else { continue }
      aliases[b] = machine.problem.successors[machine.problem.successorRange(b).lowerBound].raw
    }
    for b in 0..<count { shortenChain(b) }
  }

  private mutating func shortenChain(_ block: Int) {
    let mark = UInt32.max
    var at = block
    // Mark the way, so that a cycle is seen.
    way.removeAll()
    var end = UInt32(truncatingIfNeeded: at)
    while true {
      let next = aliases[at]
      if next == mark || next == UInt32(truncatingIfNeeded: at) {
        end = UInt32(truncatingIfNeeded: at)
        break
      }
      way.append(UInt32(truncatingIfNeeded: at))
      aliases[at] = mark
      at = Int(truncatingIfNeeded: next)
    }
    for i in way.indices { aliases[Int(truncatingIfNeeded: way[i])] = end }
  }

  /// Whether the block has code of its own.
  @inline(__always) private mutating func hasCode(_ block: Int) -> Bool {
    aliases[block] == UInt32(truncatingIfNeeded: block)
  }

  mutating func emitBlocks(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) throws(EmissionError) {
    let count = machine.problem.blockCount
    let sharesConstants = !machine.rematerializations.isEmpty
    let allocations = UnsafePointer(solution.allocations.buffer.baseAddress.unsafelyUnwrapped)
    var edit = 0
    var block = 0
    while block < count {
      var next = block &+ 1
      while next < count && !hasCode(next) { next &+= 1 }
      if machine.alignsLoops {
        let end = endOfShortLoop(block, &machine)
        if end < count { assembler.keepInLine(until: Label(end)) }
      }
      assembler.bind(Label(block))
      assembler.code.note(.block, block)
      let range = machine.problem.instructionRange(block)
      var i = range.lowerBound
      while i < range.upperBound {
        emitEdits(upTo: .before(i), &edit, &solution, &machine)
        let operands = machine.problem.instructions.storage[i].operandStart
        let places = allocations + Int(truncatingIfNeeded: operands)
        let instruction = machine.instructions[i]
        let origin = machine.origins[i]
        assembler.code.note(.instruction, i)
        if sharesConstants && isLeftOut(i, places, &machine) {
          i &+= 1
          continue
        }
        ISA.emit(instruction, places, origin, block: block, next: next, &machine, &self)
        emitEdits(upTo: .after(i), &edit, &solution, &machine)
        i &+= 1
      }
      guard assembler.code.offset < CodeBuffer.functionByteLimit else {
        throw EmissionError.codeTooLarge(function: machine.index)
      }
      block = next
    }
  }

  /// The block behind the loop that starts with `block`, if that may fit in a line; or the number of
  /// blocks.
  private mutating func endOfShortLoop(_ block: Int, _ machine: inout MachineFunction) -> Int {
    let start = machine.problem.instructionRange(block).lowerBound
    var latch = -1
    for k in machine.problem.predecessorRange(block) {
      let source = machine.problem.predecessors[k].index
      if source < block { continue }
      let end = machine.problem.instructionRange(source).upperBound
      if end &- start <= Self.shortLoop { latch = max(latch, source) }
    }
    let count = machine.problem.blockCount
    if latch < 0 { return count }
    for end in latch &+ 1..<min(count, latch &+ 4) where hasCode(end) { return end }
    return count
  }

  // MARK: Moves.

  @inline(__always)
  private mutating func emitEdits(
    upTo point: ProgramPoint, _ edit: inout Int, _ solution: inout Solution,
    _ machine: inout MachineFunction
  ) {
    while edit < solution.edits.count && solution.edits[edit].point <= point {
      assembler.code.note(.move, edit)
      let move = solution.edits[edit]
      if move.from.isRematerialized {
        emitConstant(move, &machine)
      } else if move.from != move.to {
        assert(!(move.from.isSlot && move.to.isSlot), "a move from slot to slot")
        ISA.emitMove(move, &self)
      }
      edit &+= 1
    }
  }

  /// Whether instruction `i` defines a constant that only moves make, where it is needed.
  private mutating func isLeftOut(
    _ i: Int, _ places: UnsafePointer<Allocation>, _ machine: inout MachineFunction
  ) -> Bool {
    machine.problem.operandRange(i).count == 1 && places[0].isNone
  }

  /// Makes a constant where a move asks for one.
  private mutating func emitConstant(_ edit: Edit, _ machine: inout MachineFunction) {
    let value = edit.from.rematerializedValue
    var k = 0
    while machine.problem.rematerializations[k].value != value { k &+= 1 }
    ISA.emitConstant(machine.rematerializations[k], in: edit.to, &machine, &self)
  }

  // MARK: The end of a function.

  mutating func makeStub(_ content: ISA.Stub) -> Label {
    let label = assembler.makeLabel()
    stubs.append(ColdStub(label: label, content: content))
    return label
  }

  private mutating func emitStubs() {
    for s in stubs.indices {
      assembler.bind(stubs[s].label)
      assembler.code.note(.stub, s)
      ISA.emitStub(stubs[s].content, &self)
    }
  }

  /// Appends jump tables and constants, and fills in what refers to them and to labels.
  mutating func finishFunction(_ machine: inout MachineFunction) {
    assembler.code.note(.data)
    emitJumpTables(&machine)
    var constantsAt = 0
    if machine.constants.count > 0 && assembler.code.fixups.count > 0 {
      assembler.code.fill(ISA.filler, count: (0 &- assembler.code.offset) & 15)
      constantsAt = assembler.code.offset
      assembler.code.reserve(machine.constants.count * 8)
      for c in machine.constants.indices { assembler.code.put64(machine.constants[c]) }
    }
    for f in assembler.code.fixups.indices {
      let fixup = assembler.code.fixups[f]
      let index = Int(truncatingIfNeeded: fixup.index)
      let target =
        switch fixup.target {
        case .label: Int(truncatingIfNeeded: assembler.labels[Label(index)].offset)
        case .constant: constantsAt &+ index &* 8
        case .jumpTable: Int(truncatingIfNeeded: assembler.code.jumpTables[index].offset)
        }
      ISA.resolve(fixup, target: target, &assembler.code)
    }
    for h in assembler.code.pendingHandlers.indices {
      let handler = assembler.code.pendingHandlers[h]
      let call = assembler.code.sites[Int(truncatingIfNeeded: handler.site)].offset
      let start = assembler.labels[handler.label].offset
      assembler.code.handlers.append(
        HandlerEntry(returnOffset: call, handlerOffset: UInt32(truncatingIfNeeded: start)))
    }
    assembler.code.functions.last.frame = ISA.frameInfo(frame)
    assembler.code.functions.last.byteCount =
      UInt32(truncatingIfNeeded: assembler.code.offset)
  }

  /// Each entry is the distance from the table to the target.
  private mutating func emitJumpTables(_ machine: inout MachineFunction) {
    for t in assembler.code.jumpTables.indices {
      assembler.code.fill(ISA.filler, count: (0 &- assembler.code.offset) & 3)
      let table = assembler.code.jumpTables[t]
      let at = assembler.code.offset
      assembler.code.jumpTables[t].offset = UInt32(truncatingIfNeeded: at)
      let first = Int(truncatingIfNeeded: table.first)
      let count = Int(truncatingIfNeeded: table.count)
      assembler.code.reserve(count * 4)
      for i in first..<first &+ count {
        let block = aliases[Int(truncatingIfNeeded: machine.jumpTargets[i])]
        let target = Int(truncatingIfNeeded: assembler.labels[Label(raw: block)].offset)
        assembler.code.put32(Int32(truncatingIfNeeded: target &- at))
      }
    }
  }
}
