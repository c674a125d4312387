// SPDX-License-Identifier: Apache-2.0
// Translation of what reads and writes linear memory.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

extension Translator {
  mutating func translateLoad(_ op: Operator, _ simple: SimpleOperator) {
    let (address, offset) = reachable(pop(), offset: op.immediate)
    push(
      builder.append(
        Instruction(
          simple.opcode, simple.type, aux: UInt16(truncatingIfNeeded: op.index), a: address,
          b: offset)))
  }

  mutating func translateStore(_ op: Operator, _ simple: SimpleOperator) {
    let value = pop()
    let (address, offset) = reachable(pop(), offset: op.immediate)
    _ = builder.append(
      Instruction(
        simple.opcode, .none, aux: UInt16(truncatingIfNeeded: op.index), a: address, b: offset,
        c: value))
  }

  /// An address and an offset that `MemoryReservation` covers.
  ///
  /// The check of a 64-bit address compares it with a constant, so that it is pure: an equal one
  /// that dominates it makes it needless, whatever the offsets.
  mutating func reachable(_ address: UInt32, offset: UInt64) -> (UInt32, UInt32) {
    let isGuarded = offset < MemoryReservation.guardedOffset
    let type = type(of: address)
    if isGuarded && type == .i32 { return (address, UInt32(truncatingIfNeeded: offset)) }
    let indexBytes = MemoryReservation.indexBytes(is64: type == .i64)
    let limit = isGuarded ? indexBytes : indexBytes &- min(indexBytes, offset)
    let bound = builder.constant(type, bits: limit)
    let outside = builder.emit(Instruction(.geU, .i32, a: address, b: bound.raw))
    trapIf(outside, .memoryOutOfBounds)
    if isGuarded { return (address, UInt32(truncatingIfNeeded: offset)) }
    // Of what passed, no sum wraps. Where nothing passes, it need not be right.
    let added = builder.constant(type, bits: min(offset, indexBytes &- 1))
    return (builder.emit(Instruction(.add, type, a: address, b: added.raw)).raw, 0)
  }

  mutating func trapIf(_ condition: Value, _ kind: TrapKind) {
    builder.emit(Instruction(.trapIf, .none, aux: UInt16(kind.rawValue), a: condition.raw))
  }

  /// A memory's length in bytes.
  private mutating func memoryLength(_ memory: UInt32, _ unit: CompilationUnit) -> Value {
    let entry =
      unit.layout.memories
      &+ Int32(truncatingIfNeeded: memory) &* ContextLayout.MemoryEntry.stride
    let record = contextPointer(
      UInt32(truncatingIfNeeded: entry &+ ContextLayout.MemoryEntry.record))
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
    return builder.append(
      Instruction(
        .callHelper, helper.result == .value ? .i64 : .none, a: UInt32(helper.rawValue), b: start,
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
      push(size(pages, is64: unit.module.memories[Int(truncatingIfNeeded: op.index)].is64))
    case .memoryGrow:
      let delta = pop()
      let memory = packed(op.index, 0)
      let pages = callHelper(.memoryGrow, (memory, delta, 0, 0), count: 2)
      push(size(pages, is64: unit.module.memories[Int(truncatingIfNeeded: op.index)].is64))
    case .memoryFill: translateMemoryFill(op)
    case .memoryCopy: translateMemoryCopy(op)
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

  /// The size of a memory or table, or -1, in the type of its addresses.
  mutating func size(_ size: Value, is64: Bool) -> Value {
    is64 ? size : builder.emit(Instruction(.wrap, .i32, a: size.raw))
  }

  /// The three topmost operands, the deepest first.
  mutating func pop3() -> (UInt32, UInt32, UInt32) {
    let c = pop()
    let b = pop()
    return (pop(), b, c)
  }
}
