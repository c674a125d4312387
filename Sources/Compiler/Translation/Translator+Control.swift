// SPDX-License-Identifier: Apache-2.0
// Translation of structured control flow to blocks and edges.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

/// An open construct.
struct ControlFrame: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable { case function, block, loop, ifThen, ifElse, tryTable }

  var kind: Kind
  /// Operands below the construct's parameters.
  var stackHeight: UInt32
  var parameterCount: UInt32
  var resultCount: UInt32
  /// Edges to the end. A loop's branches go to `header` instead.
  var branches = IncomingEdges.List()
  var header: UInt32 = .max
  /// Index in `LocalValues.loops`, for a loop.
  var loop: Int32 = -1
  /// For an `if`: its edge for "zero", where it stands, and the depth of its block among its
  /// dominators.
  var elseEdge: UInt32 = .max
  var ifPoint = LocalValues.Point(position: 0, loop: -1)
  var ifDepth: Int32 = 0
  /// The block after the construct is dominated by every block on the current path down to this
  /// depth: no branch to it, and no change of path within the construct, reached above it.
  var joinDepth: Int32 = .max
  /// Index in `Translator.scopes`, for a `try_table`.
  var scope: Int32 = -1

  init(kind: Kind, stackHeight: UInt32, parameterCount: UInt32, resultCount: UInt32) {
    self.kind = kind
    self.stackHeight = stackHeight
    self.parameterCount = parameterCount
    self.resultCount = resultCount
  }

  /// Operands that a branch to the construct carries.
  var branchCount: UInt32 { kind == .loop ? parameterCount : resultCount }
}

extension Translator {
  mutating func translateControl(_ op: Operator, _ unit: CompilationUnit) {
    switch op.opcode {
    case .block:
      openFrame(.block)
      locals.openConstruct()
    case .tryTable: translateTryTable()
    case .loop: translateLoop()
    case .if: translateIf()
    case .else: translateElse()
    case .end: translateEnd(unit)
    case .br: branch(to: op.index)
    case .brIf: translateBranchIf(op.index)
    case .brTable: translateBranchTable()
    case .return: branch(to: UInt32(truncatingIfNeeded: frames.count &- 1))
    default: trap(.unreachable)
    }
  }

  mutating func trap(_ kind: TrapKind) {
    _ = builder.append(Instruction(.trap, .none, aux: UInt16(kind.rawValue)))
    isReachable = false
  }

  mutating func newBlock() -> Block {
    let block = builder.createBlock(loopDepth: openLoops)
    locals.incoming.attach(IncomingEdges.List(), to: block)
    return block
  }

  /// Locals in the frame are known within a block only, so that no value is kept over many.
  mutating func beginBlock(_ block: Block, dominatorDepth: Int) {
    builder.beginBlock(block, dominatorDepth: dominatorDepth)
    if localsInFrame { locals.startRegion() }
  }

  /// Makes an edge from the current block that carries the topmost `count` operands.
  mutating func makeEdge(carrying count: UInt32) -> UInt32 {
    let start = UInt32(truncatingIfNeeded: locals.incoming.operands.count)
    var i = stack.count &- Int(truncatingIfNeeded: count)
    while i < stack.count {
      locals.incoming.operands.append(stack[i])
      i &+= 1
    }
    locals.incoming.edges.append(
      IncomingEdges.EdgeInfo(point: locals.here, operandStart: start, next: .max))
    let edge = builder.function.edges.append(EdgeData(from: builder.currentBlock, to: .none))
    locals.advance()
    return edge.raw
  }

  /// Makes an edge from the current block to the only block it will ever lead to.
  mutating func makeEdge(to block: Block) -> UInt32 {
    let edge = makeEdge(carrying: 0)
    lead(edge, to: block)
    return edge
  }

  /// Gives an edge its target.
  mutating func lead(_ edge: UInt32, to block: Block) {
    builder.function.edges[Edge(raw: edge)].to = block
    locals.incoming.append(edge, toBlock: block)
  }

  /// Makes an edge from the current block to what a label names. The operands stay on the stack.
  private mutating func makeEdge(toLabel depth: UInt32) -> UInt32 {
    let index = frames.count &- 1 &- Int(truncatingIfNeeded: depth)
    let edge = makeEdge(carrying: frames[index].branchCount)
    if frames[index].kind == .loop {
      lead(edge, to: Block(raw: frames[index].header))
    } else {
      var list = frames[index].branches
      locals.incoming.append(edge, to: &list)
      frames[index].branches = list
      let depth = Int32(truncatingIfNeeded: builder.dominatorDepth)
      frames[index].joinDepth = min(frames[index].joinDepth, depth)
    }
    return edge
  }

  // MARK: Opening

  mutating func openFrame(_ kind: ControlFrame.Kind) {
    let signature = validator.blockSignature
    let parameters = UInt32(truncatingIfNeeded: signature.parameters.count)
    let frame = ControlFrame(
      kind: kind, stackHeight: UInt32(truncatingIfNeeded: stack.count) &- parameters,
      parameterCount: parameters,
      resultCount: UInt32(truncatingIfNeeded: signature.results.count))
    frames.append(frame)
  }

  private mutating func translateLoop() {
    openFrame(.loop)
    var frame = frames.last
    openLoops &+= 1
    let header = newBlock()
    builder.function.blocks[header].isLoopHeader = true
    let entry = makeEdge(carrying: frame.parameterCount)
    lead(entry, to: header)
    let dominatorDepth = builder.dominatorDepth
    _ = builder.append(Instruction(.jump, .none, a: entry))
    beginBlock(header, dominatorDepth: dominatorDepth)
    frame.header = header.raw
    frame.loop = locals.openLoop(block: header.raw, entry: entry)
    frames.last = frame
    pushOperandParameters(header, Int(frame.parameterCount))
  }

  private mutating func translateIf() {
    let condition = pop()
    openFrame(.ifThen)
    locals.openConstruct()
    var frame = frames.last
    frame.ifDepth = Int32(truncatingIfNeeded: builder.dominatorDepth)
    frame.ifPoint = locals.here
    // The `then` part is a construct of its own: an `else` ends it, but not the `if`.
    locals.openConstruct()
    let block = newBlock()
    let thenEdge = makeEdge(to: block)
    frame.elseEdge = makeEdge(carrying: frame.parameterCount)
    _ = builder.append(
      Instruction(.branch, .none, a: condition, b: thenEdge, c: frame.elseEdge))
    beginBlock(block, dominatorDepth: Int(frame.ifDepth))
    frames.last = frame
  }

  mutating func translateElse() {
    var frame = frames.last
    if isReachable { jumpToEnd(&frame) }
    frame.kind = .ifElse
    let block = newBlock()
    lead(frame.elseEdge, to: block)
    frame.joinDepth = min(frame.joinDepth, frame.ifDepth)
    beginBlock(block, dominatorDepth: Int(frame.ifDepth))
    locals.revert(to: frame.ifPoint)
    // The parameters again.
    stack.truncate(to: Int(truncatingIfNeeded: frame.stackHeight))
    pushOperands(ofEdge: frame.elseEdge, Int(frame.parameterCount))
    frame.elseEdge = .max
    frames.last = frame
    isReachable = true
  }

  // MARK: Closing

  mutating func translateEnd(_ unit: CompilationUnit) {
    var frame = frames.last
    switch frame.kind {
    case .function:
      endFunction()
      return
    case .loop:
      locals.closeLoop(frame.loop)
      openLoops &-= 1
      if isReachable {
        // Control leaves the loop here, so the block is not part of it.
        let block = builder.currentBlock
        builder.function.blocks[block].loopDepth = UInt16(
          truncatingIfNeeded: min(openLoops, 0xffff))
      }
      endWithoutJoin(frame)
      return
    case .tryTable: if frame.scope >= 0 { endScope(&frame, unit) }
    case .block, .ifThen, .ifElse: break
    }
    if frame.kind == .ifThen {
      locals.fallThrough()
      // Without `else`, "zero" leads straight to the end, with the parameters as results.
      if isReachable { jumpToEnd(&frame) }
      locals.incoming.append(frame.elseEdge, to: &frame.branches)
      frame.joinDepth = min(frame.joinDepth, frame.ifDepth)
    } else if frame.branches.count == 0 {
      locals.fallThrough()
      endWithoutJoin(frame)
      return
    } else if isReachable {
      jumpToEnd(&frame)
    }
    beginJoin(frame)
    _ = frames.popLast()
    noteDepth(frame.joinDepth)
  }

  /// The construct is left only by running to its end: the block goes on.
  private mutating func endWithoutJoin(_ frame: ControlFrame) {
    _ = frames.popLast()
    noteDepth(frame.joinDepth)
    if !isReachable { stack.truncate(to: Int(truncatingIfNeeded: frame.stackHeight)) }
  }

  /// Tells the enclosing construct how far up the path of dominators has changed.
  mutating func noteDepth(_ depth: Int32) {
    guard frames.count > 0 else { return }
    frames.last.joinDepth = min(frames.last.joinDepth, depth)
  }

  mutating func jumpToEnd(_ frame: inout ControlFrame) {
    let edge = makeEdge(carrying: frame.resultCount)
    locals.incoming.append(edge, to: &frame.branches)
    frame.joinDepth = min(frame.joinDepth, Int32(truncatingIfNeeded: builder.dominatorDepth))
    _ = builder.append(Instruction(.jump, .none, a: edge))
  }

  /// Starts the block that all branches to the construct's end reach.
  private mutating func beginJoin(_ frame: ControlFrame) {
    beginJoin(
      of: frame.branches, dominatorDepth: frame.joinDepth, stackHeight: frame.stackHeight,
      operandCount: frame.resultCount)
  }

  /// The same for edges that carry so many operands, and that stand on a stack of this height.
  mutating func beginJoin(
    of edges: IncomingEdges.List, dominatorDepth: Int32, stackHeight: UInt32, operandCount: UInt32
  ) {
    let block = builder.createBlock(loopDepth: openLoops)
    locals.incoming.attach(edges, to: block)
    var edge = edges.first
    while edge != .max {
      builder.function.edges[Edge(raw: edge)].to = block
      edge = locals.incoming.edges[Int(truncatingIfNeeded: edge)].next
    }
    beginBlock(block, dominatorDepth: Int(dominatorDepth))
    isReachable = true
    locals.join(block: block.raw)
    stack.truncate(to: Int(truncatingIfNeeded: stackHeight))
    if edges.count == 1 {
      pushOperands(ofEdge: edges.first, Int(operandCount))
    } else {
      pushOperandParameters(block, Int(operandCount))
    }
  }

  private mutating func pushOperands(ofEdge edge: UInt32, _ count: Int) {
    let start = Int(
      truncatingIfNeeded: locals.incoming.edges[Int(truncatingIfNeeded: edge)].operandStart)
    for i in 0..<count { stack.append(locals.incoming.operands[start &+ i]) }
  }

  /// Replaces the topmost operands by parameters of `block`; their types are those that its first
  /// edge carries.
  private mutating func pushOperandParameters(_ block: Block, _ count: Int) {
    if count == 0 { return }
    let edge = locals.incoming.lists[block.index].first
    let start = Int(
      truncatingIfNeeded: locals.incoming.edges[Int(truncatingIfNeeded: edge)].operandStart)
    if builder.function.blocks[block].isLoopHeader { stack.truncate(to: stack.count &- count) }
    for i in 0..<count {
      let type = type(of: locals.incoming.operands[start &+ i])
      let parameter = LocalValues.Parameter(
        value: 0, block: block.raw, local: UInt32(truncatingIfNeeded: i), isOperand: true,
        loop: -1)
      stack.append(locals.addParameter(parameter, type, &builder.function))
    }
  }

  private mutating func endFunction() {
    let frame = frames.last
    if frame.branches.count > 0 {
      var closing = frame
      if isReachable { jumpToEnd(&closing) }
      beginJoin(closing)
    }
    if isReachable { emitReturn(Int(frame.resultCount)) }
    _ = frames.popLast()
  }

  private mutating func emitReturn(_ count: Int) {
    let start = builder.function.lists.count
    for i in stack.count &- count..<stack.count { builder.function.lists.append(stack[i]) }
    _ = builder.append(
      Instruction(
        .returns, .none, b: UInt32(truncatingIfNeeded: start),
        c: UInt32(truncatingIfNeeded: count)))
    isReachable = false
  }

  // MARK: Branches

  mutating func branch(to depth: UInt32) {
    if Int(truncatingIfNeeded: depth) == frames.count &- 1 {
      emitReturn(Int(frames[0].resultCount))
      return
    }
    let edge = makeEdge(toLabel: depth)
    _ = builder.append(Instruction(.jump, .none, a: edge))
    isReachable = false
  }

  private mutating func translateBranchIf(_ depth: UInt32) {
    branch(to: depth, if: pop())
  }

  /// The reference stays for the code after the branch.
  mutating func translateBranchOnNull(_ depth: UInt32) {
    let reference = pop()
    branch(to: depth, if: isNull(reference).raw)
    stack.append(reference)
  }

  /// The reference goes with the branch.
  mutating func translateBranchOnNonNull(_ depth: UInt32) {
    let null = builder.constant(.i64, bits: 0)
    let isThere = builder.emit(Instruction(.ne, .i32, a: stack.last, b: null.raw))
    branch(to: depth, if: isThere.raw)
    _ = pop()
  }

  private mutating func branch(to depth: UInt32, if condition: UInt32) {
    let dominatorDepth = builder.dominatorDepth
    if Int(truncatingIfNeeded: depth) == frames.count &- 1 {
      // A return of its own keeps the values where they are.
      let returning = newBlock()
      let taken = makeEdge(to: returning)
      let next = newBlock()
      let passed = makeEdge(to: next)
      _ = builder.append(Instruction(.branch, .none, a: condition, b: taken, c: passed))
      beginBlock(returning, dominatorDepth: dominatorDepth)
      emitReturn(Int(frames[0].resultCount))
      beginBlock(next, dominatorDepth: dominatorDepth)
      isReachable = true
      return
    }
    let taken = makeEdge(toLabel: depth)
    let next = newBlock()
    let passed = makeEdge(to: next)
    _ = builder.append(Instruction(.branch, .none, a: condition, b: taken, c: passed))
    beginBlock(next, dominatorDepth: dominatorDepth)
  }

  private mutating func translateBranchTable() {
    let index = pop()
    while tableEdges.count < frames.count { tableEdges.append(.max) }
    let count = validator.branchTargets.count
    let start = builder.function.lists.count
    for i in 0..<count {
      let depth = validator.branchTargets[i]
      let slot = Int(truncatingIfNeeded: depth)
      if tableEdges[slot] == .max { tableEdges[slot] = makeEdge(toLabel: depth) }
      builder.function.lists.append(tableEdges[slot])
    }
    for i in 0..<count { tableEdges[Int(truncatingIfNeeded: validator.branchTargets[i])] = .max }
    _ = builder.append(
      Instruction(
        .branchTable, .none, a: index, b: UInt32(truncatingIfNeeded: start),
        c: UInt32(truncatingIfNeeded: count)))
    isReachable = false
  }
}
