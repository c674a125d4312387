// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a problem.

/// The first fault that `Problem.validate()` found.
@frozen public enum ProblemError: Error, Hashable {
  /// `seal()` was not called.
  case notSealed
  /// A table of starts does not fit the pool that it divides, or a block is named that there is not.
  case tablesInconsistent
  /// A parameter or an argument without an entry in `Problem.classes`.
  case undeclaredValue(VirtualRegister)
  /// More than the encodings hold, see `Problem.isTooLarge`.
  case tooLarge
  /// A scratch register or a name of memory is allocatable, or a slot size is no power of two.
  case badMachine
  /// The units that a value takes are no power of two.
  case badUnits(VirtualRegister)
  /// Empty, or its only branch or exit is not its last instruction, or that does not fit the
  /// number of its successors.
  case badBlock(Block)
  /// The successors and predecessors of the block do not fit each other.
  case edgesInconsistent(Block)
  case entryHasParameters
  case entryHasPredecessors
  /// From a block with several successors to one with several predecessors.
  case criticalEdge(Block, Block)
  /// The arguments of an edge do not fit the parameters of its target, in number, class or units.
  case argumentsDiffer(Block, Block)
  /// Arguments on an edge of a block with several successors.
  case argumentsOnBranch(Block)
  /// The moves of arguments come before the branch, which reads or writes a value.
  case disallowedBranchOperand(InstructionIndex)
  /// No move can follow this branch, and its successor has other predecessors.
  case definitionOnBranch(InstructionIndex)
  /// More than 65,535 operands in one instruction.
  case tooManyOperands(InstructionIndex)
  /// The mask's index is none of `Problem.clobberMasks`.
  case noSuchClobberMask(InstructionIndex)
  /// An operand names a value without an entry in `Problem.classes`.
  case noSuchValue(InstructionIndex)
  /// The operand's class is not its value's, or its fixed register is of another one.
  case classDiffers(InstructionIndex, VirtualRegister)
  /// Only a late definition can reuse, and only the register of an early use below index 32.
  case badReuse(InstructionIndex, VirtualRegister)
  /// Not a power of two up to 64.
  case badLimit(InstructionIndex, VirtualRegister)
  /// A fixed non-allocatable operand names an allocatable register.
  case registerIsAllocatable(InstructionIndex, PhysicalRegister)
  /// Or, where that is allowed, not by equal operands of one instruction.
  case definedTwice(VirtualRegister)
  /// No instruction and no parameter defines it: it would be live at the entry.
  case neverDefined(VirtualRegister, InstructionIndex)
  /// Some path reaches the use and not the definition.
  case notDominated(VirtualRegister, InstructionIndex)
  /// Not in order, or the value is defined otherwise than alone, late and in any register.
  case badRematerialization(VirtualRegister)
  /// The hint names a register of another class.
  case badHint(VirtualRegister)
  /// A register stands twice in the order, or is not allocatable.
  case badOrder(PhysicalRegister)
  /// The label at this index names no value, or not a range of instructions.
  case badLabel(Int)
}
