// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a solution.

/// The first fault that the checker found in a solution.
public struct CheckError: Error, Hashable {
  /// What is wrong.
  @frozen public enum Fault: Hashable, Sendable {
    // The shape of the solution.
    /// There is not one place per operand.
    case allocationCountDiffers
    /// An operand has no place, and is not a definition that may have none.
    case missingAllocation
    /// A slot ends behind `Solution.slotUnits`.
    case slotOutsideSpillArea
    /// A slot does not start at a multiple of its size.
    case slotMisaligned
    /// A register is written that `Solution.usedRegisters` leaves out.
    case registerNotReported
    // An operand against its constraint.
    case notARegister
    case wrongClass
    /// A register that the machine does not list, without a fixed constraint.
    case notAllocatable
    case notTheFixedRegister
    case notTheReusedRegister
    case notASlot
    case outsideLimit
    // Operands of one instruction against each other, and against what it clobbers.
    case definitionsOverlap
    /// Equal definitions of one value in one instruction have different places.
    case repeatedElsewhere
    case earlyDefinitionOverlapsUse
    case lateUseOverlapsDefinition
    case operandClobbered
    // Moves.
    case editsOutOfOrder
    case editOutsideFunction
    /// A move behind a branch or an exit.
    case editAfterBlock
    case editFromMemoryToMemory
    case editOfWrongClass
    /// A value was moved as one of fewer units than it takes, or of a number that is no power of two.
    case editOfWrongWidth
    /// A move writes a register that is neither allocatable nor scratch, nor wanted by a fixed use of
    /// the instruction that follows.
    case editToForbiddenRegister
    /// A value is made again that the problem does not allow that for.
    case editOfUnknownValue
    // What a use finds in its place.
    /// The place holds that value.
    case holdsAnotherValue(VirtualRegister)
    /// That instruction clobbers the place between the last write and the use.
    case destroyedBy(InstructionIndex)
    /// Another slot that overlaps it was written last.
    case holdsPartOfAnotherSlot
    /// What was in the place before the value's definition ran, in an earlier round of a loop.
    case holdsValueOfEarlierIteration
    /// On some path nothing writes the place.
    case neverWritten
  }

  public var fault: Fault
  /// Where it shows: for a wrong value, at the use that reads it.
  public var point: ProgramPoint
  /// Index in `Problem.operands`, or in `Solution.edits` for a fault of a move; -1 for neither.
  public var index: Int
  /// The place in question, or none.
  public var place: Allocation
  /// The value that should be there, or none.
  public var value: VirtualRegister
}
