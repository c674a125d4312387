// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a solution.

/// The first fault that the checker found in a solution.
public struct CheckError: Error, Hashable, CustomStringConvertible {
  @frozen public enum Fault: Hashable, Sendable {
    // The shape of the solution.
    case allocationCountDiffers
    case missingAllocation
    case slotOutsideSpillArea
    case slotMisaligned
    case registerNotReported
    // An operand against its constraint.
    case notARegister
    case wrongClass
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
    case editAfterBlock
    case editFromMemoryToMemory
    case editOfWrongClass
    case editToForbiddenRegister
    /// A value is made again that the problem does not allow that for.
    case editOfUnknownValue
    // What a use finds in its place.
    case holdsAnotherValue(VirtualRegister)
    case destroyedBy(Inst)
    case holdsPartOfAnotherSlot
    case holdsValueOfEarlierIteration
    case neverWritten
  }

  public var fault: Fault
  /// Where it shows: for a wrong value, at the use that reads it.
  public var point: ProgramPoint
  /// Index in `Problem.operands`, or in `Solution.edits` for a fault of a move; -1 for neither.
  public var index: Int
  public var place: Allocation
  public var value: VirtualRegister

  public var description: String {
    let when = point.isAfter ? "after" : "before"
    var text = "\(fault) \(when) i\(point.instruction)"
    if index >= 0 { text += ", entry \(index)" }
    if place.isRegister {
      text += ", register \(place.register.registerClass) \(place.register.number)"
    } else if place.isSlot {
      text += ", slot \(place.slot)"
    }
    if !value.isNone { text += ", value \(value)" }
    return text
  }
}
