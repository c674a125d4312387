// SPDX-License-Identifier: Apache-2.0
// Translation of exceptions: what throws them, and the scopes whose handlers catch them.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

/// A `try_table` that is open.
///
/// Its calls have a second way on: to its *landing*, one block for all of them, which comes after its
/// body in the text. There the clauses are tried in their order, and what none of them catches goes to
/// the landing of the scope around, or out of the function. So each scope's clauses are code once,
/// however many calls it has and however deep scopes nest.
///
///     try_table (catch $e 1)          b1: v2 = call #5(v1)
///       local.get 0                       v3 = caught
///       call 5                   ->       unwind v3 -> b3(v3), b2
///     end                             b3(v4: i64) cold:
///                                         branch on the tag of v4 -> the label's block, or out
struct HandlerScope: BitwiseCopyable {
  /// The scope around, or -1.
  var parent: Int32
  /// In `Translator.clauses`.
  var clauseStart: UInt32
  var clauseCount: UInt32
  /// Its construct, in `Translator.frames`.
  var frame: UInt32
  /// Edges to the landing; each carries the exception.
  var edges = IncomingEdges.List()
  /// See `ControlFrame.joinDepth`.
  var landingDepth: Int32 = .max
}

/// Clauses that the translation of a `throw` looks at before it leaves the choice to the landing.
private let clausesAheadOfTime = 16

extension Translator {
  mutating func translateException(_ op: Operator, _ unit: CompilationUnit) {
    if op.opcode == .throw {
      translateThrow(tag: op.index, unit)
    } else {
      let exception = pop()
      if op.index2 != 0 { trapIf(isNull(exception), .nullExceptionReference) }
      throwException(exception)
    }
  }

  // MARK: Scopes

  mutating func translateTryTable() {
    openFrame(.tryTable)
    locals.openConstruct()
    let count = validator.catchClauses.count
    if count == 0 { return }
    // What may throw is a construct of its own: at the landing, locals have the values that they had
    // where it was left.
    locals.openConstruct()
    let scope = HandlerScope(
      parent: currentScope, clauseStart: UInt32(truncatingIfNeeded: clauses.count),
      clauseCount: UInt32(truncatingIfNeeded: count),
      frame: UInt32(truncatingIfNeeded: frames.count &- 1))
    for k in 0..<count { clauses.append(validator.catchClauses[k]) }
    currentScope = Int32(truncatingIfNeeded: scopes.count)
    frames.last.scope = currentScope
    scopes.append(scope)
  }

  /// Ends the body of a scope, and makes its landing if anything leads there.
  mutating func endScope(_ frame: inout ControlFrame, _ unit: CompilationUnit) {
    let scope = scopes.popLast()
    currentScope = scope.parent
    if scope.edges.count == 0 {
      locals.fallThrough()
    } else {
      if isReachable { jumpToEnd(&frame) }
      let depth = min(scope.landingDepth, frame.joinDepth)
      beginJoin(
        of: scope.edges, dominatorDepth: depth, stackHeight: frame.stackHeight, operandCount: 1)
      builder.function.blocks[builder.currentBlock].isCold = true
      frame.joinDepth = min(frame.joinDepth, depth)
      let exception = pop()
      translateClauses(scope, exception, unit)
      isReachable = false
    }
    clauses.truncate(to: Int(truncatingIfNeeded: scope.clauseStart))
  }

  private mutating func translateClauses(
    _ scope: HandlerScope, _ exception: UInt32, _ unit: CompilationUnit
  ) {
    for k in scope.clauseStart..<scope.clauseStart &+ scope.clauseCount {
      let clause = clauses[Int(truncatingIfNeeded: k)]
      guard clause.kind.hasTag else {
        catchException(exception, clause, unit)
        return
      }
      let tag = builder.emit(
        Instruction(
          .pointerLoad, .i64, aux: Instruction.readOnly, a: exception,
          b: UInt32(ContextLayout.Exception.tag)))
      let isSame = builder.emit(
        Instruction(.eq, .i32, a: tag.raw, b: tagPointer(clause.tag, unit).raw))
      let dominatorDepth = builder.dominatorDepth
      let catching = newBlock()
      let taken = makeEdge(to: catching)
      let next = newBlock()
      let passed = makeEdge(to: next)
      _ = builder.append(Instruction(.branch, .none, a: isSame.raw, b: taken, c: passed))
      beginBlock(catching, dominatorDepth: dominatorDepth)
      builder.function.blocks[catching].isCold = true
      catchException(exception, clause, unit)
      beginBlock(next, dominatorDepth: dominatorDepth)
      builder.function.blocks[next].isCold = true
    }
    if currentScope >= 0 {
      jumpToLanding(currentScope, exception)
    } else {
      leave(with: exception, .resumeUnwinding)
    }
  }

  /// Takes an exception to the label of a clause that catches it.
  private mutating func catchException(
    _ exception: UInt32, _ clause: CatchClause, _ unit: CompilationUnit
  ) {
    let height = stack.count
    if clause.kind.hasTag {
      var offset = UInt32(ContextLayout.Exception.words)
      for type in unit.module.signature(ofTag: clause.tag).parameters {
        let type = Type(type)
        push(builder.append(Instruction(.pointerLoad, type, a: exception, b: offset)))
        offset &+= type == .v128 ? 16 : 8
      }
    }
    if clause.kind.passesReference {
      share(exception)
      stack.append(exception)
    } else {
      callHelper(.exceptionCaught, (exception, 0, 0, 0), count: 1)
    }
    // Labels count from outside of the `try_table`, which is still open.
    branch(to: clause.label &+ 1)
    stack.truncate(to: height)
  }

  private mutating func tagPointer(_ tag: UInt32, _ unit: CompilationUnit) -> Value {
    contextPointer(UInt32(unit.layout.tags) &+ tag &* 8)
  }

  // MARK: Throwing

  /// Throws with the topmost operands as values. Where a clause of this function is sure to catch it,
  /// that is a branch.
  private mutating func translateThrow(tag: UInt32, _ unit: CompilationUnit) {
    let count = unit.module.signature(ofTag: tag).parameters.count
    guard let (scope, clause) = handler(ofTag: tag, unit) else {
      let exception = makeException(tag, unit)
      throwException(exception)
      return
    }
    if clause.kind.passesReference {
      let height = stack.count
      let exception = makeException(tag, unit)
      share(exception)
      // The values are still there.
      stack.truncate(to: height)
      if !clause.kind.hasTag { stack.truncate(to: height &- count) }
      stack.append(exception)
    } else if !clause.kind.hasTag {
      stack.truncate(to: stack.count &- count)
    }
    let target = scopes[Int(scope)].frame &- 1 &- clause.label
    branch(to: UInt32(truncatingIfNeeded: frames.count) &- 1 &- target)
  }

  /// The clause that catches an exception thrown here, if that can be known. Two tags may be the same
  /// only if both are imported.
  private mutating func handler(
    ofTag tag: UInt32, _ unit: CompilationUnit
  ) -> (scope: Int32, clause: CatchClause)? {
    let importedCount = UInt32(truncatingIfNeeded: unit.module.importedTagCount)
    var left = clausesAheadOfTime
    var s = currentScope
    while s >= 0 {
      let scope = scopes[Int(s)]
      for k in scope.clauseStart..<scope.clauseStart &+ scope.clauseCount {
        let clause = clauses[Int(truncatingIfNeeded: k)]
        if !clause.kind.hasTag || clause.tag == tag { return (s, clause) }
        left &-= 1
        if left == 0 || max(clause.tag, tag) < importedCount { return nil }
      }
      s = scope.parent
    }
    return nil
  }

  /// An exception with the topmost operands as values; they stay in the vector above its end.
  private mutating func makeException(_ tag: UInt32, _ unit: CompilationUnit) -> UInt32 {
    let parameters = unit.module.signature(ofTag: tag).parameters
    let exception = callHelper(
      .exceptionNew, (tagPointer(tag, unit).raw, 0, 0, 0), count: 1)
    trapIf(isNull(exception.raw), .outOfMemory)
    var offset = UInt32(ContextLayout.Exception.words)
    let first = stack.count &- parameters.count
    for k in 0..<parameters.count {
      let value = stack[first &+ k]
      _ = builder.append(
        Instruction(.pointerStore, .none, a: exception.raw, b: offset, c: value))
      offset &+= type(of: value) == .v128 ? 16 : 8
    }
    return exception.raw
  }

  /// Notes that a reference to the exception is made, so that it may outlive its handler.
  private mutating func share(_ exception: UInt32) {
    let one = builder.constant(.i32, bits: 1)
    _ = builder.append(
      Instruction(
        .pointerStore, .none, a: exception, b: UInt32(ContextLayout.Exception.isShared),
        c: one.raw))
  }

  private mutating func throwException(_ exception: UInt32) {
    if currentScope >= 0 {
      jumpToLanding(currentScope, exception)
      isReachable = false
    } else {
      leave(with: exception, .throw)
    }
  }

  private mutating func leave(with exception: UInt32, _ helper: Helper) {
    callHelper(helper, (exception, 0, 0, 0), count: 1)
    trap(.unreachable)
  }

  // MARK: Ways to the landing

  private mutating func makeEdge(toLanding scope: Int32, _ exception: UInt32) -> UInt32 {
    stack.append(exception)
    let edge = makeEdge(carrying: 1)
    _ = pop()
    var list = scopes[Int(scope)].edges
    locals.incoming.append(edge, to: &list)
    scopes[Int(scope)].edges = list
    let depth = Int32(truncatingIfNeeded: builder.dominatorDepth)
    scopes[Int(scope)].landingDepth = min(scopes[Int(scope)].landingDepth, depth)
    return edge
  }

  private mutating func jumpToLanding(_ scope: Int32, _ exception: UInt32) {
    let edge = makeEdge(toLanding: scope, exception)
    _ = builder.append(Instruction(.jump, .none, a: edge))
  }

  /// Ends the block of a call that stands in a scope.
  mutating func catchExceptionOfCall() {
    let dominatorDepth = builder.dominatorDepth
    let exception = builder.append(Instruction(.caught, .i64))
    let caught = makeEdge(toLanding: currentScope, exception.raw)
    let next = newBlock()
    let returned = makeEdge(to: next)
    _ = builder.append(
      Instruction(.unwind, .none, a: exception.raw, b: caught, c: returned))
    beginBlock(next, dominatorDepth: dominatorDepth)
  }
}
