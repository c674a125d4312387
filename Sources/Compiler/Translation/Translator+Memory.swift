// SPDX-License-Identifier: Apache-2.0
// Translation of what reads and writes linear memory.

import Artefact
import Entities
import WebAssembly

extension Translator {
  mutating func translateLoad(
    _ op: Operator, _ simple: SimpleOperator, _ unit: CompilationUnit
  ) {
    let address = pop()
    let (base, offset) = reachable(address, op, simple, unit)
    push(
      builder.append(
        Instruction(
          simple.opcode, simple.type, aux: UInt16(truncatingIfNeeded: op.index), a: base,
          b: offset)))
  }

  mutating func translateStore(
    _ op: Operator, _ simple: SimpleOperator, _ unit: CompilationUnit
  ) {
    let value = pop()
    let address = pop()
    let (base, offset) = reachable(address, op, simple, unit)
    _ = builder.append(
      Instruction(
        simple.opcode, .none, aux: UInt16(truncatingIfNeeded: op.index), a: base, b: offset,
        c: value))
  }

  /// An address and an offset that the guard pages cover.
  ///
  /// Any 32-bit address with an offset below `Limits.guardedOffset` lies in the reservation. A
  /// larger offset is added here, and the sum checked.
  private mutating func reachable(
    _ address: UInt32, _ op: Operator, _ simple: SimpleOperator, _ unit: CompilationUnit
  ) -> (UInt32, UInt32) {
    if op.immediate < Limits.guardedOffset {
      return (address, UInt32(truncatingIfNeeded: op.immediate))
    }
    let wide = builder.emit(Instruction(.extendU, .i64, a: address))
    let offset = builder.constant(.i64, bits: op.immediate)
    let sum = builder.emit(Instruction(.add, .i64, a: wide.raw, b: offset.raw))
    // An access is at most 8 bytes: one that starts in bounds ends in the guard pages at worst.
    let length = memoryLength(op.index, unit)
    let outside = builder.emit(Instruction(.geU, .i32, a: sum.raw, b: length.raw))
    trapIf(outside, .memoryOutOfBounds)
    return (sum.raw, 0)
  }

  mutating func trapIf(_ condition: Value, _ kind: TrapKind) {
    _ = builder.append(
      Instruction(.trapIf, .none, aux: UInt16(kind.rawValue), a: condition.raw))
  }

  /// A memory's length in bytes.
  private mutating func memoryLength(_ memory: UInt32, _ unit: CompilationUnit) -> Value {
    let record = contextPointer(UInt32(unit.layout.memories) &+ memory &* 8)
    return builder.append(
      Instruction(
        .pointerLoad, .i64, a: record.raw,
        b: UInt32(ContextLayout.MemoryRecord.byteLength)))
  }

  /// A pointer in the context that never changes.
  mutating func contextPointer(_ offset: UInt32) -> Value {
    builder.emit(
      Instruction(.contextLoad, .i64, aux: Instruction.readOnly, b: offset))
  }

  /// Calls a helper with the arguments in `lists` from `start` on.
  @discardableResult mutating func callHelper(
    _ helper: Helper, _ arguments: (UInt32, UInt32, UInt32, UInt32), count: Int
  ) -> Value {
    let start = UInt32(truncatingIfNeeded: builder.function.lists.count)
    builder.function.lists.append(0)
    if count > 0 { builder.function.lists.append(arguments.0) }
    if count > 1 { builder.function.lists.append(arguments.1) }
    if count > 2 { builder.function.lists.append(arguments.2) }
    if count > 3 { builder.function.lists.append(arguments.3) }
    let type: Type
    if case .value32 = helper.result { type = .i32 } else { type = .none }
    return builder.append(
      Instruction(
        .callHelper, type, a: UInt32(helper.rawValue), b: start,
        c: UInt32(truncatingIfNeeded: count)))
  }

  /// Two indices in one argument, as helpers take them.
  mutating func packed(_ low: UInt32, _ high: UInt32) -> UInt32 {
    let bits = UInt64(truncatingIfNeeded: high) &<< 32 | UInt64(truncatingIfNeeded: low)
    return builder.constant(.i64, bits: bits).raw
  }

  /// Everything about memories but loads and stores.
  mutating func translateMemory(_ op: Operator, _ unit: CompilationUnit) {
    switch op.opcode {
    case .memorySize:
      let length = memoryLength(op.index, unit)
      let sixteen = builder.constant(.i64, bits: 16)
      let pages = builder.emit(Instruction(.shrU, .i64, a: length.raw, b: sixteen.raw))
      push(builder.emit(Instruction(.wrap, .i32, a: pages.raw)))
    case .memoryGrow:
      let delta = pop()
      let memory = packed(op.index, 0)
      push(callHelper(.memoryGrow, (memory, delta, 0, 0), count: 2))
    case .memoryFill:
      let (destination, value, length) = pop3()
      let memory = packed(op.index, 0)
      callHelper(.memoryFill, (memory, destination, value, length), count: 4)
    case .memoryCopy:
      let (destination, source, length) = pop3()
      let memories = packed(op.index, op.index2)
      callHelper(.memoryCopy, (memories, destination, source, length), count: 4)
    case .memoryInit:
      let (destination, source, length) = pop3()
      let memoryAndSegment = packed(op.index2, op.index)
      callHelper(.memoryInit, (memoryAndSegment, destination, source, length), count: 4)
    case .dataDrop:
      callHelper(.dataDrop, (packed(op.index, 0), 0, 0, 0), count: 1)
    default:
      preconditionFailure("translation: validated operator \(op.opcode) has no translation")
    }
  }

  /// The three topmost operands, the deepest first.
  mutating func pop3() -> (UInt32, UInt32, UInt32) {
    let c = pop()
    let b = pop()
    return (pop(), b, c)
  }
}
