// SPDX-License-Identifier: Apache-2.0
// Builds a function anew, with all that is known of it by now.

import BrolgaEntities

/// Working memory of `rebuild`.
struct RebuildScratch: ~Copyable {
  /// Per old value: the new one, or `.max`.
  var values = Vector<UInt32>()
  /// Per old block: the new one, or `.max`. Several old blocks may become one.
  var blocks = Vector<UInt32>()
  /// Per old block: whether an edge that is left leads to it.
  var isReached = Vector<Bool>()
  /// Per old edge: the new one, or `.max`.
  var edges = Vector<UInt32>()
  /// Per new edge: the old one, and where its arguments start in `arguments`: one for each
  /// parameter of the old target, `.max` for a dead one.
  var sources = Vector<UInt32>()
  var argumentStarts = Vector<UInt32>()
  var arguments = Vector<UInt32>()
  /// The old block that continues the current new one, or `.max`.
  var continuation: UInt32 = .max

  init() {}

  mutating func begin(_ function: inout Function) {
    values.reset(count: function.instructions.count, to: .max)
    blocks.reset(count: function.blocks.count, to: .max)
    isReached.reset(count: function.blocks.count, to: false)
    edges.reset(count: function.edges.count, to: .max)
    sources.removeAll()
    argumentStarts.removeAll()
    arguments.removeAll()
    continuation = .max
  }
}

/// Emits every live instruction again, through the builder's folding and numbering: parameters that
/// have gone have left values in sight that were hidden, and dominators are exact now.
///
///     b0:                                    b0:
///       v1 = iconst.i32 #1                     v1 = iconst.i32 #1
///       branch v1 -> b1, b2                    v2 = iconst.i32 #2
///     b1:                                      return v2
///       v2 = iconst.i32 #2             ->
///       jump -> b3(v2)
///     b2:
///       jump -> b3(v1)
///     b3(v3: i32):
///       return v3
///
/// On the way, branches on constants become jumps, blocks that nothing reaches any more are left
/// out, a parameter whose remaining arguments are one value becomes that value, and a block is
/// appended to its only predecessor where that jumps to it. Constants appear where they are first
/// used. Instructions that `hoistInvariants` has chosen are emitted where it says.
///
/// Needs: dominators, `isLive`, `hoisting`.  Breaks: all numbers.  Keeps: the order of blocks.
/// Cost: one walk.
/// Source: own.
func rebuild(_ function: inout Function, _ scratch: inout PassScratch) {
  // About half of the instructions take part in numbering.
  scratch.builder.beginFunction(
    index: function.index, typeIndex: function.typeIndex,
    expectedCount: function.instructions.count)
  scratch.builder.numbersValues = true
  for i in 0..<function.frameVariables.count {
    scratch.builder.function.frameVariables.append(function.frameVariables[i])
  }
  for i in 0..<function.vectors.count {
    scratch.builder.function.vectors.append(function.vectors[i])
  }
  scratch.rebuilding.begin(&function)
  scratch.rebuilding.isReached[0] = true
  for b in 0..<function.blocks.count where scratch.rebuilding.isReached[b] {
    scratch.beginBlock(b, of: &function)
    scratch.copyInstructions(ofBlock: b, of: &function)
  }
  scratch.layOutLists(of: &function)
  swap(&function, &scratch.builder.function)
}

extension PassScratch {
  /// Whether there is something that only `rebuild` does: instructions to move, a branch on a
  /// constant, a parameter that is dead. Or else a sign that nobody optimised the function before:
  /// one instruction in sixteen was needless, so that there may be more in places that translation
  /// could not compare.
  mutating func hasReasonToRebuild(_ function: borrowing Function) -> Bool {
    if hoisting.hasChosen { return true }
    var deadCount = 0
    var chainedCount = 0
    for b in 0..<function.blocks.count {
      let data = function.blocks[Block(b)]
      if !dominators.isReachable(b) { return true }
      let end = Int(truncatingIfNeeded: data.instructionEnd)
      let terminator = function.instructions.storage[end &- 1]
      if terminator.opcode == .branch || terminator.opcode == .branchTable {
        let condition = function.instructions[Value(raw: terminator.a)]
        if condition.opcode.isConstant { return true }
      }
      for k in 0..<data.parameterCount where b != 0 {
        let parameter = function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)]
        if !isLive[Int(truncatingIfNeeded: parameter)] { return true }
      }
      for index in Int(truncatingIfNeeded: data.instructionStart)..<end {
        let instruction = function.instructions.storage[index]
        if !isLive[index] {
          if instruction.opcode.isPure { deadCount &+= 1 }
        } else if instruction.opcode == .add, endsChain(instruction, function) {
          chainedCount &+= 1
        }
      }
    }
    return max(deadCount, chainedCount) &* 16 > function.instructions.count
  }

  /// Whether the instruction is the third of three that add constants to one value. Compilers that
  /// optimise leave two in a row where the first has other readers, but hardly ever three.
  private func endsChain(_ last: Instruction, _ function: borrowing Function) -> Bool {
    var instruction = last
    for depth in 1...3 {
      if instruction.opcode != .add { return false }
      if function.instructions[Value(raw: instruction.b)].opcode != .iconst { return false }
      if depth < 3 { instruction = function.instructions[Value(raw: instruction.a)] }
    }
    return true
  }

  // MARK: Blocks

  fileprivate mutating func beginBlock(_ b: Int, of old: inout Function) {
    let data = old.blocks[Block(b)]
    if rebuilding.continuation == UInt32(truncatingIfNeeded: b) {
      let block = builder.currentBlock
      rebuilding.continuation = .max
      rebuilding.blocks[b] = block.raw
      let depth = builder.function.blocks[block].loopDepth
      // A block on the way out of a loop is not in it.
      builder.function.blocks[block].loopDepth = min(depth, data.loopDepth)
      if data.isCold { builder.function.blocks[block].isCold = true }
      return
    }
    let block = builder.createBlock(loopDepth: Int(truncatingIfNeeded: data.loopDepth))
    rebuilding.blocks[b] = block.raw
    builder.beginBlock(block, treeStart: dominators.starts[b], treeEnd: dominators.ends[b])
    let isLoop = isLoopHeader(b, of: &old)
    builder.function.blocks[block].isLoopHeader = isLoop
    builder.function.blocks[block].isCold = data.isCold
    builder.function.blocks[block].parameterStart = UInt32(
      truncatingIfNeeded: builder.function.lists.count)
    if b == 0 || isLoop {
      keepParameters(data, of: &old, all: b == 0)
    } else {
      mergeParameters(data, of: &old)
    }
  }

  /// Whether an edge leads back to the block: it may be marked as a header and have lost them.
  private mutating func isLoopHeader(_ b: Int, of old: inout Function) -> Bool {
    let data = old.blocks[Block(b)]
    if !data.isLoopHeader { return false }
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let from = Int(truncatingIfNeeded: old.edges[Edge(raw: old.lists[k])].from.raw)
      if from >= b && dominators.isReachable(from) { return true }
    }
    return false
  }

  private mutating func keepParameters(
    _ data: BlockData, of old: inout Function, all: Bool
  ) {
    let start = Int(truncatingIfNeeded: data.parameterStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.parameterCount) {
      let parameter = old.lists[k]
      if all || isLive[Int(truncatingIfNeeded: parameter)] { keep(parameter, of: &old) }
    }
  }

  private mutating func keep(_ parameter: UInt32, of old: inout Function) {
    let block = builder.currentBlock
    let position = builder.function.blocks[block].parameterCount
    builder.origin = old.origins[Int(truncatingIfNeeded: parameter)]
    let type = old.instructions[Value(raw: parameter)].type
    let value = builder.append(Instruction(.param, type, a: block.raw, b: position))
    builder.function.lists.append(value.raw)
    builder.function.blocks[block].parameterCount = position &+ 1
    rebuilding.values[Int(truncatingIfNeeded: parameter)] = value.raw
  }

  /// Parameters of a block all of whose predecessors are done.
  private mutating func mergeParameters(_ data: BlockData, of old: inout Function) {
    let start = Int(truncatingIfNeeded: data.parameterStart)
    for k in 0..<Int(truncatingIfNeeded: data.parameterCount) {
      let parameter = old.lists[start &+ k]
      if !isLive[Int(truncatingIfNeeded: parameter)] { continue }
      let value = commonArgument(k, data, of: &old)
      if value == .max {
        keep(parameter, of: &old)
      } else {
        rebuilding.values[Int(truncatingIfNeeded: parameter)] = value
      }
    }
  }

  /// What all remaining edges pass for a parameter, equal constants being one; `.max` if they differ.
  private mutating func commonArgument(
    _ position: Int, _ data: BlockData, of old: inout Function
  ) -> UInt32 {
    var common: UInt32 = .max
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let raw = old.lists[k]
      let edge = rebuilding.edges[Int(truncatingIfNeeded: raw)]
      if edge == .max { continue }
      let start = Int(
        truncatingIfNeeded: rebuilding.argumentStarts[Int(truncatingIfNeeded: edge)])
      let value = rebuilding.arguments[start &+ position]
      if common == .max {
        common = value
      } else if common != value {
        let first = builder.function.instructions[Value(raw: common)]
        if !first.opcode.isAnyConstant { return .max }
        if first != builder.function.instructions[Value(raw: value)] { return .max }
      }
    }
    return common
  }

  // MARK: Instructions

  fileprivate mutating func copyInstructions(ofBlock b: Int, of old: inout Function) {
    let data = old.blocks[Block(b)]
    let start = Int(truncatingIfNeeded: data.instructionStart)
    let end = Int(truncatingIfNeeded: data.instructionEnd) &- 1
    for index in start..<end {
      if !isLive[index] || hoisting.isHoisted(index) { continue }
      let i = old.instructions.storage[index]
      // Constants are made where they are used.
      if i.opcode == .param || i.opcode.isAnyConstant { continue }
      builder.origin = old.origins[index]
      if i.opcode == .trapIf, let bits = knownBits(i.a, of: &old), bits != 0 {
        // Nothing after it runs.
        builder.append(Instruction(.trap, .none, aux: i.aux))
        return
      }
      copy(i, index, of: &old)
    }
    emitHoisted(atEndOf: b, of: &old)
    builder.origin = old.origins[end]
    copyTerminator(old.instructions.storage[end], b, of: &old)
  }

  /// The new value of an old one, for use in the current block.
  @inline(__always)
  private mutating func new(_ old: UInt32, of function: inout Function) -> UInt32 {
    let value = rebuilding.values[Int(truncatingIfNeeded: old)]
    if value == .max {
      let i = function.instructions[Value(raw: old)]
      assert(i.opcode.isAnyConstant, "a use before its definition was rebuilt")
      return builder.constant(i).raw
    }
    let i = builder.function.instructions[Value(raw: value)]
    // One found by folding, in another block.
    if i.opcode.isAnyConstant { return builder.constant(i).raw }
    return value
  }

  /// The bits of an old value that is known to be a constant.
  private mutating func knownBits(_ old: UInt32, of function: inout Function) -> UInt64? {
    let value = rebuilding.values[Int(truncatingIfNeeded: old)]
    if value != .max { return builder.constantBits(Value(raw: value)) }
    let i = function.instructions[Value(raw: old)]
    return i.opcode.isConstant ? i.bits : nil
  }

  @inline(__always)
  private mutating func copy(_ old: Instruction, _ index: Int, of function: inout Function) {
    var i = old
    let traits = i.opcode.traits
    if traits.readsA { i.a = new(i.a, of: &function) }
    if traits.readsB { i.b = new(i.b, of: &function) }
    if traits.readsC { i.c = new(i.c, of: &function) }
    if traits.hasTail {
      i.b = copyList(from: i.b, count: i.c, isTyped: true, of: &function)
    }
    builder.nextHasOneUse = !hasMoreUses[index]
    let value = builder.emit(i)
    builder.nextHasOneUse = false
    rebuilding.values[index] = value.raw
  }

  private mutating func copyList(
    from start: UInt32, count: UInt32, isTyped: Bool, of old: inout Function
  ) -> UInt32 {
    let newStart = builder.function.lists.count
    var k = Int(truncatingIfNeeded: start)
    if isTyped {
      builder.function.lists.append(old.lists[k])
      k &+= 1
    }
    for k in k..<k &+ Int(truncatingIfNeeded: count) {
      let value = new(old.lists[k], of: &old)
      builder.function.lists.append(value)
    }
    return UInt32(truncatingIfNeeded: newStart)
  }

  private mutating func emitHoisted(atEndOf b: Int, of old: inout Function) {
    var next = hoisting.first(atEndOf: b)
    while next != .max {
      let index = Int(truncatingIfNeeded: next)
      builder.origin = old.origins[index]
      if old.instructions.storage[index].opcode == .trapIf {
        emitHoistedCheck(index, of: &old)
      } else {
        copy(old.instructions.storage[index], index, of: &old)
      }
      next = hoisting.next(after: index)
    }
  }

  private mutating func emitHoistedCheck(_ index: Int, of old: inout Function) {
    let check = old.instructions.storage[index]
    let condition = old.instructions[Value(raw: check.a)]
    let address = new(hoisting.checked[index], of: &old)
    let bound = new(condition.b, of: &old)
    let outside = builder.emit(Instruction(condition.opcode, .i32, a: address, b: bound))
    builder.emit(Instruction(.trapIf, .none, aux: check.aux, a: outside.raw))
  }

  // MARK: Terminators

  private mutating func copyTerminator(_ i: Instruction, _ b: Int, of old: inout Function) {
    switch i.opcode {
    case .jump: jump(i.a, b, of: &old)
    case .branch: branch(i, b, of: &old)
    case .branchTable: branchTable(i, b, of: &old)
    case .unwind:
      let exception = new(i.a, of: &old)
      let caught = reach(i.b, of: &old)
      let returned = reach(i.c, of: &old)
      builder.append(Instruction(.unwind, .none, a: exception, b: caught, c: returned))
    case .returns:
      let start = copyList(from: i.b, count: i.c, isTyped: false, of: &old)
      builder.append(Instruction(.returns, .none, b: start, c: i.c))
    case .tailCall, .tailCallReference:
      var call = i
      if i.opcode == .tailCallReference { call.a = new(i.a, of: &old) }
      call.b = copyList(from: i.b, count: i.c, isTyped: true, of: &old)
      builder.append(call)
    default: builder.append(i)
    }
  }

  /// Makes the new edge of an old one.
  private mutating func reach(_ edge: UInt32, of old: inout Function) -> UInt32 {
    let known = rebuilding.edges[Int(truncatingIfNeeded: edge)]
    if known != .max { return known }
    let made = builder.function.edges.append(EdgeData(from: builder.currentBlock, to: .none))
    addEdge(edge, made.raw, of: &old)
    return made.raw
  }

  private mutating func addEdge(_ edge: UInt32, _ made: UInt32, of old: inout Function) {
    let data = old.edges[Edge(raw: edge)]
    let target = old.blocks[data.to]
    rebuilding.edges[Int(truncatingIfNeeded: edge)] = made
    rebuilding.isReached[data.to.index] = true
    rebuilding.argumentStarts.append(UInt32(truncatingIfNeeded: rebuilding.arguments.count))
    rebuilding.sources.append(edge)
    for k in 0..<target.parameterCount {
      let parameter = old.lists[Int(truncatingIfNeeded: target.parameterStart &+ k)]
      let argument = old.lists[Int(truncatingIfNeeded: data.argumentStart &+ k)]
      let isUsed = isLive[Int(truncatingIfNeeded: parameter)] || data.to.raw == 0
      rebuilding.arguments.append(isUsed ? new(argument, of: &old) : .max)
    }
  }

  private mutating func jump(_ edge: UInt32, _ b: Int, of old: inout Function) {
    let target = old.edges[Edge(raw: edge)].to.index
    if continues(target, after: b, of: &old) {
      rebuilding.continuation = UInt32(truncatingIfNeeded: target)
      rebuilding.isReached[target] = true
      passArguments(edge, of: &old)
      return
    }
    let made = reach(edge, of: &old)
    builder.append(Instruction(.jump, .none, a: made))
  }

  /// Parameters of a block that continues the current one are its arguments.
  private mutating func passArguments(_ edge: UInt32, of old: inout Function) {
    let data = old.edges[Edge(raw: edge)]
    let target = old.blocks[data.to]
    for k in 0..<target.parameterCount {
      let parameter = old.lists[Int(truncatingIfNeeded: target.parameterStart &+ k)]
      if !isLive[Int(truncatingIfNeeded: parameter)] { continue }
      let argument = old.lists[Int(truncatingIfNeeded: data.argumentStart &+ k)]
      rebuilding.values[Int(truncatingIfNeeded: parameter)] = new(argument, of: &old)
    }
  }

  /// Whether `target` is the next block to be built and nothing but `b` leads to it.
  private mutating func continues(_ target: Int, after b: Int, of old: inout Function) -> Bool {
    if target <= b || rebuilding.isReached[target] || isLoopHeader(target, of: &old) {
      return false
    }
    var next = b &+ 1
    while next < target {
      if rebuilding.isReached[next] { return false }
      next &+= 1
    }
    return true
  }

  private mutating func branch(_ i: Instruction, _ b: Int, of old: inout Function) {
    if let bits = knownBits(i.a, of: &old) {
      jump(bits != 0 ? i.b : i.c, b, of: &old)
      return
    }
    if isSameTarget(i.b, i.c, of: &old) {
      jump(i.b, b, of: &old)
      return
    }
    let condition = new(i.a, of: &old)
    let (value, isInverted) = builder.function.branchCondition(condition)
    let yes = reach(isInverted ? i.c : i.b, of: &old)
    let no = reach(isInverted ? i.b : i.c, of: &old)
    builder.append(Instruction(.branch, .none, a: value, b: yes, c: no))
  }

  private mutating func isSameTarget(_ x: UInt32, _ y: UInt32, of old: inout Function) -> Bool {
    let first = old.edges[Edge(raw: x)]
    let second = old.edges[Edge(raw: y)]
    if first.to != second.to { return false }
    for k in 0..<old.blocks[first.to].parameterCount {
      let a = old.lists[Int(truncatingIfNeeded: first.argumentStart &+ k)]
      let b = old.lists[Int(truncatingIfNeeded: second.argumentStart &+ k)]
      if a == b { continue }
      let newA = rebuilding.values[Int(truncatingIfNeeded: a)]
      if newA == .max || newA != rebuilding.values[Int(truncatingIfNeeded: b)] { return false }
    }
    return true
  }

  private mutating func branchTable(_ i: Instruction, _ b: Int, of old: inout Function) {
    let start = Int(truncatingIfNeeded: i.b)
    if let bits = knownBits(i.a, of: &old) {
      let k = min(bits, UInt64(truncatingIfNeeded: i.c) &- 1)
      jump(old.lists[start &+ Int(truncatingIfNeeded: k)], b, of: &old)
      return
    }
    var isOne = true
    for k in 1..<max(1, Int(truncatingIfNeeded: i.c)) where isOne {
      isOne = old.lists[start &+ k] == old.lists[start]
    }
    if isOne {
      jump(old.lists[start], b, of: &old)
      return
    }
    let index = new(i.a, of: &old)
    if i.c == 2 {
      let no = reach(old.lists[start], of: &old)
      let yes = reach(old.lists[start &+ 1], of: &old)
      builder.append(Instruction(.branch, .none, a: index, b: yes, c: no))
      return
    }
    let newStart = UInt32(truncatingIfNeeded: builder.function.lists.count)
    for k in start..<start &+ Int(truncatingIfNeeded: i.c) {
      let edge = reach(old.lists[k], of: &old)
      builder.function.lists.append(edge)
    }
    builder.append(Instruction(.branchTable, .none, a: index, b: newStart, c: i.c))
  }

  // MARK: Lists

  /// Gives each new edge its target and arguments, and each new block its predecessors.
  fileprivate mutating func layOutLists(of old: inout Function) {
    for e in 0..<rebuilding.sources.count {
      let source = old.edges[Edge(raw: rebuilding.sources[e])]
      let data = old.blocks[source.to]
      let target = rebuilding.blocks[source.to.index]
      let start = Int(truncatingIfNeeded: rebuilding.argumentStarts[e])
      builder.function.edges[Edge(e)].to = Block(raw: target)
      builder.function.edges[Edge(e)].argumentStart = UInt32(
        truncatingIfNeeded: builder.function.lists.count)
      for k in 0..<data.parameterCount {
        let parameter = old.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)]
        let kept = rebuilding.values[Int(truncatingIfNeeded: parameter)]
        if kept == .max { continue }
        // One that has become its argument is a parameter elsewhere, or none.
        let i = builder.function.instructions[Value(raw: kept)]
        if i.opcode != .param || i.a != target { continue }
        builder.function.lists.append(rebuilding.arguments[start &+ Int(truncatingIfNeeded: k)])
      }
    }
    for b in 0..<old.blocks.count {
      let block = rebuilding.blocks[b]
      if block == .max { continue }
      let data = old.blocks[Block(b)]
      let start = Int(truncatingIfNeeded: data.predecessorStart)
      let newStart = builder.function.lists.count
      for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
        let edge = rebuilding.edges[Int(truncatingIfNeeded: old.lists[k])]
        if edge != .max { builder.function.lists.append(edge) }
      }
      let count = builder.function.lists.count &- newStart
      // A continuation has none of its own.
      if count == 0 { continue }
      builder.function.blocks[Block(raw: block)].predecessorStart = UInt32(
        truncatingIfNeeded: newStart)
      builder.function.blocks[Block(raw: block)].predecessorCount = UInt32(
        truncatingIfNeeded: count)
    }
  }
}
