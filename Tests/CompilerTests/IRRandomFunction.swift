// SPDX-License-Identifier: Apache-2.0
// Random functions with control flow, for tests of passes, printer, parser and verifier.

import BrolgaArtefact
import BrolgaEntities

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// Builds functions with edges and block parameters without laying out lists by hand.
struct FunctionMaker: ~Copyable {
  var builder = Builder()
  private var arguments: [[Value]] = []

  init() { builder.beginFunction(index: 7, typeIndex: 3) }

  /// An edge from the current block; `bind` gives it its target.
  mutating func edge(_ values: [Value] = []) -> Edge {
    arguments.append(values)
    return builder.function.edges.append(EdgeData(from: builder.currentBlock, to: .none))
  }

  /// Starts a block that `edges` lead to.
  mutating func bind(
    _ edges: [Edge], _ types: [Type] = [], isHeader: Bool = false, depth: Int = 0
  ) -> (block: Block, parameters: [Value]) {
    let block = builder.createBlock(loopDepth: depth)
    builder.beginBlock(block, dominatorDepth: block.raw == 0 ? -1 : 0)
    builder.function.blocks[block].isLoopHeader = isHeader
    for edge in edges { builder.function.edges[edge].to = block }
    let parameters = types.enumerated().map { k, type in
      builder.append(Instruction(.param, type, a: block.raw, b: UInt32(k)))
    }
    builder.function.blocks[block].parameterStart = UInt32(builder.function.lists.count)
    builder.function.blocks[block].parameterCount = UInt32(parameters.count)
    for parameter in parameters { builder.function.lists.append(parameter.raw) }
    return (block, parameters)
  }

  mutating func list(_ raws: [UInt32]) -> UInt32 {
    let start = UInt32(builder.function.lists.count)
    builder.function.lists.append(contentsOf: raws)
    return start
  }

  @discardableResult
  mutating func add(_ instruction: Instruction) -> Value { builder.append(instruction) }

  mutating func jump(_ edge: Edge) { add(Instruction(.jump, .none, a: edge.raw)) }

  mutating func branch(_ condition: Value, _ yes: Edge, _ no: Edge) {
    add(Instruction(.branch, .none, a: condition.raw, b: yes.raw, c: no.raw))
  }

  mutating func table(_ index: Value, _ edges: [Edge]) {
    let start = list(edges.map(\.raw))
    add(Instruction(.branchTable, .none, a: index.raw, b: start, c: UInt32(edges.count)))
  }

  /// Ends the block of a call.
  mutating func unwind(_ exception: Value, _ landing: Edge, _ returned: Edge) {
    add(Instruction(.unwind, .none, a: exception.raw, b: landing.raw, c: returned.raw))
  }

  mutating func returns(_ values: [Value]) {
    let start = list(values.map(\.raw))
    add(Instruction(.returns, .none, b: start, c: UInt32(values.count)))
  }

  /// Lays out arguments and predecessors.
  mutating func finish() {
    var incoming: [[UInt32]] = Array(repeating: [], count: builder.function.blocks.count)
    for (e, values) in arguments.enumerated() {
      let start = list(values.map(\.raw))
      builder.function.edges[Edge(e)].argumentStart = start
      incoming[builder.function.edges[Edge(e)].to.index].append(UInt32(e))
    }
    for (b, edges) in incoming.enumerated() {
      let start = list(edges)
      builder.function.blocks[Block(b)].predecessorStart = start
      builder.function.blocks[Block(b)].predecessorCount = UInt32(edges.count)
    }
  }

  consuming func function() -> Function {
    finish()
    return builder.takeFunction()
  }
}

extension FunctionMaker {
  mutating func load(_ type: Type, at address: UInt32) -> Value {
    let zero = add(.constant(.i32, bits: 0))
    return add(Instruction(.load, type, a: zero.raw, b: address))
  }

  mutating func store(_ value: Value, at address: UInt32) {
    let zero = add(.constant(.i32, bits: 0))
    add(Instruction(.store, .none, a: zero.raw, b: address, c: value.raw))
  }

  mutating func constant(_ vector: V128) -> Value {
    add(Instruction(.vconst, .v128, b: builder.vectorIndex(vector)))
  }

  mutating func shuffle(_ a: Value, _ b: Value, _ pattern: V128) -> Value {
    let index = builder.vectorIndex(pattern)
    return add(Instruction(.vshuffle, .v128, a: a.raw, b: b.raw, c: index))
  }
}

extension Builder {
  /// Moves the function out.
  mutating func takeFunction() -> Function {
    var taken = Function()
    swap(&taken, &function)
    return taken
  }
}

/// A random structured program over seven variables. Every join and every loop takes all of them
/// as parameters, needed or not.
struct RandomFunction: ~Copyable {
  static let types: [Type] = [.i32, .i32, .i64, .i64, .f64, .v128, .v128]

  /// Of a vector both halves.
  static func arguments(using random: inout SeededGenerator) -> [UInt64] {
    types.flatMap { type -> [UInt64] in
      if type != .v128 { return [interestingBits(type, using: &random)] }
      let shape = LaneShape.allCases.randomElement(using: &random)!
      let vector = interestingVector(shape, using: &random)
      return [vector.low, vector.high]
    }
  }

  private var maker = FunctionMaker()
  private var random: SeededGenerator
  private var variables: [Value] = []
  private var depth = 0
  private var statementsLeft: Int
  private var isOpen = true

  static func make(seed: UInt64, statements: Int = 40) -> Function {
    var program = RandomFunction(seed: seed, statements: statements)
    return program.build()
  }

  private init(seed: UInt64, statements: Int) {
    random = SeededGenerator(seed: seed)
    statementsLeft = statements
  }

  private mutating func build() -> Function {
    maker.builder.function.frameVariables.append(.i64)
    maker.builder.function.frameVariables.append(.v128)
    variables = maker.bind([], Self.types).parameters
    while statementsLeft > 0 && isOpen { statement(nesting: 0) }
    if isOpen { maker.returns(variables) }
    var done = FunctionMaker()
    swap(&done, &maker)
    return done.function()
  }

  private mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

  private mutating func pick(_ type: Type) -> Value {
    let all = Self.types.indices.filter { Self.types[$0] == type }
    if type == .v128 && chance(3) {
      let shape = LaneShape.allCases.randomElement(using: &random)!
      return maker.constant(interestingVector(shape, using: &random))
    }
    if all.isEmpty || type != .v128 && chance(3) {
      return maker.add(.constant(type, bits: interestingBits(type, using: &random)))
    }
    return variables[all.randomElement(using: &random)!]
  }

  private mutating func assign(_ value: Value) {
    let type = maker.builder.type(value)
    let all = Self.types.indices.filter { Self.types[$0] == type }
    if let k = all.randomElement(using: &random) { variables[k] = value }
  }

  private mutating func statement(nesting: Int) {
    statementsLeft -= 1
    maker.builder.origin += 3
    let kind = Int.random(in: 0..<(nesting < 5 ? 22 : 12), using: &random)
    switch kind {
    case 0..<3: operation()
    case 3, 4: vectorOperation()
    case 5: memory()
    case 6: for value in call() { assign(value) }
    case 7: context()
    case 8:
      let condition = pick(.i32)
      if chance(4) { maker.add(Instruction(.trapIf, .none, aux: 1, a: condition.raw)) }
    case 9, 10: operation()
    case 11: vectorOperation()
    case 12..<15: conditional(nesting)
    case 15..<18: loop(nesting)
    case 18: multiway(nesting)
    case 19, 20: scope(nesting)
    default: if nesting > 0 && chance(2) { leave() } else { operation() }
    }
  }

  private mutating func statements(nesting: Int) {
    let count = Int.random(in: 0..<5, using: &random)
    for _ in 0..<count where isOpen && statementsLeft > 0 { statement(nesting: nesting) }
  }

  private mutating func operation() {
    for _ in 0..<Int.random(in: 1..<4, using: &random) {
      let signature = Signature.all.randomElement(using: &random)!
      if signature.opcode.info.effects.canTrap && !chance(10) { continue }
      let operands = signature.operands.map { pick($0).raw } + [0, 0]
      assign(
        maker.add(
          Instruction(
            signature.opcode, signature.result, a: operands[0],
            b: signature.operands.count > 1 ? operands[1] : 0,
            c: signature.operands.count > 2 ? operands[2] : 0)))
    }
  }

  private mutating func vectorOperation() {
    for _ in 0..<Int.random(in: 1..<4, using: &random) {
      let value: Value
      if chance(4) {
        let condition = pick(.i32).raw
        let choice = [pick(.v128).raw, pick(.v128).raw]
        value = maker.add(
          Instruction(.select, .v128, a: condition, b: choice[0], c: choice[1]))
      } else if chance(4) {
        let operands = [pick(.v128), pick(.v128)]
        value = maker.shuffle(operands[0], operands[1], randomPattern(using: &random))
      } else {
        let signature = VectorSignature.all.randomElement(using: &random)!
        var instruction = signature.instruction(signature.operands.map { pick($0).raw })
        if signature.opcode == .vshuffle {
          instruction.c = maker.builder.vectorIndex(randomPattern(using: &random))
        }
        value = maker.add(instruction)
      }
      assign(value)
    }
  }

  private mutating func memory() {
    let address = chance(3) ? wideAddress() : pick(.i32)
    if chance(4) {
      if chance(2) {
        let value = pick(.v128)
        maker.add(Instruction(.store, .none, a: address.raw, b: 16, c: value.raw))
      } else {
        assign(maker.add(Instruction(.load, .v128, a: address.raw, b: 16)))
      }
    } else if chance(2) {
      let value = pick(.i64)
      let opcode: Opcode = [.store, .store8, .store16, .store32].randomElement(using: &random)!
      maker.add(Instruction(opcode, .none, a: address.raw, b: 16, c: value.raw))
    } else {
      let opcode: Opcode = [.load, .load8U, .load16S, .load32U].randomElement(using: &random)!
      assign(maker.add(Instruction(opcode, .i64, a: address.raw, b: 16)))
    }
  }

  /// An address of a 64-bit memory, checked.
  private mutating func wideAddress() -> Value {
    let bits: UInt64 = chance(3) ? 0x7_ffff_ffff : 0xffff
    let mask = maker.add(.constant(.i64, bits: bits))
    let address = maker.add(Instruction(.and, .i64, a: pick(.i64).raw, b: mask.raw))
    let bound = maker.add(.constant(.i64, bits: MemoryReservation.indexBytes(is64: true)))
    let outside = maker.add(Instruction(.geU, .i32, a: address.raw, b: bound.raw))
    maker.add(
      Instruction(
        .trapIf, .none, aux: UInt16(TrapKind.memoryOutOfBounds.rawValue), a: outside.raw))
    return address
  }

  /// What is to be assigned of its results.
  ///
  /// - Parameter kinds: of a function, by reference, of a helper.
  private mutating func call(_ kinds: Range<Int> = 0..<3) -> [Value] {
    let arguments = (0..<Int.random(in: 0..<3, using: &random)).map { _ in
      pick(chance(4) ? .v128 : .i64).raw
    }
    let start = maker.list([9] + arguments)
    let count = UInt32(arguments.count)
    switch Int.random(in: kinds, using: &random) {
    case 0:
      let call = maker.add(Instruction(.call, .i32, a: 12, b: start, c: count))
      let second = maker.add(Instruction(.result, .i64, a: call.raw, b: 1))
      let third = maker.add(Instruction(.result, chance(2) ? .f64 : .v128, a: call.raw, b: 2))
      return [call] + (chance(2) ? [second] : []) + (chance(2) ? [third] : [])
    case 1:
      let record = pick(.i64)
      let start = maker.list([9] + arguments)
      maker.add(Instruction(.callReference, .none, a: record.raw, b: start, c: count))
      return []
    default: return [maker.add(Instruction(.callHelper, .i64, a: 1, b: start, c: count))]
    }
  }

  /// Calls whose exceptions lead to one landing, each with the variables as they are there.
  private mutating func scope(_ nesting: Int) {
    var landings: [Edge] = []
    repeat {
      let results = call(0..<2)
      let exception = maker.add(Instruction(.caught, .i64))
      let landing = maker.edge(variables + [exception])
      let returned = maker.edge()
      maker.unwind(exception, landing, returned)
      landings.append(landing)
      _ = maker.bind([returned], depth: depth)
      for value in results { assign(value) }
      statements(nesting: nesting + 1)
    } while isOpen && chance(2)
    var exits: [Edge] = []
    jumpOut(&exits)
    variables = maker.bind(landings, Self.types + [.i64], depth: depth).parameters
    assign(variables.removeLast())
    isOpen = true
    statements(nesting: nesting + 1)
    jumpOut(&exits)
    join(exits)
  }

  private mutating func context() {
    let value = pick(.i64)
    switch Int.random(in: 0..<9, using: &random) {
    case 0: assign(maker.add(Instruction(.contextLoad, .i64, b: 8)))
    case 1: assign(maker.add(Instruction(.contextLoad, .i64, aux: Instruction.readOnly, b: 8)))
    case 2: maker.add(Instruction(.contextStore, .none, a: value.raw, b: 24))
    case 3:
      assign(
        maker.add(
          Instruction(.pointerLoad, .i64, aux: Instruction.readOnly, a: value.raw, b: 8)))
    case 4: assign(maker.add(Instruction(.frameLoad, .i64)))
    case 5: assign(maker.add(Instruction(.frameLoad, .v128, b: 1)))
    case 6:
      let vector = pick(.v128)
      maker.add(Instruction(.frameStore, .none, a: vector.raw, b: 1))
    case 7:
      let vector = pick(.v128)
      maker.add(
        chance(2)
          ? Instruction(.contextStore, .none, a: vector.raw, b: 48)
          : Instruction(.pointerStore, .none, a: value.raw, b: 48, c: vector.raw))
    default: maker.add(Instruction(.frameStore, .none, a: value.raw))
    }
  }

  private mutating func leave() {
    if chance(3) {
      maker.add(Instruction(.trap, .none, aux: 1))
    } else {
      maker.returns(chance(2) ? variables : [])
    }
    isOpen = false
  }

  /// Goes on where `edges` meet; nowhere if there are none.
  private mutating func join(_ edges: [Edge]) {
    isOpen = !edges.isEmpty
    if isOpen { variables = maker.bind(edges, Self.types, depth: depth).parameters }
  }

  private mutating func arm(_ entry: Edge, _ nesting: Int, _ exits: inout [Edge]) {
    _ = maker.bind([entry], depth: depth)
    isOpen = true
    statements(nesting: nesting + 1)
    jumpOut(&exits)
  }

  private mutating func jumpOut(_ exits: inout [Edge]) {
    if !isOpen { return }
    let exit = maker.edge(variables)
    maker.jump(exit)
    exits.append(exit)
  }

  /// A test of a vector among others.
  private mutating func condition() -> Value {
    if !chance(4) { return pick(.i32) }
    let shape: LaneShape = [.i8x16, .i16x8, .i32x4, .i64x2].randomElement(using: &random)!
    let operands = [pick(.v128).raw, pick(.v128).raw]
    let mask = maker.add(
      Instruction(.veq, .v128, lanes: shape, a: operands[0], b: operands[1]))
    let tested = chance(2) ? mask.raw : operands[0]
    switch Int.random(in: 0..<3, using: &random) {
    case 0: return maker.add(Instruction(.anyTrue, .i32, a: tested))
    case 1: return maker.add(Instruction(.allTrue, .i32, lanes: shape, a: tested))
    default: return maker.add(Instruction(.bitmask, .i32, lanes: shape, a: tested))
    }
  }

  private mutating func conditional(_ nesting: Int) {
    let condition = condition()
    let saved = variables
    var exits: [Edge] = []
    if chance(2) {
      let yes = maker.edge()
      let no = maker.edge(variables)
      maker.branch(condition, yes, no)
      exits.append(no)
      arm(yes, nesting, &exits)
    } else {
      let yes = maker.edge()
      let no = maker.edge()
      maker.branch(condition, yes, no)
      arm(yes, nesting, &exits)
      variables = saved
      arm(no, nesting, &exits)
    }
    join(exits)
  }

  private mutating func loop(_ nesting: Int) {
    let entry = maker.edge(variables)
    maker.jump(entry)
    depth += 1
    let (header, parameters) = maker.bind([entry], Self.types, isHeader: true, depth: depth)
    variables = parameters
    // So that the interpreter's fuel runs out.
    maker.add(Instruction(.contextStore, .none, a: variables[2].raw, b: 32))
    statements(nesting: nesting + 1)
    var exits: [Edge] = []
    if isOpen {
      let condition = condition()
      let back = maker.edge(variables)
      let exit = maker.edge(variables)
      maker.builder.function.edges[back].to = header
      if chance(2) {
        maker.branch(condition, back, exit)
      } else {
        maker.branch(condition, exit, back)
      }
      exits.append(exit)
    }
    depth -= 1
    join(exits)
  }

  private mutating func multiway(_ nesting: Int) {
    let index = pick(.i32)
    let saved = variables
    let count = Int.random(in: 1..<4, using: &random)
    var edges: [Edge] = []
    for _ in 0..<count { edges.append(maker.edge()) }
    var entries = edges
    if chance(2) { entries.append(edges[0]) }
    maker.table(index, entries)
    var exits: [Edge] = []
    for edge in edges {
      variables = saved
      arm(edge, nesting, &exits)
    }
    join(exits)
  }
}
