// SPDX-License-Identifier: Apache-2.0
// From machine instructions and their allocation to bytes of x86-64.

import Artefact
import Entities
import RegisterAllocation

/// Code that is not expected to run, put at the function's end.
struct ColdStub: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    /// A trap of kind `trap`.
    case trap
    /// A trap whose kind depends on whether the float in `register` is a NaN.
    case inconvertible
    /// A call of the raising helper with the kind in `register`.
    case raise
    /// A jump to the helper of tail calls to other contexts.
    case tailCall
  }
  var label: Label
  /// Of a tail call, what the helper expects in eax.
  var origin: UInt32
  var kind: Kind
  var trap: UInt8
  var register: UInt8
  var width: FloatWidth
}

/// Appends a function's code, tables and constants to `code`.
///
/// Instructions and the moves of the allocation are encoded in one walk; blocks keep their order.
/// A jump to where the code goes anyway vanishes; a block that only jumps gets no code, and what
/// led to it leads to its target.
///
/// Needs: a solved problem, edits sorted by point.
/// Cost: linear in instructions, edits, branches and jump targets.
package func emit(
  _ machine: inout MachineFunction, _ solution: inout Solution, into code: inout CodeBuffer
) throws(EmissionError) {
  code.alignFunction()
  code.beginFunction(index: machine.index, blocks: machine.problem.blockCount)
  code.frame = try Frame(&machine, &solution)
  code.resolveAliases(&machine, &solution)
  code.note(.prologue)
  code.emitPrologue(machine.origins.isEmpty ? 0 : machine.origins[0])
  try code.emitBlocks(&machine, &solution)
  code.emitStubs()
  code.settleBranches()
  code.finishFunction(&machine)
  guard code.count <= CodeBuffer.functionByteLimit else {
    throw EmissionError.codeTooLarge(function: machine.index)
  }
}

extension CodeBuffer {
  /// The gap before a function: breakpoints, so that a stray jump stops.
  static let filler: UInt8 = 0xCC
  /// Machine instructions that may fit in a line.
  private static let shortLoop = 32

  mutating func alignFunction() { fill(Self.filler, count: (0 &- count) & (Self.alignment &- 1)) }

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
        machine.instructions[range.lowerBound].opcode == X64Opcode.jump.rawValue
      else { continue }
      aliases[b] = machine.problem.successors[machine.problem.successorRange(b).lowerBound].raw
    }
    for b in 0..<count { shortenChain(b) }
  }

  private mutating func shortenChain(_ block: Int) {
    let mark = UInt32.max
    var at = block
    // Mark the way, so that a cycle is seen; `saved` holds the way.
    saved.removeAll()
    var end = UInt32(truncatingIfNeeded: at)
    while true {
      let next = aliases[at]
      if next == mark || next == UInt32(truncatingIfNeeded: at) {
        end = UInt32(truncatingIfNeeded: at)
        break
      }
      saved.append(UInt32(truncatingIfNeeded: at))
      aliases[at] = mark
      at = Int(truncatingIfNeeded: next)
    }
    for i in saved.indices { aliases[Int(truncatingIfNeeded: saved[i])] = end }
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
        if end < count { keepInLine(until: Label(end)) }
      }
      bind(Label(block))
      note(.block, block)
      let range = machine.problem.instructionRange(block)
      var i = range.lowerBound
      while i < range.upperBound {
        emitEdits(upTo: .before(i), &edit, &solution, &machine)
        let operands = machine.problem.instructions.storage[i].operandStart
        let places = allocations + Int(truncatingIfNeeded: operands)
        let instruction = machine.instructions[i]
        let origin = machine.origins[i]
        note(.instruction, i)
        if sharesConstants && isLeftOut(i, places, &machine) {
          i &+= 1
          continue
        }
        if instruction.opcode >= X64Opcode.firstControl.rawValue {
          emitControl(instruction, places, origin, block: block, next: next, &machine)
        } else if instruction.opcode == X64Opcode.movWide.rawValue {
          let constant = machine.constants[Int(truncatingIfNeeded: instruction.immediate)]
          moveConstant(Gpr(frame.place(places[0]).base), constant)
        } else {
          encode(instruction, places, origin)
        }
        emitEdits(upTo: .after(i), &edit, &solution, &machine)
        i &+= 1
      }
      guard offset < Self.functionByteLimit else {
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
      note(.move, edit)
      let move = solution.edits[edit]
      if move.from.isRematerialized {
        rematerialize(move, &machine)
      } else {
        emitMove(move)
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

  /// Makes a constant, and leaves the flags as they are.
  private mutating func rematerialize(_ edit: Edit, _ machine: inout MachineFunction) {
    let value = edit.from.rematerializedValue
    var k = 0
    while machine.problem.rematerializations[k].value != value { k &+= 1 }
    let instruction = machine.rematerializations[k]
    switch instruction.x64Opcode {
    case .movImmediate:
      let low = instruction.immediate
      moveConstant(
        Gpr(frame.place(edit.to).base),
        instruction.size == 3
          ? UInt64(bitPattern: Int64(low)) : UInt64(truncatingIfNeeded: UInt32(bitPattern: low)))
    case .movWide:
      moveConstant(
        Gpr(frame.place(edit.to).base),
        machine.constants[Int(truncatingIfNeeded: instruction.immediate)])
    default:
      withUnsafePointer(to: edit.to) { encode(instruction, $0, 0) }
    }
  }

  private mutating func emitMove(_ edit: Edit) {
    if edit.from == edit.to { return }
    assert(!(edit.from.isSlot && edit.to.isSlot), "a move from slot to slot")
    let units: Int32 = edit.registerClass == .vector ? 2 : 1
    let from = edit.from.isSlot ? frame.slot(edit.from, units: units) : frame.place(edit.from)
    let to = edit.to.isSlot ? frame.slot(edit.to, units: units) : frame.place(edit.to)
    switch edit.registerClass {
    case .int:
      if edit.to.isSlot {
        store(.b64, to, Gpr(from.base))
      } else {
        load(.b64, Gpr(to.base), from)
      }
    case .float:
      if edit.to.isSlot {
        store(.f64, to, Xmm(from.base))
      } else if edit.from.isSlot {
        load(.f64, Xmm(to.base), from)
      } else {
        move(Xmm(to.base), Xmm(from.base))
      }
    case .vector:
      if edit.to.isSlot {
        storeVector(to, Xmm(from.base))
      } else if edit.from.isSlot {
        loadVector(Xmm(to.base), from)
      } else {
        move(Xmm(to.base), Xmm(from.base))
      }
    }
  }

  // MARK: The end of a function.

  mutating func makeStub(
    _ kind: ColdStub.Kind, origin: UInt32, trap: UInt8 = 0, register: UInt8 = 0,
    width: FloatWidth = .f32
  ) -> Label {
    let label = makeLabel()
    stubs.append(
      ColdStub(
        label: label, origin: origin, kind: kind, trap: trap, register: register, width: width))
    return label
  }

  mutating func emitStubs() {
    for s in stubs.indices {
      let stub = stubs[s]
      bind(stub.label)
      note(.stub, s)
      switch stub.kind {
      case .trap:
        emitTrap(stub.origin, stub.trap)
      case .inconvertible:
        let register = Xmm(stub.register)
        let isNaN = makeLabel()
        compare(stub.width, register, RegisterOrMemory(register))
        jump(if: .parity, isNaN)
        emitTrap(stub.origin, TrapKind.integerOverflow.rawValue)
        bind(isNaN)
        emitTrap(stub.origin, TrapKind.invalidConversionToInteger.rawValue)
      case .raise:
        if stub.register != Gpr.rsi.number { move(.b32, .rsi, Gpr(stub.register)) }
        move(.b64, .rdi, .r15)
        load(.b64, .r11, .memory(.r15, ContextLayout.helperTable))
        call(.memory(.r11, Helper.raise.offset))
        markSite(stub.origin, kind: 0)
      case .tailCall:
        moveBits(.b64, Xmm(14), RegisterOrMemory(Gpr.rax))
        moveConstant(.rax, UInt64(truncatingIfNeeded: stub.origin))
        load(.b64, .r11, .memory(.r15, ContextLayout.helperTable))
        jump(.memory(.r11, Helper.tailCall.offset))
      }
    }
  }

  @inline(__always) mutating func emitTrap(_ origin: UInt32, _ kind: UInt8) {
    markSite(origin, kind: kind)
    undefined()
  }

  /// Appends jump tables and constants, and fills in what refers to them and to labels.
  mutating func finishFunction(_ machine: inout MachineFunction) {
    note(.data)
    emitJumpTables(&machine)
    var constantsAt = 0
    if machine.constants.count > 0 && fixups.count > 0 {
      fill(Self.filler, count: (0 &- offset) & 15)
      constantsAt = offset
      reserve(machine.constants.count * 8)
      for c in machine.constants.indices { put64(machine.constants[c]) }
    }
    for f in fixups.indices {
      let fixup = fixups[f]
      let index = Int(truncatingIfNeeded: fixup.index)
      let target =
        switch fixup.target {
        case .label: Int(truncatingIfNeeded: labels[Label(index)].offset)
        case .constant: constantsAt &+ index &* 8
        case .jumpTable: Int(truncatingIfNeeded: jumpTables[index].offset)
        }
      let end =
        Int(truncatingIfNeeded: fixup.offset) &+ 4 &+ Int(truncatingIfNeeded: fixup.trailing)
      patch32(at: Int(truncatingIfNeeded: fixup.offset), Int32(truncatingIfNeeded: target &- end))
    }
    functions.last.byteCount = UInt32(truncatingIfNeeded: offset)
  }

  /// Each entry is the distance from the table to the target.
  private mutating func emitJumpTables(_ machine: inout MachineFunction) {
    for t in jumpTables.indices {
      fill(Self.filler, count: (0 &- offset) & 3)
      let table = jumpTables[t]
      let at = offset
      jumpTables[t].offset = UInt32(truncatingIfNeeded: at)
      let first = Int(truncatingIfNeeded: table.first)
      let count = Int(truncatingIfNeeded: table.count)
      reserve(count * 4)
      for i in first..<first &+ count {
        let block = aliases[Int(truncatingIfNeeded: machine.jumpTargets[i])]
        let target = Int(truncatingIfNeeded: labels[Label(raw: block)].offset)
        put32(Int32(truncatingIfNeeded: target &- at))
      }
    }
  }
}
