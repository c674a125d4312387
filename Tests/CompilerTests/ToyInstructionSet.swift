// SPDX-License-Identifier: Apache-2.0
// A second instruction set, so small that it can be read in a minute: what the common parts of
// lowering and emission ask for is what they need, and nothing of x86-64.

import BrolgaArtefact
import RegisterAllocation

@testable import BrolgaCompiler

/// Words of four bytes: operation, three registers of four bits, and 12 bits more; constants and
/// distances take the last 16 or 24. Eight registers r0 to r7, all the caller's, and no flags.
enum ToyOperation: UInt8, CaseIterable {
  /// `d := immediate`, of 16 bits; `d := the word at pc + distance`.
  case constant, literal
  /// `d := a op b`; `d := a + immediate`, of 12 bits.
  case add, sub, mul, less, addImmediate
  case move
  /// Between a register and the frame, at `fp - 8 * immediate`.
  case load, store
  /// To `pc + distance`, in words from the branch's end; if `d` is not zero, or if it is.
  case jump, branchIfNotZero, branchIfZero
  case call
  /// Ends calls with the exception in `d`, up to one that has a handler, which finds it in r7.
  case `throw`
  /// `push fp; fp := sp; sp := sp - 8 * immediate`, and the reverse with a return.
  case enter, leave
  case entry
}

enum Toy: InstructionSet {
  static var machine: Machine {
    var machine = Machine()
    machine.preferred = RegisterSet(int: 0xff)
    return machine
  }
  static func argument(integer k: UInt8) -> PhysicalRegister { PhysicalRegister(.int, Int(k)) }
  static func result(integer k: UInt8) -> PhysicalRegister { PhysicalRegister(.int, Int(k)) }
  static func float(_ k: UInt8) -> PhysicalRegister { PhysicalRegister(.float, Int(k)) }
  static var exception: PhysicalRegister { PhysicalRegister(.int, 7) }
  static func clobbers(resultIntegers: Int, resultFloats: Int, ofHelper: Bool) -> RegisterSet {
    RegisterSet(int: 0xff & ~(1 << UInt64(resultIntegers) - 1))
  }

  // MARK: Selection

  struct Selection: TargetState {}

  static func select(_ i: Int, _ x: Instruction, _ lowering: inout Lowering<Toy>) {
    switch x.opcode {
    case .jump: lowering.lowerJump(x.a)
    case .branch:
      let condition = lowering.register(x.a)
      lowering.emit(instruction(.branchIfNotZero), role: .branch)
      lowering.operands.append(.use(condition, .int))
    case .returns: selectReturn(x, &lowering)
    case .call: selectCall(i, x, &lowering)
    case .unwind: lowering.unwindingValue = x.a
    case .callHelper: selectThrow(x, &lowering)
    // Only behind a throw, which does not return.
    case .trap: lowering.emit(instruction(.leave), role: .exit)
    default: if lowering.isRequested(i) { selectPure(i, x, &lowering) }
    }
  }

  private static func selectPure(
    _ i: Int, _ x: Instruction, _ lowering: inout Lowering<Toy>
  ) {
    let operation: ToyOperation
    switch x.opcode {
    case .add: operation = .add
    case .sub: operation = .sub
    case .mul: operation = .mul
    case .ltS: operation = .less
    // Parameters, results and constants are defined elsewhere.
    case .param, .result, .caught, .iconst, .nop: return
    default: fatalError("the toy has no \(x.opcode)")
    }
    let d = lowering.register(defining: i)
    let a = lowering.register(x.a)
    if operation == .add, let c = lowering.immediate(x.b), abs(c) < 2048 {
      lowering.emit(instruction(.addImmediate, immediate: c))
      lowering.operands.append(.definition(d, .int))
      lowering.operands.append(.use(a, .int))
      return
    }
    let b = lowering.register(x.b)
    lowering.emit(instruction(operation))
    lowering.operands.append(.definition(d, .int))
    lowering.operands.append(.use(a, .int))
    lowering.operands.append(.use(b, .int))
  }

  private static func selectCall(
    _ i: Int, _ x: Instruction, _ lowering: inout Lowering<Toy>
  ) {
    let unit = lowering.unit!
    let signature = unit.signature(lowering.function.lists[Int(x.b)])
    let (first, count) = (Int(signature.parameterCount), Int(signature.resultCount))
    let words = lowering.passArguments(x, unit, signature)
    lowering.collectResults(i, count)
    let counts = lowering.registerResults(unit, signature, first, count)
    let unwinds = lowering.unwindingValue != Lowering<Toy>.noRegister
    lowering.output.makesCalls = true
    var call = instruction(.call, immediate: Int32(x.a))
    call.extra = unwinds ? 1 : 0
    lowering.emit(
      call, role: unwinds ? .branch : .ordinary,
      clobbers: lowering.clobberMask(counts.integers, counts.floats, unwinds: unwinds))
    if unwinds {
      let caught = lowering.register(defining: Int(lowering.unwindingValue))
      lowering.operands.append(.fixedDefinition(caught, exception))
      lowering.unwindingValue = Lowering<Toy>.noRegister
    }
    lowering.receiveResults(
      unit, signature, first, count, argumentWords: words, unwinds: unwinds)
  }

  private static func selectThrow(_ x: Instruction, _ lowering: inout Lowering<Toy>) {
    precondition(x.a == UInt32(Helper.throw.rawValue), "the toy has no other helper")
    let thrown = lowering.register(lowering.function.lists[Int(x.b) + 1])
    lowering.emit(instruction(.throw))
    lowering.operands.append(.use(thrown, .int))
  }

  private static func selectReturn(_ x: Instruction, _ lowering: inout Lowering<Toy>) {
    var places = CallPlaces()
    lowering.pending.removeAll()
    for k in 0..<x.c {
      lowering.passValue(
        lowering.function.lists[Int(x.b + k)], places.nextResult(.integer), isReturned: true)
    }
    lowering.emit(instruction(.leave), role: .exit)
    for o in lowering.pending.indices { lowering.operands.append(lowering.pending[o]) }
  }

  static func constant(
    _ x: Instruction, _ lowering: inout Lowering<Toy>
  ) -> VirtualRegister {
    let bits = Int64(bitPattern: x.bits)
    if let small = Int16(exactly: bits) {
      return lowering.made(by: instruction(.constant, immediate: Int32(small)), .i64)
    }
    return lowering.made(
      by: instruction(.literal, immediate: lowering.constantIndex(x.bits)), .i64)
  }

  static func load(
    _ value: Int, word k: UInt16, of area: CallArea, _ lowering: inout Lowering<Toy>
  ) { fatalError("the toy passes nothing in memory") }
  static func store(
    _ value: UInt32, word k: UInt16, of area: CallArea, _ lowering: inout Lowering<Toy>
  ) { fatalError("the toy passes nothing in memory") }

  static var entry: MachineInstruction { instruction(.entry) }
  static var jump: MachineInstruction { instruction(.jump) }
  static func readsMemory(_ x: MachineInstruction) -> Bool { operation(x) == .literal }

  private static func instruction(
    _ operation: ToyOperation, immediate: Int32 = 0
  ) -> MachineInstruction {
    MachineInstruction(opcode: UInt16(operation.rawValue), immediate: immediate)
  }
  private static func operation(_ x: MachineInstruction) -> ToyOperation {
    ToyOperation(rawValue: UInt8(x.opcode))!
  }

  // MARK: Emission

  struct Frame: TargetState { var words: Int32 = 0 }
  typealias Stub = UInt8

  static func frame(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) throws(EmissionError) -> Frame {
    // An even number: what unwinding knows of it is in units of 16 bytes.
    Frame(words: Int32(solution.slotUnits + 1) & ~1)
  }
  static func frameInfo(_ frame: Frame) -> FrameInfo {
    FrameInfo(savedRegisters: 0, keepsContext: false, byteCount: frame.words * 8)
  }

  static func emitPrologue(_ origin: UInt32, _ emitter: inout Emitter<Toy>) {
    emitter.assembler.word(.enter, 0, 0, 0, emitter.frame.words)
  }

  static func emit(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32,
    block: Int, next: Int, _ machine: inout MachineFunction, _ emitter: inout Emitter<Toy>
  ) {
    func number(_ k: Int) -> UInt8 { UInt8(places[k].register.number) }
    func target(_ k: Int) -> UInt32 {
      let s = machine.problem.successorRange(block).lowerBound + k
      return emitter.aliases[machine.problem.successors[s].index]
    }
    switch operation(instruction) {
    case .entry: break
    case .constant:
      emitter.assembler.word(.constant, number(0), 0, 0, instruction.immediate)
    case .literal: emitter.assembler.literal(number(0), UInt32(instruction.immediate))
    case .addImmediate:
      emitter.assembler.word(.addImmediate, number(0), number(1), 0, instruction.immediate)
    case .jump:
      let to = target(0)
      if to != UInt32(next) { emitter.assembler.branch(0, Label(raw: to)) }
    case .branchIfNotZero:
      let (taken, other) = (target(0), target(1))
      if taken == UInt32(next) {
        emitter.assembler.branch(16 | number(0), Label(raw: other))
      } else {
        emitter.assembler.branch(8 | number(0), Label(raw: taken))
        if other != UInt32(next) { emitter.assembler.branch(0, Label(raw: other)) }
      }
    case .call:
      emitter.assembler.call(UInt32(instruction.immediate))
      emitter.assembler.markSite(origin, kind: 0)
      if instruction.extra != 0 {
        emitter.assembler.code.noteHandler(Label(raw: target(0)))
        if target(1) != UInt32(next) { emitter.assembler.branch(0, Label(raw: target(1))) }
      }
    case .throw: emitter.assembler.word(.throw, number(0), 0, 0, 0)
    case .leave: emitter.assembler.word(.leave, 0, 0, 0, 0)
    case let operation: emitter.assembler.word(operation, number(0), number(1), number(2), 0)
    }
  }

  static func emitMove(_ edit: Edit, _ emitter: inout Emitter<Toy>) {
    func slot(_ place: Allocation) -> Int32 { Int32(place.slot) + 1 }
    if edit.to.isSlot {
      emitter.assembler.word(.store, UInt8(edit.from.register.number), 0, 0, slot(edit.to))
    } else if edit.from.isSlot {
      emitter.assembler.word(.load, UInt8(edit.to.register.number), 0, 0, slot(edit.from))
    } else {
      emitter.assembler.word(
        .move, UInt8(edit.to.register.number), UInt8(edit.from.register.number), 0, 0)
    }
  }

  static func emitConstant(
    _ instruction: MachineInstruction, in place: Allocation, _ machine: inout MachineFunction,
    _ emitter: inout Emitter<Toy>
  ) {
    withUnsafePointer(to: place) {
      emit(instruction, $0, 0, block: 0, next: 0, &machine, &emitter)
    }
  }

  static func emitStub(_ stub: UInt8, _ emitter: inout Emitter<Toy>) {}

  // MARK: Branches: kind 0 jumps, 8 + register if it is not zero, 16 + register if it is

  /// The reach of a conditional branch is short on purpose: a long one is its reverse over a jump.
  static func longBytes(ofBranch kind: UInt8) -> Int { kind == 0 ? 4 : 8 }
  static var shortBranchBytes: Int { 4 }
  static var shortReach: ClosedRange<Int> { -64...60 }

  static func write(branch kind: UInt8, isShort: Bool, distance: Int, _ code: inout CodeBuffer) {
    if kind == 0 { return code.putWord(.jump, distance / 4) }
    let operation: ToyOperation = kind < 16 ? .branchIfNotZero : .branchIfZero
    let reversed: ToyOperation = kind < 16 ? .branchIfZero : .branchIfNotZero
    let register = Int(kind & 7) << 20
    if isShort {
      code.putWord(operation, register | distance / 4 & 0xffff)
    } else {
      code.putWord(reversed, register | 1)
      code.putWord(.jump, distance / 4)
    }
  }

  static func pad(_ count: Int, _ code: inout CodeBuffer) { precondition(count == 0) }

  static func resolve(_ fixup: Fixup, target: Int, _ code: inout CodeBuffer) {
    let at = Int(fixup.offset)
    let word = code.bytes.loadUnaligned(fromByteOffset: code.functionStart + at, as: UInt32.self)
    code.patch32(
      at: at, Int32(bitPattern: word | UInt32(truncatingIfNeeded: target - at - 4) & 0xffff))
  }

  static func resolve(call place: UnsafeMutableRawPointer, distance: Int) {
    let word = UInt32(ToyOperation.call.rawValue) << 24
    let words = UInt32(truncatingIfNeeded: (distance - 4) / 4) & 0xff_ffff
    place.storeBytes(of: word | words, as: UInt32.self)
  }

  static var filler: UInt8 { 0xff }

  // MARK: Text

  static func name(_ register: PhysicalRegister) -> String { "r\(register.number)" }
  static func mnemonic(_ x: MachineInstruction) -> String { "\(operation(x))" }
  static func addressOperandCount(_ x: MachineInstruction) -> Int? { nil }
  static func address(_ x: MachineInstruction, _ operands: [String]) -> String { "" }
  static func immediate(_ x: MachineInstruction) -> String? {
    x.immediate == 0 ? nil : "\(x.immediate)"
  }
  static func describe(_ stub: UInt8) -> String { "stub" }
  static func describe(_ frame: Frame) -> String { "frame \(frame.words)" }
}

extension Assembler where ISA == Toy {
  mutating func word(
    _ operation: ToyOperation, _ d: UInt8, _ a: UInt8, _ b: UInt8, _ immediate: Int32
  ) {
    code.makeRoom()
    let registers = Int(d) << 20 | Int(a) << 16 | Int(b) << 12
    let mask = operation == .addImmediate ? 0xfff : 0xffff
    code.putWord(operation, registers | Int(immediate) & mask)
  }

  mutating func literal(_ d: UInt8, _ index: UInt32) {
    code.makeRoom()
    code.fixups.append(
      Fixup(offset: UInt32(code.offset), index: index, target: .constant, trailing: 0))
    code.putWord(.literal, Int(d) << 20)
  }

  mutating func call(_ function: UInt32) {
    code.makeRoom()
    code.calls.append(CallRelocation(offset: UInt32(code.offset), callee: function))
    code.putWord(.call, 0)
  }
}

extension CodeBuffer {
  fileprivate mutating func putWord(_ operation: ToyOperation, _ rest: Int) {
    put32(
      Int32(
        bitPattern: UInt32(operation.rawValue) << 24
          | UInt32(truncatingIfNeeded: rest) & 0xff_ffff))
  }
}
