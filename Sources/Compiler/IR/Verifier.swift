// SPDX-License-Identifier: Apache-2.0
// Checks every invariant of a function: see `Function`.

import BrolgaArtefact
import BrolgaEntities

/// Which invariant a function breaks, and where.
package struct VerifierError: Error, CustomStringConvertible {
  package var message: String
  /// The line of `Function.text` that it is about, from 1; 0 where there is none.
  package var line: Int
  /// That line's text.
  package var context: String
  package var description: String {
    line == 0 ? message : "line \(line): \(message): \(context)"
  }
}

extension Function {
  /// Checks all invariants.
  ///
  /// Cost: near-linear; nothing recurses. Dominators are computed here by another method than
  /// the passes use, and without relying on the order of blocks.
  package func verify() throws(VerifierError) {
    let structure = Structure()
    try structure.checkTables(self)
    try structure.checkEdges(self)
    var dominators = VerifierDominators()
    dominators.compute(self)
    try checkLoops(dominators)
    for b in blocks.storage.indices {
      let data = blocks[Block(b)]
      for i in Int(data.instructionStart)..<Int(data.instructionEnd) {
        try checkInstruction(Value(i), in: Block(b))
        if dominators.isReachable(Block(b)) {
          try checkDominance(Value(i), in: Block(b), dominators)
        }
      }
    }
  }

  fileprivate func fail(_ value: Value, _ message: String) -> VerifierError {
    VerifierError(message: message, line: textLine(of: value), context: line(of: value))
  }

  /// The line of `text` that shows an instruction.
  private func textLine(of value: Value) -> Int {
    var line = frameVariables.isEmpty ? 1 : 2
    for b in blocks.storage.indices {
      line += 1
      let data = blocks[Block(b)]
      for i in Int(data.instructionStart)..<Int(data.instructionEnd) {
        if instructions[Value(i)].opcode != .param { line += 1 }
        if i == value.index { return line }
      }
    }
    return 0
  }

  // MARK: Loops and dominance

  private func checkLoops(_ dominators: borrowing VerifierDominators) throws(VerifierError) {
    for e in edges.storage.indices {
      let edge = edges[Edge(e)]
      if edge.to > edge.from { continue }
      let terminator = Value(Int(blocks[edge.from].instructionEnd) - 1)
      if !blocks[edge.to].isLoopHeader {
        throw fail(terminator, "an edge leads back to \(edge.to), which is not a loop header")
      }
      if dominators.isReachable(edge.from) && !dominators.dominates(edge.to, edge.from) {
        throw fail(terminator, "the loop at \(edge.to) is entered past its header")
      }
    }
  }

  private func checkDominance(
    _ value: Value, in block: Block, _ dominators: borrowing VerifierDominators
  ) throws(VerifierError) {
    let i = instructions[value]
    func check(_ used: UInt32) throws(VerifierError) {
      let definition = instructions[Value(raw: used)]
      if definition.opcode == .param {
        if dominators.dominates(Block(raw: definition.a), block) { return }
      } else {
        let home = dominators.block(of: Value(raw: used))
        if home == block {
          if used < value.raw { return }
        } else if dominators.dominates(home, block) {
          return
        }
      }
      throw fail(value, "v\(used) does not dominate its use")
    }
    try forEachOperand(i) { (used) throws(VerifierError) in try check(used) }
    try forEachEdge(i) { (raw) throws(VerifierError) in
      let edge = edges[Edge(raw: raw)]
      for k in 0..<Int(blocks[edge.to].parameterCount) {
        try check(lists[Int(edge.argumentStart) + k])
      }
    }
  }

  // MARK: Instructions

  private func checkInstruction(_ value: Value, in block: Block) throws(VerifierError) {
    let i = instructions[value]
    let isLast = value.raw + 1 == blocks[block].instructionEnd
    if i.opcode.isTerminator != isLast {
      throw fail(value, isLast ? "the block ends in no terminator" : "a terminator inside a block")
    }
    // `checkTables` has seen to parameters.
    if i.opcode == .param { return }
    try forEachOperand(i) { (used) throws(VerifierError) in
      if Int(used) >= instructions.count { throw fail(value, "v\(used) does not exist") }
      if instructions[Value(raw: used)].type == .none {
        throw fail(value, "v\(used) has no value")
      }
    }
    if let problem = typeProblem(i) { throw fail(value, problem) }
    if let problem = fieldProblem(i) { throw fail(value, problem) }
    if i.opcode == .result { try checkResult(value) }
    if i.opcode == .caught { try checkCaught(value, in: block) }
    if i.opcode == .unwind {
      // Where it stands in the block is seen to by `checkCaught`.
      let isHere = i.a >= blocks[block].instructionStart && i.a < value.raw
      guard isHere, instructions[Value(raw: i.a)].opcode == .caught else {
        throw fail(value, "it tests no caught exception")
      }
    }
    try forEachEdge(i) { (raw) throws(VerifierError) in
      let edge = edges[Edge(raw: raw)]
      for k in 0..<Int(blocks[edge.to].parameterCount) {
        let argument = lists[Int(edge.argumentStart) + k]
        if Int(argument) >= instructions.count {
          throw fail(value, "v\(argument) does not exist")
        }
        let parameter = lists[Int(blocks[edge.to].parameterStart) + k]
        if type(argument) != type(parameter) {
          throw fail(value, "argument v\(argument) is not of the type of v\(parameter)")
        }
      }
    }
  }

  private func type(_ raw: UInt32) -> Type { instructions[Value(raw: raw)].type }

  /// Results stand after their call, in order; parameters and gaps between do not matter.
  private func checkResult(_ value: Value) throws(VerifierError) {
    let i = instructions[value]
    var before = value.index - 1
    while before >= 0 {
      let other = instructions[Value(before)]
      if other.opcode == .result && other.a == i.a {
        if other.b >= i.b { throw fail(value, "results are out of order") }
      } else if other.opcode != .param && other.opcode != .nop {
        break
      }
      before -= 1
    }
    if before != Int(i.a) { throw fail(value, "a result does not follow its call") }
    let isCall = instructions[Value(before)].opcode.info.shape.hasResult == nil
    if !isCall || i.b == 0 { throw fail(value, "this is not a result of a call") }
  }

  /// A caught exception stands after a call and its results, and before the terminator that tests it;
  /// constants do not matter.
  private func checkCaught(_ value: Value, in block: Block) throws(VerifierError) {
    let data = blocks[block]
    func isOther(_ i: Instruction) -> Bool {
      i.opcode != .param && i.opcode != .nop && !i.opcode.isAnyConstant
    }
    var before = value.index - 1
    while before >= Int(data.instructionStart) {
      let other = instructions[Value(before)]
      if isOther(other) && other.opcode != .result { break }
      before -= 1
    }
    let call = before < Int(data.instructionStart) ? Opcode.nop : instructions[Value(before)].opcode
    if call != .call && call != .callReference {
      throw fail(value, "no call stands before it")
    }
    for next in value.index + 1..<Int(data.instructionEnd) {
      let other = instructions[Value(next)]
      if other.opcode == .unwind && other.a == value.raw { return }
      if isOther(other) { break }
    }
    throw fail(value, "no unwind follows it")
  }

  private func fieldProblem(_ i: Instruction) -> String? {
    let fields = i.opcode.info.shape.fields
    for (field, raw) in [
      (fields.a, i.a), (fields.b, i.b), (fields.c, i.c), (fields.aux, UInt32(i.aux)),
    ] {
      switch field {
      case .highBits:
        if i.type.byteCount == 4 && raw != 0 { return "a constant has bits above its type" }
      case .memoryOffset: if raw >> 31 != 0 { return "an offset is 2^31 or more" }
      case .byteCount:
        if !Instruction.blockBytes.contains(raw) { return "a block has too many bytes, or none" }
      case .readOnly: if raw > 1 { return "there is no such flag" }
      case .frameVariable:
        if Int(raw) >= frameVariables.count { return "there is no such frame variable" }
      case .helper:
        if raw > 255 || Helper(rawValue: UInt8(raw)) == nil { return "there is no such helper" }
      case .trapKind:
        if raw > 255 || TrapKind(rawValue: UInt8(raw)) == nil { return "there is no such trap" }
      case .count:
        if fields.list == .edges && raw == 0 { return "a table has no targets" }
      case .vector: if Int(raw) >= vectors.count { return "there is no such vector" }
      case .lanes, .lane:
        guard let shape = LaneShape(rawValue: UInt8(truncatingIfNeeded: raw)),
          Int(raw >> 8) < (field == .lane ? shape.laneCount : 1)
        else { return "there are no such lanes" }
      case .unused, .value, .edge, .list, .block, .position, .lowBits, .memory, .memories,
        .byteOffset,
        .function, .resultIndex:
        break
      }
    }
    return nil
  }

  /// What is wrong with the types of an instruction and its operands.
  private func typeProblem(_ i: Instruction) -> String? {
    let hasValue = i.type != .none
    if hasValue && i.opcode.isTerminator { return "the operation has no result" }
    if let hasResult = i.opcode.info.shape.hasResult, hasResult != hasValue {
      return hasResult ? "the operation has a result" : "the operation has no result"
    }
    return operandsFit(i) ? nil : "operands or result are of the wrong type"
  }

  private func operandsFit(_ i: Instruction) -> Bool {
    let t = i.type
    var operands: [Type] = []
    forEachOperand(i) { operands.append(type($0)) }
    /// The types of the first operand and the last; of one that has none, `none`.
    let first = operands.first ?? .none
    let last = operands.last ?? .none
    switch i.opcode.info.typing {
    case .any: return true
    case .integerConstant: return t.isInteger
    case .floatConstant: return t.isFloat
    case .integer: return t.isInteger && operands.allSatisfy { $0 == t }
    case .wide: return t == .i64 && operands.allSatisfy { $0 == t }
    case .float: return t.isFloat && operands.allSatisfy { $0 == t }
    case .integerComparison: return t == .i32 && first.isInteger && first == last
    case .floatComparison: return t == .i32 && first.isFloat && first == last
    case .wrapping: return t == .i32 && first == .i64
    case .widening: return t == .i64 && first == .i32
    case .truncation: return t.isInteger && first.isFloat
    case .conversion: return t.isFloat && first.isInteger
    case .promotion: return t == .f64 && first == .f32
    case .demotion: return t == .f32 && first == .f64
    case .reinterpretation: return t.byteCount == first.byteCount && t.isFloat != first.isFloat
    case .selection: return first == .i32 && operands[1] == t && last == t
    case .access: return first.isInteger
    // What is loaded is the result; what is stored the last operand.
    case .integerAccess: return first.isInteger && (t == .none ? last : t).isInteger
    case .wideAccess: return first.isInteger && (t == .none ? last : t) == .i64
    case .copy: return first.isInteger && last.isInteger
    case .fill: return first.isInteger && last == .i32
    case .pointer: return first == .i64
    case .frameVariable:
      // An index that is out of range is `fieldProblem`'s.
      return Int(i.b) >= frameVariables.count
        || frameVariables[Int(i.b)] == (t == .none ? last : t)
    case .condition: return first == .i32
    case .vector: return t == .v128 && operands.allSatisfy { $0 == t }
    case .vectorShift: return t == .v128 && first == t && last == .i32
    case .vectorTest: return t == .i32 && first == .v128
    case .fromLane: return t == .v128 && first == i.checkedLanes?.scalar
    case .toLane: return t == i.checkedLanes?.scalar && first == .v128
    case .intoLane: return t == .v128 && first == t && last == i.checkedLanes?.scalar
    }
  }
}

extension Instruction {
  fileprivate var checkedLanes: LaneShape? {
    LaneShape(rawValue: UInt8(truncatingIfNeeded: aux))
  }
}

// MARK: Tables

/// What must hold before anything else can be looked at: indices within their tables.
private struct Structure {
  func checkTables(_ f: borrowing Function) throws(VerifierError) {
    if f.origins.count != f.instructions.count { throw error("origins do not match instructions") }
    if f.blocks.count == 0 { throw error("there is no block") }
    var next = 0
    var parameters = 0
    for b in f.blocks.storage.indices {
      let data = f.blocks[Block(b)]
      if Int(data.instructionStart) < next || data.instructionEnd <= data.instructionStart {
        throw error("b\(b) starts before the end of the block before, or is empty")
      }
      try checkGap(f, next, Int(data.instructionStart))
      next = Int(data.instructionEnd)
      if next > f.instructions.count { throw error("b\(b) ends beyond the instructions") }
      try checkRange(f, data.parameterStart, data.parameterCount, "parameters of b\(b)")
      try checkRange(f, data.predecessorStart, data.predecessorCount, "predecessors of b\(b)")
      for k in 0..<data.parameterCount {
        let raw = f.lists[Int(data.parameterStart + k)]
        if Int(raw) >= f.instructions.count { throw error("v\(raw) does not exist") }
        let i = f.instructions[Value(raw: raw)]
        if i.opcode != .param || i.type == .none || i.a != UInt32(b) || i.b != k {
          throw error("v\(raw) is not parameter \(k) of b\(b)")
        }
      }
      parameters += Int(data.parameterCount)
    }
    try checkGap(f, next, f.instructions.count)
    for i in f.instructions.storage.indices {
      let instruction = f.instructions[Value(i)]
      if instruction.opcode == .param { parameters -= 1 }
      try checkLists(f, instruction)
    }
    if parameters != 0 { throw error("a param is not among the parameters of a block") }
  }

  /// Outside all blocks there is nothing but parameters.
  private func checkGap(
    _ f: borrowing Function, _ start: Int, _ end: Int
  ) throws(VerifierError) {
    for i in start..<max(start, min(end, f.instructions.count)) {
      let opcode = f.instructions[Value(i)].opcode
      if opcode != .param && opcode != .nop { throw error("v\(i) is outside all blocks") }
    }
  }

  private func checkLists(
    _ f: borrowing Function, _ i: Instruction
  ) throws(VerifierError) {
    switch i.opcode.info.shape.fields.list {
    case .none: break
    case .typedArguments, .helperArguments: try checkRange(f, i.b, i.c + 1, "arguments")
    case .values, .edges: try checkRange(f, i.b, i.c, "a list")
    }
  }

  private func checkRange(
    _ f: borrowing Function, _ start: UInt32, _ count: UInt32, _ what: String
  ) throws(VerifierError) {
    if count > 0 && Int(start) + Int(count) > f.lists.count {
      throw error("\(what) lie outside the lists")
    }
  }

  /// Each edge belongs to one terminator and to one list of predecessors.
  func checkEdges(_ f: borrowing Function) throws(VerifierError) {
    var owners = Vector<UInt32>()
    owners.reset(count: f.edges.count, to: .max)
    for b in f.blocks.storage.indices {
      let terminator = f.instructions[Value(Int(f.blocks[Block(b)].instructionEnd) - 1)]
      try f.forEachEdge(terminator) { (raw) throws(VerifierError) in
        if Int(raw) >= f.edges.count { throw error("e\(raw) does not exist") }
        let edge = f.edges[Edge(raw: raw)]
        if edge.from.raw != UInt32(b) { throw error("e\(raw) does not come from b\(b)") }
        if Int(edge.to.raw) >= f.blocks.count { throw error("e\(raw) leads to no block") }
        let isNew = owners[Int(raw)] == .max
        if !isNew && terminator.opcode != .branchTable { throw error("e\(raw) is used twice") }
        owners[Int(raw)] = UInt32(b)
        try checkRange(
          f, edge.argumentStart, f.blocks[edge.to].parameterCount, "arguments of e\(raw)")
      }
    }
    for e in owners.indices where owners[e] == .max { throw error("e\(e) has no terminator") }
    for b in f.blocks.storage.indices {
      let data = f.blocks[Block(b)]
      for k in 0..<Int(data.predecessorCount) {
        let raw = f.lists[Int(data.predecessorStart) + k]
        if Int(raw) >= f.edges.count || owners[Int(raw)] == .max {
          throw error("b\(b) has a predecessor that does not exist, or has it twice")
        }
        if f.edges[Edge(raw: raw)].to.raw != UInt32(b) {
          throw error("e\(raw) does not lead to b\(b)")
        }
        owners[Int(raw)] = .max
      }
    }
    for e in owners.indices where owners[e] != .max {
      throw error("e\(e) is not among the predecessors of its target")
    }
    if f.blocks[Block(raw: 0)].predecessorCount != 0 { throw error("the entry has predecessors") }
  }

  private func error(_ message: String) -> VerifierError {
    VerifierError(message: message, line: 0, context: "")
  }
}

/// Dominators by the semi-NCA method (Georgiadis, 2005): near-linear, without recursion.
struct VerifierDominators: ~Copyable {
  /// Per block: its number in the depth-first walk, or `.max` where it is unreachable.
  private var number = Vector<UInt32>()
  /// The following are indexed by that number.
  private var blocks = Vector<Block>()
  private var parent = Vector<UInt32>()
  private var ancestor = Vector<UInt32>()
  private var semi = Vector<UInt32>()
  private var label = Vector<UInt32>()
  private var idom = Vector<UInt32>()
  /// The dominator tree's nodes below `n` are numbered `start[n] ..< start[n] + size[n]`.
  private var start = Vector<UInt32>()
  private var size = Vector<UInt32>()
  /// Per instruction: its block.
  private var home = Vector<UInt32>()

  init() {}

  func isReachable(_ block: Block) -> Bool { number[block.index] != .max }
  func block(of value: Value) -> Block { Block(raw: home[value.index]) }

  func dominates(_ a: Block, _ b: Block) -> Bool {
    if !isReachable(a) || !isReachable(b) { return false }
    let x = Int(number[a.index])
    let y = Int(number[b.index])
    return start[x] <= start[y] && start[y] < start[x] + size[x]
  }

  mutating func compute(_ f: borrowing Function) {
    home.reset(count: f.instructions.count, to: .max)
    for b in f.blocks.storage.indices {
      let data = f.blocks[Block(b)]
      for i in data.instructionStart..<data.instructionEnd { home[Int(i)] = UInt32(b) }
    }
    walk(f)
    let count = blocks.count
    semi.removeAll()
    label.removeAll()
    for n in 0..<count {
      semi.append(UInt32(n))
      label.append(UInt32(n))
    }
    ancestor.reset(count: count, to: .max)
    idom.reset(count: count, to: 0)
    for n in stride(from: count - 1, to: 0, by: -1) {
      let data = f.blocks[blocks[n]]
      for k in 0..<Int(data.predecessorCount) {
        let edge = f.edges[Edge(raw: f.lists[Int(data.predecessorStart) + k])]
        let from = number[edge.from.index]
        if from == .max { continue }
        semi[n] = min(semi[n], semi[Int(evaluate(from))])
      }
      label[n] = UInt32(n)
      ancestor[n] = parent[n]
    }
    for n in 1..<max(1, count) {
      var candidate = parent[n]
      while candidate > semi[n] { candidate = idom[Int(candidate)] }
      idom[n] = candidate
    }
    numberTree(count)
  }

  private mutating func walk(_ f: borrowing Function) {
    number.reset(count: f.blocks.count, to: .max)
    blocks.removeAll()
    parent.removeAll()
    var stack: [(block: Block, parent: UInt32)] = [(Block(raw: 0), 0)]
    while let next = stack.popLast() {
      if number[next.block.index] != .max { continue }
      let n = UInt32(blocks.count)
      number[next.block.index] = n
      blocks.append(next.block)
      parent.append(next.parent)
      let end = Int(f.blocks[next.block].instructionEnd)
      f.forEachEdge(f.instructions[Value(end - 1)]) { raw in
        let to = f.edges[Edge(raw: raw)].to
        if number[to.index] == .max { stack.append((to, n)) }
      }
    }
  }

  /// The node with the lowest semidominator on the path from `n` up to the root of its tree, the
  /// root left out; compresses the path.
  private mutating func evaluate(_ n: UInt32) -> UInt32 {
    if ancestor[Int(n)] == .max { return n }
    var path: [Int] = []
    var current = Int(n)
    while ancestor[Int(ancestor[current])] != .max {
      path.append(current)
      current = Int(ancestor[current])
    }
    // `current` is just below the root; what was below it follows, from the top down.
    while let below = path.popLast() {
      let above = Int(ancestor[below])
      if semi[Int(label[above])] < semi[Int(label[below])] { label[below] = label[above] }
      ancestor[below] = ancestor[current]
    }
    return label[Int(n)]
  }

  private mutating func numberTree(_ count: Int) {
    size.reset(count: count, to: 1)
    start.reset(count: count, to: 0)
    var next = Vector<UInt32>()
    next.reset(count: count, to: 1)
    for n in stride(from: count - 1, to: 0, by: -1) { size[Int(idom[n])] += size[n] }
    for n in 1..<max(1, count) {
      let above = Int(idom[n])
      start[n] = next[above]
      next[above] += size[n]
      next[n] = start[n] + 1
    }
  }
}
