// SPDX-License-Identifier: Apache-2.0
// Checks every invariant of a function: see `Function`.

import Artefact
import Entities

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

  /// Calls `body` with each value that an instruction reads, but for the arguments of edges.
  fileprivate func forEachOperand<E: Error>(
    _ i: Instruction, _ body: (UInt32) throws(E) -> Void
  ) throws(E) {
    let fields = i.opcode.info.shape.valueFields
    if fields.contains(.a) { try body(i.a) }
    if fields.contains(.b) { try body(i.b) }
    if fields.contains(.c) { try body(i.c) }
    if fields.contains(.list) || fields.contains(.typedList) {
      let start = Int(i.b) + (fields.contains(.typedList) ? 1 : 0)
      for k in start..<start + Int(i.c) { try body(lists[k]) }
    }
  }

  /// The edges of a terminator, repeated ones repeated.
  fileprivate func forEachEdge<E: Error>(
    _ i: Instruction, _ body: (UInt32) throws(E) -> Void
  ) throws(E) {
    switch i.opcode {
    case .jump: try body(i.a)
    case .branch:
      try body(i.b)
      try body(i.c)
    case .branchTable:
      for k in 0..<Int(i.c) { try body(lists[Int(i.b) + k]) }
    default: break
    }
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
    let isCall = [.call, .callReference, .callHelper].contains(
      instructions[Value(before)].opcode.info.shape)
    if !isCall || i.b == 0 { throw fail(value, "this is not a result of a call") }
  }

  private func fieldProblem(_ i: Instruction) -> String? {
    switch i.opcode.info.shape {
    case .constant:
      return i.type.byteCount == 4 && i.c != 0 ? "a constant has bits above its type" : nil
    case .load, .store:
      return i.b >> 31 != 0 ? "an offset is 2^31 or more" : nil
    case .contextLoad, .pointerLoad:
      return i.aux > 1 ? "there is no such flag" : nil
    case .frameLoad, .frameStore:
      return Int(i.b) >= frameVariables.count ? "there is no such frame variable" : nil
    case .callHelper:
      return i.a > 255 || Helper(rawValue: UInt8(i.a)) == nil ? "there is no such helper" : nil
    case .trap, .trapIf:
      return i.aux > 255 || TrapKind(rawValue: UInt8(i.aux)) == nil
        ? "there is no such trap" : nil
    default: return nil
    }
  }

  /// What is wrong with the types of an instruction and its operands.
  private func typeProblem(_ i: Instruction) -> String? {
    let hasValue = i.type != .none
    if hasValue && i.opcode.isTerminator { return "the operation has no result" }
    switch i.opcode.info.shape {
    case .empty, .store, .contextStore, .pointerStore, .frameStore, .jump, .branch, .branchTable,
      .returns, .trap, .trapIf:
      if hasValue { return "the operation has no result" }
    case .call, .callReference, .callHelper: break
    default: if !hasValue { return "the operation has a result" }
    }
    return operandsFit(i) ? nil : "operands or result are of the wrong type"
  }

  private func operandsFit(_ i: Instruction) -> Bool {
    let t = i.type
    switch i.opcode {
    case .nop, .param: return true
    case .iconst: return t.isInteger
    case .fconst: return t.isFloat
    case .add, .sub, .mul, .divS, .divU, .remS, .remU, .and, .or, .xor,
      .shl, .shrS, .shrU, .rotl, .rotr:
      return t.isInteger && type(i.a) == t && type(i.b) == t
    case .clz, .ctz, .popcnt, .extend8S, .extend16S: return t.isInteger && type(i.a) == t
    case .extend32S: return t == .i64 && type(i.a) == .i64
    case .wrap: return t == .i32 && type(i.a) == .i64
    case .extendS, .extendU: return t == .i64 && type(i.a) == .i32
    case .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU:
      return t == .i32 && type(i.a).isInteger && type(i.a) == type(i.b)
    case .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fcopysign:
      return t.isFloat && type(i.a) == t && type(i.b) == t
    case .fneg, .fabs, .fsqrt, .fceil, .ffloor, .ftrunc, .fnearest:
      return t.isFloat && type(i.a) == t
    case .feq, .fne, .flt, .fle, .fgt, .fge:
      return t == .i32 && type(i.a).isFloat && type(i.a) == type(i.b)
    case .truncS, .truncU, .truncSatS, .truncSatU: return t.isInteger && type(i.a).isFloat
    case .convertS, .convertU: return t.isFloat && type(i.a).isInteger
    case .promote: return t == .f64 && type(i.a) == .f32
    case .demote: return t == .f32 && type(i.a) == .f64
    case .reinterpret:
      return t.byteCount == type(i.a).byteCount && t.isFloat != type(i.a).isFloat
    case .select: return type(i.a) == .i32 && type(i.b) == t && type(i.c) == t
    default: return memoryOperandsFit(i)
    }
  }

  private func memoryOperandsFit(_ i: Instruction) -> Bool {
    switch i.opcode {
    case .load: return type(i.a).isInteger
    case .load8S, .load8U, .load16S, .load16U: return type(i.a).isInteger && i.type.isInteger
    case .load32S, .load32U: return type(i.a).isInteger && i.type == .i64
    case .store: return type(i.a).isInteger
    case .store8, .store16: return type(i.a).isInteger && type(i.c).isInteger
    case .store32: return type(i.a).isInteger && type(i.c) == .i64
    case .pointerLoad, .pointerStore, .callReference, .tailCallReference: return type(i.a) == .i64
    // An index that is out of range is `fieldProblem`'s.
    case .frameLoad:
      return Int(i.b) >= frameVariables.count || frameVariables[Int(i.b)] == i.type
    case .frameStore:
      return Int(i.b) >= frameVariables.count || frameVariables[Int(i.b)] == type(i.a)
    case .trapIf, .branch: return type(i.a) == .i32
    case .branchTable: return type(i.a) == .i32 && i.c > 0
    default: return true
    }
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
    switch i.opcode.info.shape {
    case .call, .callReference, .callHelper: try checkRange(f, i.b, i.c + 1, "arguments")
    case .returns, .branchTable: try checkRange(f, i.b, i.c, "a list")
    default: break
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
