// SPDX-License-Identifier: Apache-2.0
// What is wrong with a problem, in words.

extension ProblemError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tablesInconsistent: "the tables do not fit each other"
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
    case .noSuchValue(let i): "\(i) names no value"
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
  public var instruction: Inst? {
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
  public var instruction: Inst? {
    switch self {
    case .tooManyLiveRegisters(let i), .conflictingRegister(let i, _), .branchDefinition(let i),
      .noRegisterForMove(let i):
      i
    case .liveAtEntry: nil
    }
  }
}
