// SPDX-License-Identifier: Apache-2.0
// What is wrong with a problem or a solution, in words.

extension ProblemError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notSealed: "the problem is not sealed: call seal() when all tables are filled"
    case .tablesInconsistent: "the tables do not fit each other"
    case .undeclaredValue(let v): "\(v) is a parameter or an argument and has no class"
    case .tooLarge: "more than the encodings hold"
    case .badMachine:
      "a scratch register or a name of memory is allocatable, or a slot size is no power of two"
    case .badUnits(let v): "\(v) takes a number of slot units that is no power of two"
    case .badBlock(let b):
      "\(b) is empty, does not end in its only branch or exit, or has successors behind an exit"
    case .edgesInconsistent(let b): "the successors and predecessors of \(b) do not fit each other"
    case .entryHasParameters: "the entry b0 has parameters"
    case .entryHasPredecessors: "the entry b0 has predecessors"
    case .criticalEdge(let from, let to):
      "the edge from \(from), which has other successors, to \(to), which has other predecessors"
    case .argumentsDiffer(let from, let to):
      "\(from) passes arguments that do not fit the parameters of \(to) in number, class or units"
    case .argumentsOnBranch(let b): "\(b) passes arguments and has several successors"
    case .disallowedBranchOperand(let i): "\(i) passes arguments and has operands"
    case .definitionOnBranch(let i):
      "\(i) defines a value and leads to a block with other predecessors"
    case .tooManyOperands(let i): "\(i) has too many operands"
    case .noSuchClobberMask(let i): "\(i) names no clobber mask"
    case .noSuchValue(let i): "\(i) names a value that has no class"
    case .classDiffers(let i, let v): "\(i) takes \(v) for a value of another class"
    case .badReuse(let i, let v):
      "\(i) defines \(v) in the place of what is no early use, or \(v) is no late definition"
    case .badLimit(let i, let v): "\(i) limits \(v) to no power of two up to 64"
    case .registerIsAllocatable(let i, let register):
      "\(i) names \(register.registerClass)\(register.number) as outside, which is allocatable"
    case .definedTwice(let v): "\(v) is defined twice"
    case .neverDefined(let v, let i): "\(i) uses \(v), which nothing defines"
    case .notDominated(let v, let i): "\(i) uses \(v), which is not defined on every path to it"
    case .badRematerialization(let v):
      "\(v) cannot be made again: not in order, or not defined alone, late and in any register"
    case .badHint(let v): "the hint for \(v) names a register of another class"
    case .badOrder(let register):
      "the order names \(register.registerClass)\(register.number) twice, or it is not allocatable"
    case .badLabel(let index):
      "the label at index \(index) names no value, or no range of instructions"
    }
  }

  /// The instruction at fault, if it is one.
  public var instruction: InstructionIndex? {
    switch self {
    case .disallowedBranchOperand(let i), .definitionOnBranch(let i), .tooManyOperands(let i),
      .noSuchClobberMask(let i), .noSuchValue(let i), .classDiffers(let i, _), .badReuse(let i, _),
      .badLimit(let i, _), .registerIsAllocatable(let i, _), .neverDefined(_, let i),
      .notDominated(_, let i):
      i
    default: nil
    }
  }

  /// The block at fault, if it is one: where an edge starts.
  public var block: Block? {
    switch self {
    case .badBlock(let b), .edgesInconsistent(let b), .criticalEdge(let b, _),
      .argumentsDiffer(let b, _), .argumentsOnBranch(let b):
      b
    case .entryHasParameters, .entryHasPredecessors: Block(0)
    default: nil
    }
  }
}

extension AllocationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooManyLiveRegisters(let i): "\(i) needs more registers at one time than there are"
    case .conflictingRegister(let i, let register):
      "\(i) demands \(register.registerClass)\(register.number) for two values at one time"
    case .liveAtEntry(let v): "\(v) is live at the function's entry"
    case .branchDefinition(let i):
      "\(i) defines a value that would have to be moved after it, where no move can be"
    case .noRegisterForMove(let i):
      "at \(i) a move from memory to memory finds no register of its class"
    }
  }

  /// The instruction at fault, if it is one.
  public var instruction: InstructionIndex? {
    switch self {
    case .tooManyLiveRegisters(let i), .conflictingRegister(let i, _), .branchDefinition(let i),
      .noRegisterForMove(let i):
      i
    case .liveAtEntry: nil
    }
  }
}

extension CheckError: CustomStringConvertible {
  /// A sentence, and where to look: `i3: v2 must be in a register and is in slot0 (operand 7)`.
  public var description: String {
    // Only faults of moves are about no value.
    let entry = index >= 0 ? " (\(value.isNone ? "move" : "operand") \(index))" : ""
    return "\(point.isAfter ? "after " : "")i\(point.instruction): \(sentence)\(entry)"
  }

  private var sentence: String {
    let place = placeText
    let value = valueText
    switch fault {
    case .allocationCountDiffers: return "the solution has not one place for each operand"
    case .missingAllocation: return "\(value) has no place"
    case .slotOutsideSpillArea: return "\(place) ends behind the spill area"
    case .slotMisaligned: return "\(place) does not start at a multiple of its size"
    case .registerNotReported: return "\(place) is written and not among the used registers"
    case .notARegister: return "\(value) must be in a register and is in \(place)"
    case .wrongClass: return "\(value) is in \(place), a register of another class"
    case .notAllocatable: return "\(value) is in \(place), which is not allocatable"
    case .notTheFixedRegister:
      return "\(value) is in \(place) and must be in another, fixed register"
    case .notTheReusedRegister: return "\(value) is in \(place) and not in its input's register"
    case .notASlot: return "\(value) must be in a slot and is in \(place)"
    case .outsideLimit: return "\(value) is in \(place), whose number is above its limit"
    case .definitionsOverlap: return "\(value) and another value are both defined in \(place)"
    case .repeatedElsewhere: return "\(value) is defined in \(place) and in another place as well"
    case .earlyDefinitionOverlapsUse:
      return "\(value) is defined in \(place) before another value is read from there"
    case .lateUseOverlapsDefinition:
      return "\(value) is defined in \(place), from which another value is still to be read"
    case .operandClobbered: return "\(value) is in \(place), which the instruction destroys"
    default: return moveSentence ?? contentSentence
    }
  }

  private var moveSentence: String? {
    switch fault {
    case .editsOutOfOrder: "a move stands behind one that comes later"
    case .editOutsideFunction: "a move at no instruction of the function"
    case .editAfterBlock: "a move behind a branch or an exit"
    case .editFromMemoryToMemory: "a move from memory to memory, to \(placeText)"
    case .editOfWrongClass: "what is in \(placeText) was moved as a value of another class"
    case .editOfWrongWidth:
      "what is in \(placeText) was moved as a value of other units than it takes"
    case .editToForbiddenRegister: "a move to \(placeText), which is not for the allocator to write"
    case .editOfUnknownValue: "a move makes a value again that the problem does not allow that for"
    default: nil
    }
  }

  private var contentSentence: String {
    let lead = "\(valueText) is not where it is read: "
    return switch fault {
    case .holdsAnotherValue(let other): lead + "\(placeText) holds \(other)"
    case .destroyedBy(let i): lead + "\(i) has destroyed \(placeText)"
    case .holdsPartOfAnotherSlot: lead + "another slot that overlaps \(placeText) was written last"
    case .holdsValueOfEarlierIteration:
      lead + "\(placeText) holds what it was in an earlier round of the loop"
    default: lead + "on some path nothing writes \(placeText)"
    }
  }

  private var valueText: String {
    if value.isNone { return "what is moved" }
    return value == Operand.nonAllocatable(PhysicalRegister(.int, 0)).register
      ? "a register outside" : "\(value)"
  }

  private var placeText: String {
    if place.isRegister { return "\(place.register.registerClass)\(place.register.number)" }
    return place.isSlot ? "slot\(place.slot)" : "its place"
  }
}
