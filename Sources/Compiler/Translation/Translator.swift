// SPDX-License-Identifier: Apache-2.0
// Validates a function body and translates it to the IR, in one walk over its bytes.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

/// Working memory of translation, reused from function to function: one per worker.
///
/// Each operator is first validated, so translation takes its typing for granted. Code that
/// cannot run is validated and otherwise passed over. Nothing recurses: open constructs are on
/// `frames`.
package struct Translator: ~Copyable {
  package var builder = Builder()
  var validator = FunctionValidator()
  var locals = LocalValues()
  var frames = Vector<ControlFrame>()
  /// Values of the operand stack.
  var stack = Vector<UInt32>()
  /// Locals live in the frame: the fall-back for functions in which SSA form would cost more than
  /// the budget.
  var localsInFrame = false
  private var spans = LocalSpans()
  private var frameLocals = FrameLocals()
  /// Whether the code at this point can run.
  var isReachable = true
  var openLoops = 0
  /// Constructs opened in code that cannot run.
  var deadDepth = 0
  /// Scratch of `branchTable`: per control depth, the edge made for it, or `.max`.
  var tableEdges = Vector<UInt32>()
  /// The scopes that are open, and their clauses.
  var scopes = Vector<HandlerScope>()
  var clauses = Vector<CatchClause>()
  /// The innermost scope, or -1.
  var currentScope: Int32 = -1
  var finishing = FinishScratch()

  package init() {}

  /// Translates one defined function into `builder.function`.
  ///
  /// Cost: linear in the body, but for the look-ups that `LocalValues` counts; past
  /// `Limits.localSteps` of them the function is translated again with its locals in the frame,
  /// and so it is at once if the client says so.
  package mutating func translate(
    _ unit: CompilationUnit, function: UInt32, numbersValues: Bool,
    keepsLocalsInFrame: Bool = false
  ) throws(WasmError) {
    builder.numbersValues = numbersValues
    let bytes = unit.module.body(ofFunction: function).count
    let budget = Limits.localSteps(bodyBytes: bytes)
    localsInFrame = false
    if !keepsLocalsInFrame, try attempt(unit, function, budget: budget) { return }
    localsInFrame = true
    try spans.measure(unit.module, function: function, using: &validator)
    frameLocals.assign(spans) { Type(validator.localTypes[$0]) }
    let done = try attempt(unit, function, budget: .max)
    precondition(done, "translation: function \(function) exceeded no budget and did not end")
  }

  /// Returns false where the budget is exceeded.
  private mutating func attempt(
    _ unit: CompilationUnit, _ function: UInt32, budget: Int
  ) throws(WasmError) -> Bool {
    try validator.begin(unit.module, function: function)
    builder.beginFunction(
      index: function, typeIndex: unit.module.typeIndex(ofFunction: function))
    frames.removeAll()
    stack.removeAll()
    isReachable = true
    openLoops = 0
    deadDepth = 0
    scopes.removeAll()
    clauses.removeAll()
    currentScope = -1
    beginEntry(unit, function)
    while !validator.isAtEnd {
      let op = try validator.next()
      if isReachable {
        builder.origin = UInt32(truncatingIfNeeded: validator.offset)
        translate(op, unit)
      } else {
        passOver(op, unit)
      }
      if locals.steps > budget { return false }
    }
    return finish(budget: budget)
  }

  /// The entry block: parameters, and zero for the other locals.
  private mutating func beginEntry(_ unit: CompilationUnit, _ index: UInt32) {
    let signature = unit.module.signature(ofFunction: index)
    let entry = builder.createBlock(loopDepth: 0)
    builder.beginBlock(entry, dominatorDepth: -1)
    builder.origin = UInt32(
      truncatingIfNeeded: unit.module.body(ofFunction: index).lowerBound)
    locals.begin(localCount: validator.localCount)
    locals.incoming.attach(IncomingEdges.List(), to: entry)
    let parameterStart = UInt32(truncatingIfNeeded: builder.function.lists.count)
    for i in 0..<signature.parameters.count {
      let value = builder.append(
        Instruction(.param, Type(signature.parameters[i]), b: UInt32(truncatingIfNeeded: i)))
      builder.function.lists.append(value.raw)
    }
    builder.function.blocks[entry].parameterStart = parameterStart
    builder.function.blocks[entry].parameterCount = UInt32(
      truncatingIfNeeded: signature.parameters.count)
    // One zero per type, in the entry block so that it dominates everything.
    var zeros: (UInt32, UInt32, UInt32, UInt32, UInt32) = (.max, .max, .max, .max, .max)
    for i in 0..<validator.localCount {
      let type = Type(validator.localTypes[i])
      var value: UInt32
      if i < signature.parameters.count {
        value = builder.function.lists[Int(truncatingIfNeeded: parameterStart) &+ i]
      } else {
        switch type {
        case .i32: value = zero(.i32, &zeros.0)
        case .f32: value = zero(.f32, &zeros.1)
        case .f64: value = zero(.f64, &zeros.2)
        case .i64, .none: value = zero(.i64, &zeros.3)
        case .v128: value = zero(.v128, &zeros.4)
        }
      }
      if localsInFrame {
        let local = UInt32(truncatingIfNeeded: i)
        locals.remember(local, value)
        if spans.spans[i].needsInitialValue { storeInFrame(local, value) }
      } else {
        locals.addLocal(type, value)
      }
    }
    for i in frameLocals.types.indices where localsInFrame {
      builder.function.frameVariables.append(frameLocals.types[i])
    }
    locals.openConstruct()
    frames.append(
      ControlFrame(
        kind: .function, stackHeight: 0, parameterCount: 0,
        resultCount: UInt32(truncatingIfNeeded: signature.results.count)))
  }

  private mutating func zero(_ type: Type, _ known: inout UInt32) -> UInt32 {
    if known == .max {
      known =
        type == .v128 ? builder.constant(.zero).raw : builder.constant(type, bits: 0).raw
    }
    return known
  }

  // MARK: Operand stack

  @inline(__always) mutating func push(_ value: Value) { stack.append(value.raw) }
  @inline(__always) mutating func pop() -> UInt32 { stack.popLast() }
  @inline(__always) mutating func type(of value: UInt32) -> Type {
    builder.function.instructions[Value(raw: value)].type
  }

  // MARK: Operators

  private mutating func translate(_ op: Operator, _ unit: CompilationUnit) {
    let simple = SimpleOperator.of(op.opcode)
    switch simple.form {
    case .unary:
      let a = pop()
      let value = builder.emit(Instruction(simple.opcode, simple.type, a: a))
      push(unit.canonicalizesNaNs ? canonical(value, simple.opcode) : value)
    case .binary:
      let b = pop()
      let a = pop()
      let value = builder.emit(Instruction(simple.opcode, simple.type, a: a, b: b))
      push(unit.canonicalizesNaNs ? canonical(value, simple.opcode) : value)
    case .compareWithZero:
      let a = pop()
      let zero = builder.constant(type(of: a), bits: 0)
      push(builder.emit(Instruction(simple.opcode, simple.type, a: a, b: zero.raw)))
    case .load: translateLoad(op, simple)
    case .store: translateStore(op, simple)
    case .none: translateOther(op, unit)
    }
  }

  private mutating func translateOther(_ op: Operator, _ unit: CompilationUnit) {
    switch op.opcode {
    case .localGet: push(Value(raw: getLocal(op.index)))
    case .localSet: setLocal(op.index, pop())
    case .localTee: setLocal(op.index, stack.last)
    case .i32Const: push(builder.constant(.i32, bits: op.immediate))
    case .i64Const: push(builder.constant(.i64, bits: op.immediate))
    case .f32Const: push(builder.constant(.f32, bits: op.immediate))
    case .f64Const: push(builder.constant(.f64, bits: op.immediate))
    case .drop: _ = pop()
    case .select, .selectTyped:
      let condition = pop()
      let otherwise = pop()
      let chosen = pop()
      let type = type(of: chosen)
      push(
        builder.emit(Instruction(.select, type, a: condition, b: chosen, c: otherwise)))
    case .nop: break
    case .block, .loop, .if, .else, .end, .br, .brIf, .brTable, .return, .unreachable, .tryTable:
      translateControl(op, unit)
    case .call, .returnCall, .callIndirect, .returnCallIndirect, .callRef, .returnCallRef:
      translateCall(op, unit)
    case .throw, .throwRef: translateException(op, unit)
    case .brOnNull: translateBranchOnNull(op.index)
    case .brOnNonNull: translateBranchOnNonNull(op.index)
    case .globalGet, .globalSet: translateGlobal(op, unit)
    case .refNull: push(builder.constant(.i64, bits: 0))
    case .refIsNull: push(isNull(pop()))
    case .refAsNonNull:
      if op.index2 != 0 { trapIf(isNull(stack.last), .nullReference) }
    case .refFunc: push(functionReference(op.index, unit))
    case .tableGet, .tableSet, .tableSize, .tableGrow, .tableFill, .tableCopy, .tableInit,
      .elemDrop:
      translateTable(op, unit)
    default: if !translateVector(op, unit) { translateMemory(op, unit) }
    }
  }

  @inline(__always) private mutating func getLocal(_ local: UInt32) -> UInt32 {
    localsInFrame ? loadFromFrame(local) : locals.get(local, &builder.function)
  }

  @inline(__always) private mutating func setLocal(_ local: UInt32, _ value: UInt32) {
    if localsInFrame {
      locals.remember(local, value)
      storeInFrame(local, value)
    } else {
      locals.set(local, value)
    }
  }

  private mutating func loadFromFrame(_ local: UInt32) -> UInt32 {
    if let known = locals.known(local) { return known }
    guard let variable = frameLocals.variable(of: local) else {
      preconditionFailure(
        "translation: local \(local) is read in another block and has no variable")
    }
    let type = frameLocals.types[Int(truncatingIfNeeded: variable)]
    let value = builder.append(Instruction(.frameLoad, type, b: variable)).raw
    locals.remember(local, value)
    return value
  }

  private mutating func storeInFrame(_ local: UInt32, _ value: UInt32) {
    guard let variable = frameLocals.variable(of: local) else { return }
    _ = builder.append(Instruction(.frameStore, .none, a: value, b: variable))
  }

  /// Follows the nesting of code that cannot run.
  private mutating func passOver(_ op: Operator, _ unit: CompilationUnit) {
    switch op.opcode {
    case .block, .loop, .if, .tryTable: deadDepth &+= 1
    case .else: if deadDepth == 0 { translateElse() }
    case .end: if deadDepth > 0 { deadDepth &-= 1 } else { translateEnd(unit) }
    default: break
    }
  }
}
