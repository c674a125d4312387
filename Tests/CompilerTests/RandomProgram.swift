// SPDX-License-Identifier: Apache-2.0
// Random programs: control flow, calls, memory.

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// Random functions that call those with higher indices, with loops that end.
struct RandomProgram: ~Copyable {
  static let frameVariables: [Type] = [.i64, .i32, .f64, .v128]

  private var maker = FunctionMaker()
  private var random: SeededGenerator
  private let signatures: [TestSignature]
  private let index: Int
  /// Values in scope, most recent last.
  private var values: [Value] = []
  private var depth = 0
  private var statementsLeft = 30
  private var isOpen = true

  static func signatures(seed: UInt64, count: Int) -> [TestSignature] {
    var random = SeededGenerator(seed: seed ^ 0x5555)
    func types(_ limit: Int) -> [Type] {
      (0..<Int.random(in: 0...limit, using: &random)).map { _ in
        [Type.i32, .i64, .f32, .f64, .i32, .i64, .v128].randomElement(using: &random)!
      }
    }
    var all = [
      TestSignature(parameters: [.i32, .i64, .i32, .i64, .f32, .f64], results: [.i64])
    ]
    for _ in 1..<count { all.append(TestSignature(parameters: types(24), results: types(20))) }
    return all
  }

  static func function(seed: UInt64, index: Int, signatures: [TestSignature]) -> Function {
    var program = RandomProgram(
      random: SeededGenerator(seed: seed &* 31 &+ UInt64(index)), signatures: signatures,
      index: index)
    return program.build()
  }

  private init(random: SeededGenerator, signatures: [TestSignature], index: Int) {
    self.random = random
    self.signatures = signatures
    self.index = index
  }

  private mutating func build() -> Function {
    maker.builder.function.index = UInt32(index)
    maker.builder.function.typeIndex = UInt32(index)
    for type in Self.frameVariables { maker.builder.function.frameVariables.append(type) }
    values = maker.bind([], signatures[index].parameters).parameters
    // Nothing else gives them a value.
    for (k, type) in Self.frameVariables.enumerated() {
      maker.add(Instruction(.frameStore, .none, a: constant(type, 0).raw, b: UInt32(k)))
    }
    while statementsLeft > 0 && isOpen { statement(nesting: 0) }
    if isOpen { finish() }
    var done = FunctionMaker()
    swap(&done, &maker)
    return done.function()
  }

  private mutating func finish() {
    let results = signatures[index].results.map { pick($0) }
    // So that what was computed is seen.
    for _ in 0..<4 {
      let type = [Type.i32, .i64, .v128].randomElement(using: &random)!
      storeSomewhere(pick(type))
    }
    maker.returns(results)
    isOpen = false
  }

  private mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

  private mutating func constant(_ type: Type, _ bits: UInt64) -> Value {
    type == .v128
      ? maker.constant(V128(low: bits, high: 0)) : maker.add(.constant(type, bits: bits))
  }

  private mutating func pick(_ type: Type) -> Value {
    let matching = values.suffix(24).filter { maker.builder.type($0) == type }
    if type == .v128 && (matching.isEmpty || chance(5)) {
      let shape = LaneShape.allCases.randomElement(using: &random)!
      return maker.constant(interestingVector(shape, using: &random))
    }
    if matching.isEmpty || chance(5) {
      return constant(type, interestingBits(type, using: &random))
    }
    return matching.randomElement(using: &random)!
  }

  /// NaNs differ in bits that must not reach integers.
  private mutating func define(_ value: Value) {
    let type = maker.builder.type(value)
    if !type.isFloat {
      values.append(value)
      return
    }
    let isNumber = maker.add(Instruction(.feq, .i32, a: value.raw, b: value.raw))
    let one = constant(type, type == .f32 ? 0x3f80_0000 : 0x3ff0_0000_0000_0000)
    values.append(
      maker.add(Instruction(.select, type, a: isNumber.raw, b: value.raw, c: one.raw)))
  }

  /// As `define`, for vectors.
  private mutating func define(_ value: Value, _ floats: LaneShape?) {
    guard let floats else { return define(value) }
    let isNumber = maker.add(
      Instruction(.veq, .v128, lanes: floats, a: value.raw, b: value.raw))
    let nan = maker.constant(V128(low: .max, high: .max))
    values.append(
      maker.add(
        Instruction(.bitselect, .v128, a: value.raw, b: nan.raw, c: isNumber.raw)))
  }

  private mutating func statement(nesting: Int) {
    statementsLeft -= 1
    maker.builder.origin += 3
    switch Int.random(in: 0..<(nesting < 4 ? 28 : 16), using: &random) {
    case 0..<4: operation()
    case 4, 5: vectorOperation()
    case 6: loadSomewhere()
    case 7:
      let type = [Type.i32, .i64, .f32, .f64, .v128].randomElement(using: &random)!
      storeSomewhere(pick(type))
    case 8, 9: modify()
    case 10: pointer()
    case 11: for value in call() ?? [] where chance(2) { values.append(value) }
    case 12: frame()
    case 13:
      let condition = pick(.i32)
      if chance(8) { maker.add(Instruction(.trapIf, .none, aux: 1, a: condition.raw)) }
    case 14: operation()
    case 15: vectorOperation()
    case 16..<20: conditional(nesting)
    case 20..<23: loop(nesting)
    case 23, 24: multiway(nesting)
    case 25, 26: scope(nesting)
    default: if nesting > 1 && chance(3) { finish() } else { operation() }
    }
  }

  private mutating func statements(nesting: Int) {
    for _ in 0..<Int.random(in: 0..<5, using: &random) where isOpen && statementsLeft > 0 {
      statement(nesting: nesting)
    }
  }

  private mutating func operation() {
    for _ in 0..<Int.random(in: 1..<5, using: &random) {
      let signature = Signature.all.randomElement(using: &random)!
      if signature.opcode.info.effects.canTrap && !chance(6) { continue }
      let operands = signature.operands.map { pick($0).raw } + [0, 0]
      let count = signature.operands.count
      define(
        maker.add(
          Instruction(
            signature.opcode, signature.result, a: operands[0],
            b: count > 1 ? operands[1] : 0, c: count > 2 ? operands[2] : 0)))
    }
  }

  private mutating func vectorOperation() {
    for _ in 0..<Int.random(in: 1..<5, using: &random) {
      if chance(5) {
        let operands = [pick(.i32).raw, pick(.v128).raw, pick(.v128).raw]
        define(
          maker.add(
            Instruction(.select, .v128, a: operands[0], b: operands[1], c: operands[2])))
        continue
      }
      let signature = VectorSignature.all.randomElement(using: &random)!
      var instruction = signature.instruction(signature.operands.map { pick($0).raw })
      if signature.opcode == .vshuffle {
        instruction.c = maker.builder.vectorIndex(randomPattern(using: &random))
      }
      define(maker.add(instruction), signature.resultFloats)
    }
  }

  /// An address below 2^12, in the forms that addressing modes look for.
  private mutating func address() -> Value {
    let x = pick(.i32)
    let mask = constant(.i32, [0xff, 0x3f8, 0x7ff].randomElement(using: &random)!)
    var value = maker.add(Instruction(.and, .i32, a: x.raw, b: mask.raw))
    if chance(3) {
      let count = constant(.i32, UInt64.random(in: 0...3, using: &random))
      value = maker.add(Instruction(.shl, .i32, a: value.raw, b: count.raw))
    }
    if chance(3) {
      let offset = constant(.i32, [8, 256, 4096].randomElement(using: &random)!)
      value = maker.add(Instruction(.add, .i32, a: value.raw, b: offset.raw))
    }
    return chance(6) ? constant(.i32, UInt64.random(in: 0..<4096, using: &random)) : value
  }

  private mutating func offset() -> UInt32 { [0, 4, 100, 8000].randomElement(using: &random)! }

  private static let loads: [(Opcode, Type)] = [
    (.load, .i32), (.load, .i64), (.load, .f32), (.load, .f64), (.load8U, .i32),
    (.load8S, .i64), (.load16U, .i64), (.load16S, .i32), (.load32U, .i64), (.load32S, .i64),
    (.load8S, .i32), (.load8U, .i64), (.load, .v128), (.load, .v128),
  ]

  private mutating func loadSomewhere() {
    let (opcode, type) = Self.loads.randomElement(using: &random)!
    let offset = offset()
    define(maker.add(Instruction(opcode, type, a: address().raw, b: offset)))
  }

  private mutating func storeSomewhere(_ value: Value) {
    let type = maker.builder.type(value)
    var opcodes: [Opcode] = [.store]
    if type == .i32 { opcodes += [.store8, .store16] }
    if type == .i64 { opcodes += [.store8, .store16, .store32] }
    let opcode = opcodes.randomElement(using: &random)!
    let offset = offset()
    maker.add(Instruction(opcode, .none, a: address().raw, b: offset, c: value.raw))
  }

  /// Load, operate, store in one place.
  private mutating func modify() {
    let at = address()
    let offset = offset()
    let forms: [(Opcode, Opcode, Type)] = [
      (.load, .store, .i32), (.load, .store, .i64), (.load8U, .store8, .i32),
      (.load16S, .store16, .i64), (.load32U, .store32, .i64),
    ]
    let (load, store, type) = forms.randomElement(using: &random)!
    let loaded = maker.add(Instruction(load, type, a: at.raw, b: offset))
    let other = pick(type)
    let opcode: Opcode = [.add, .sub, .and, .or, .xor].randomElement(using: &random)!
    let swapped = chance(2)
    let value = maker.add(
      Instruction(
        opcode, type, a: swapped ? other.raw : loaded.raw, b: swapped ? loaded.raw : other.raw))
    if chance(4) { values.append(chance(2) ? loaded : value) }
    if chance(6) { storeSomewhere(pick(.i32)) }
    maker.add(Instruction(store, .none, a: at.raw, b: offset, c: value.raw))
  }

  private mutating func pointer() {
    let base = maker.add(
      Instruction(
        .contextLoad, .i64, aux: Instruction.readOnly, b: UInt32(LoweredModule.scratchPointer)))
    let index = pick(.i32)
    let mask = constant(.i32, 15)
    let low = maker.add(Instruction(.and, .i32, a: index.raw, b: mask.raw))
    let wide = maker.add(Instruction(.extendU, .i64, a: low.raw))
    let three = constant(.i64, UInt64.random(in: 0...3, using: &random))
    let scaled = maker.add(Instruction(.shl, .i64, a: wide.raw, b: three.raw))
    let at = maker.add(Instruction(.add, .i64, a: base.raw, b: scaled.raw))
    switch Int.random(in: 0..<6, using: &random) {
    case 4: define(maker.add(Instruction(.pointerLoad, .v128, a: at.raw, b: 24)))
    case 5:
      maker.add(Instruction(.contextStore, .none, a: pick(.v128).raw, b: 136))
      define(maker.add(Instruction(.contextLoad, .v128, b: 136)))
    case 0: define(maker.add(Instruction(.pointerLoad, .i64, a: at.raw, b: 8)))
    case 1: define(maker.add(Instruction(.pointerLoad, .i32, a: at.raw, b: 16)))
    case 2:
      maker.add(Instruction(.contextStore, .none, a: pick(.i64).raw, b: 128))
      define(maker.add(Instruction(.contextLoad, .i64, b: 128)))
    default:
      let value = pick([.i64, .i32, .v128].randomElement(using: &random)!)
      maker.add(Instruction(.pointerStore, .none, a: at.raw, b: 32, c: value.raw))
    }
  }

  private mutating func frame() {
    let k = Int.random(in: 0..<Self.frameVariables.count, using: &random)
    let type = Self.frameVariables[k]
    if chance(2) {
      maker.add(Instruction(.frameStore, .none, a: pick(type).raw, b: UInt32(k)))
    }
    define(maker.add(Instruction(.frameLoad, type, b: UInt32(k))))
  }

  /// The results of a call, if there is something to call.
  private mutating func call() -> [Value]? {
    guard index + 1 < signatures.count else { return nil }
    let callee = Int.random(in: index + 1..<signatures.count, using: &random)
    let arguments = signatures[callee].parameters.map { pick($0).raw }
    let start = maker.list([UInt32(callee)] + arguments)
    let results = signatures[callee].results
    let call = maker.add(
      Instruction(
        .call, results.first ?? .none, a: UInt32(callee), b: start, c: UInt32(arguments.count)))
    var found: [Value] = results.isEmpty ? [] : [call]
    for (k, type) in results.enumerated().dropFirst() {
      found.append(maker.add(Instruction(.result, type, a: call.raw, b: UInt32(k))))
    }
    return found
  }

  /// A call with a handler. No callee throws; its results, those in memory too, come by another way.
  private mutating func scope(_ nesting: Int) {
    guard let results = call() else { return operation() }
    let exception = maker.add(Instruction(.caught, .i64))
    let types = passed()
    let landing = maker.edge([exception])
    let returned = maker.edge()
    maker.unwind(exception, landing, returned)
    var exits: [Edge] = []
    arm(returned, types, nesting, &exits, [], results)
    arm(landing, types, nesting, &exits, [.i64])
    join(exits, types)
  }

  /// Some values to pass over an edge, and the types that they have.
  private mutating func passed() -> [Type] {
    (0..<Int.random(in: 0..<4, using: &random)).map { _ in
      [Type.i32, .i64, .f64, .f32, .v128].randomElement(using: &random)!
    }
  }

  private mutating func edge(_ types: [Type]) -> Edge { maker.edge(types.map { pick($0) }) }

  private mutating func arm(
    _ entry: Edge, _ types: [Type], _ nesting: Int, _ exits: inout [Edge],
    _ parameters: [Type] = [], _ results: [Value] = []
  ) {
    let scope = values
    values += maker.bind([entry], parameters, depth: depth).parameters
    for value in results where chance(2) { values.append(value) }
    isOpen = true
    statements(nesting: nesting + 1)
    if isOpen {
      let exit = edge(types)
      maker.jump(exit)
      exits.append(exit)
    }
    values = scope
  }

  private mutating func join(_ edges: [Edge], _ types: [Type]) {
    isOpen = !edges.isEmpty
    if isOpen { values += maker.bind(edges, types, depth: depth).parameters }
  }

  private mutating func condition() -> Value {
    let comparisons = Signature.all.filter {
      $0.opcode.isIntegerComparison || $0.opcode.isFloatComparison
    }
    if chance(4) { return pick(.i32) }
    if chance(4) { return vectorTest() }
    let signature = comparisons.randomElement(using: &random)!
    let operands = signature.operands.map { pick($0).raw }
    var value = maker.add(
      Instruction(signature.opcode, .i32, a: operands[0], b: operands[1]))
    while chance(3) {
      let zero = constant(.i32, 0)
      value = maker.add(Instruction(chance(3) ? .ne : .eq, .i32, a: value.raw, b: zero.raw))
    }
    if chance(4) { values.append(value) }
    return value
  }

  private mutating func vectorTest() -> Value {
    let shape: LaneShape = [.i8x16, .i16x8, .i32x4, .i64x2].randomElement(using: &random)!
    let operands = [pick(.v128).raw, pick(.v128).raw]
    let opcode: Opcode = [.veq, .vne, .vlt, .vle].randomElement(using: &random)!
    let mask = maker.add(
      Instruction(opcode, .v128, lanes: shape, a: operands[0], b: operands[1]))
    let both = maker.add(Instruction(.vand, .v128, a: operands[0], b: operands[1]))
    let tested = [mask, both, mask].randomElement(using: &random)!
    if chance(3) { values.append(tested) }
    if chance(2) { return maker.add(Instruction(.anyTrue, .i32, a: tested.raw)) }
    return maker.add(Instruction(.allTrue, .i32, lanes: shape, a: tested.raw))
  }

  private mutating func conditional(_ nesting: Int) {
    let condition = condition()
    let types = passed()
    var exits: [Edge] = []
    let yes = maker.edge()
    if chance(2) {
      let no = edge(types)
      if chance(2) {
        maker.branch(condition, yes, no)
      } else {
        maker.branch(condition, no, yes)
      }
      exits.append(no)
      arm(yes, types, nesting, &exits)
    } else {
      let no = maker.edge()
      maker.branch(condition, yes, no)
      arm(yes, types, nesting, &exits)
      arm(no, types, nesting, &exits)
    }
    join(exits, types)
  }

  private mutating func loop(_ nesting: Int) {
    let types = [Type.i32] + passed()
    let start = constant(.i32, UInt64.random(in: 1...4, using: &random))
    let entry = maker.edge([start] + types.dropFirst().map { pick($0) })
    maker.jump(entry)
    let scope = values
    depth += 1
    let (header, parameters) = maker.bind([entry], types, isHeader: true, depth: depth)
    // The counter is read by others too, but only this changes it.
    values += parameters
    statements(nesting: nesting + 1)
    var exits: [Edge] = []
    var exitTypes: [Type] = []
    if isOpen {
      let one = constant(.i32, 1)
      let next = maker.add(Instruction(.sub, .i32, a: parameters[0].raw, b: one.raw))
      let back = maker.edge([next] + types.dropFirst().map { pick($0) })
      exitTypes = passed()
      let exit = edge(exitTypes)
      maker.builder.function.edges[back].to = header
      if chance(2) {
        maker.branch(next, back, exit)
      } else {
        let zero = constant(.i32, 0)
        let isDone = maker.add(Instruction(.eq, .i32, a: next.raw, b: zero.raw))
        maker.branch(isDone, exit, back)
      }
      exits.append(exit)
    }
    depth -= 1
    // What the loop defines dominates what follows it: only the exit leads there.
    if exits.isEmpty { values = scope }
    join(exits, exitTypes)
  }

  private mutating func multiway(_ nesting: Int) {
    let mask = constant(.i32, 7)
    let picked = pick(.i32)
    let index = chance(3) ? picked : maker.add(Instruction(.and, .i32, a: picked.raw, b: mask.raw))
    let types = passed()
    var edges: [Edge] = []
    for _ in 0..<Int.random(in: 1..<5, using: &random) { edges.append(maker.edge()) }
    var exits: [Edge] = []
    var entries = edges
    if chance(2) {
      let exit = edge(types)
      entries.append(exit)
      exits.append(exit)
    }
    if chance(2) { entries.append(edges[0]) }
    maker.table(index, entries)
    for edge in edges { arm(edge, types, nesting, &exits) }
    join(exits, types)
  }
}
