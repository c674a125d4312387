// SPDX-License-Identifier: Apache-2.0
// Instruction selection: from the intermediate representation to machine instructions.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

/// What distinguishes the levels of optimisation in lowering.
package struct LoweringOptions: BitwiseCopyable, Sendable {
  /// Uses are counted, which is what allows loads, address arithmetic and other single-use
  /// operands to become parts of the instructions that use them.
  package var countsUses: Bool
  /// Divisions by constants become multiplications.
  package var multipliesForDivision: Bool
  /// Loops keep constants in registers that are free: see `SharedConstant`.
  package var sharesConstants: Bool
  /// Short loops are kept in one line of code where little padding does it.
  package var alignsLoops: Bool
  /// What the processor can do.
  package var features = CPUFeatures.baseline

  package static let fast = LoweringOptions(
    countsUses: false, multipliesForDivision: false, sharesConstants: false,
    alignsLoops: false)
  package static let full = LoweringOptions(
    countsUses: true, multipliesForDivision: true, sharesConstants: true, alignsLoops: true)
}

/// One machine instruction, on its way to the tables of `MachineFunction`.
struct SelectedInstruction: BitwiseCopyable {
  var instruction: MachineInstruction
  var record: InstructionRecord
  var origin: UInt32
}

/// Selects machine instructions, backwards. What selects is the target's; the walk, the plan and the
/// tables are here.
///
///     v3 = load v1 + 8                   add [memory + v1 + 8], v2
///     v4 = add v3, v2            ->
///     store v1 + 8, v4
///
/// Blocks are visited from the last to the first, and so are the instructions of a block: when an
/// instruction is reached, all that reads its value is selected already. If no reader has asked
/// for the value in a register, because there is none or because it became part of the readers,
/// a pure instruction vanishes. What one instruction becomes is a *group*, written forwards;
/// `assemble` puts groups and blocks in order.
///
/// Invariant: a register that holds an i32 has zeros above it, so that zero extension is a second
/// name and an address needs none.
///
/// Needs: the order of blocks and the dominance that `Function` promises.
/// Cost: linear, a fixed number of visits to each instruction; nothing recurses.
package struct Lowering<ISA: InstructionSet>: ~Copyable {
  /// No register yet: nothing that is selected so far needs the value.
  @inline(__always) static var noRegister: UInt32 { .max }

  var function = Function()
  var output = MachineFunction()
  var unit: LoweringUnit?
  var options = LoweringOptions.full

  // MARK: Per value

  /// The register of each value that something asks for.
  var registers = Vector<UInt32>()
  /// Bits 0 and 1: uses, 2 standing for more. Bit 2: has become part of its user. Above: the
  /// colour, see `countUses`.
  var facts = Vector<UInt32>()

  // MARK: Per block and edge, see LoweringPlan

  var reached = Vector<Bool>()
  var arrivals = Vector<UInt32>()
  /// The number of each block in the problem.
  var labels = Vector<UInt32>()
  /// The number of the block that stands on each edge; `.max` where there is none.
  var edgeLabels = Vector<UInt32>()
  /// 1: seen, 5: and needs a block, 3: has one, 2: that is selected, 4: is among the successors.
  var edgeMarks = Vector<UInt8>()
  /// The edges from blocks with several successors.
  var forkEdges = Vector<UInt32>()
  var edgesBefore = Vector<UInt32>()
  var edgesAfter = Vector<UInt32>()
  var machineBlocks = Vector<LoweredBlock>()

  // MARK: Code, in order of selection: groups backwards, each forwards

  var code = Vector<SelectedInstruction>()
  var operands = Vector<Operand>()
  /// Where each group starts in `code`.
  var groups = Vector<UInt32>()
  /// The registers that edges pass.
  var arguments = Vector<UInt32>()

  // MARK: The instruction being selected

  var origin: UInt32 = 0
  /// Colour of the instruction being selected: what has the same may move down to it.
  var colour: UInt32 = 0
  /// What the target keeps.
  var selection = ISA.Selection()
  var pending = Vector<Operand>()
  var resultValues = Vector<UInt32>()
  /// What `unwind` tests, from there up to its call; or `noRegister`.
  var unwindingValue: UInt32 = .max

  /// Bytes of each frame variable: those of the widest.
  var frameVariableStride: Int32 = 8

  /// Words of the caller's outgoing area that hold the function's parameters: what it removes.
  var argumentWords: UInt16 = 0

  /// Clobber masks by numbers of results, plus one; see `clobberMask`.
  var callMasks = Vector<UInt16>()
  /// A direct-mapped cache of `constants`: index plus one.
  var constantCache = Vector<UInt32>()
  var sharedConstants = Vector<SharedConstant>()
  /// The block being selected is in a loop, as the text nests, and expected to run.
  var isInLoop = false
  /// Its first instruction: what has a lower number is done before it, and maybe less often.
  var blockStart: UInt32 = 0

  package init() {}

  /// Lowers `function` into `machine`, which it empties first.
  package mutating func lower(
    _ function: inout Function, unit: LoweringUnit, options: LoweringOptions,
    into machine: inout MachineFunction
  ) {
    swap(&self.function, &function)
    swap(&output, &machine)
    self.unit = unit
    self.options = options
    begin()
    plan()
    var b = self.function.blocks.count &- 1
    while b >= 0 {
      if reached[b] { lowerBlock(b) }
      b &-= 1
    }
    assemble()
    self.unit = nil
    swap(&self.function, &function)
    swap(&output, &machine)
  }

  private mutating func begin() {
    output.clear()
    output.index = function.index
    output.alignsLoops = options.alignsLoops
    output.problem.machine = ISA.machine
    frameVariableStride = 8
    for k in function.frameVariables.indices where function.frameVariables[k] == .v128 {
      frameVariableStride = 16
      break
    }
    output.frameVariableBytes =
      Int32(truncatingIfNeeded: function.frameVariables.count) &* frameVariableStride
    registers.reset(count: function.instructions.count, to: Self.noRegister)
    code.removeAll()
    operands.removeAll()
    groups.removeAll()
    arguments.removeAll()
    callMasks.reset(count: 2 &* 66, to: 0)
    constantCache.reset(count: 64, to: 0)
    sharedConstants.removeAll()
    argumentWords = countArgumentWords()
    selection = ISA.Selection()
  }

  private mutating func lowerBlock(_ b: Int) {
    let data = function.blocks.storage[b]
    let terminator = Int(truncatingIfNeeded: data.instructionEnd) &- 1
    let label = Int(truncatingIfNeeded: labels[b])
    isInLoop = data.loopDepth > 0 && !machineBlocks[label].isCold
    blockStart = data.instructionStart
    lowerEdgeBlocks(terminator)
    beginMachineBlock(label)
    var i = terminator
    let start = Int(truncatingIfNeeded: data.instructionStart)
    while i >= start {
      lowerGroup(i)
      i &-= 1
    }
    if b == 0 {
      defineSharedConstants()
      lowerEntry()
    }
    endMachineBlock(label)
  }

  func isRequested(_ i: Int) -> Bool { registers[i] != Self.noRegister }

  @inline(__always) private mutating func lowerGroup(_ i: Int) {
    let instruction = function.instructions.storage[i]
    if facts[i] & 4 != 0 { return }
    let groupStart = UInt32(truncatingIfNeeded: code.count)
    origin = function.origins[i]
    colour = facts[i] &>> 3
    ISA.select(i, instruction, &self)
    if UInt32(truncatingIfNeeded: code.count) != groupStart { groups.append(groupStart) }
  }
}
