// SPDX-License-Identifier: Apache-2.0
// Translation of calls, function references, tables and globals.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

extension Translator {
  mutating func translateCall(_ op: Operator, _ unit: CompilationUnit) {
    switch op.opcode {
    case .call, .returnCall:
      let isTail = op.opcode == .returnCall
      let typeIndex = unit.module.typeIndex(ofFunction: op.index)
      if op.index < unit.importedFunctionCount {
        let record = contextPointer(UInt32(unit.layout.importedFunctions) &+ op.index &* 8)
        emitCall(isTail ? .tailCallReference : .callReference, record.raw, typeIndex, unit)
      } else {
        emitCall(isTail ? .tailCall : .call, op.index, typeIndex, unit)
      }
    case .callRef, .returnCallRef:
      let record = pop()
      if op.index2 != 0 { trapIf(isNull(record), .nullFunctionReference) }
      let isTail = op.opcode == .returnCallRef
      emitCall(isTail ? .tailCallReference : .callReference, record, op.index, unit)
    default:
      let record = checkedTableEntry(table: op.index2, index: pop(), .undefinedElement, unit)
      checkCallee(record, op, unit)
      let isTail = op.opcode == .returnCallIndirect
      emitCall(isTail ? .tailCallReference : .callReference, record.raw, op.index, unit)
    }
  }

  /// Checks that a table's entry is a function of the type that an indirect call names, as far as
  /// the table's own type leaves that open.
  private mutating func checkCallee(
    _ record: Value, _ op: Operator, _ unit: CompilationUnit
  ) {
    let element = unit.module.tableType(op.index2).element
    if element.isNullable { trapIf(isNull(record.raw), .indirectCallToNull) }
    if unit.module.isSubtype(element, ofDefined: op.index) { return }
    typealias Record = ContextLayout.FunctionRecord
    // A record never changes, but the entry it is read from does: what is read is not numbered.
    var actual: Value
    if unit.module.isFinalType(op.index) {
      actual = builder.append(
        Instruction(.pointerLoad, .i32, a: record.raw, b: UInt32(Record.typeIdentity)))
    } else {
      let list = builder.append(
        Instruction(.pointerLoad, .i64, a: record.raw, b: UInt32(Record.supertypes)))
      let depth = unit.module.subtypingDepth(ofType: op.index)
      actual = supertype(list, depth: UInt32(truncatingIfNeeded: depth))
    }
    let expected = builder.emit(
      Instruction(
        .contextLoad, .i32, aux: Instruction.readOnly,
        b: UInt32(unit.layout.typeIdentities) &+ op.index &* 4))
    let differ = builder.emit(Instruction(.ne, .i32, a: actual.raw, b: expected.raw))
    trapIf(differ, .indirectCallTypeMismatch)
  }

  /// The type of that depth in a list of supertypes.
  private mutating func supertype(_ list: Value, depth: UInt32) -> Value {
    typealias List = ContextLayout.Supertypes
    if depth >= List.minimumCount {
      let count = builder.append(
        Instruction(.pointerLoad, .i32, a: list.raw, b: UInt32(List.count)))
      let least = builder.constant(.i32, bits: UInt64(depth))
      let isShort = builder.emit(Instruction(.leU, .i32, a: count.raw, b: least.raw))
      trapIf(isShort, .indirectCallTypeMismatch)
    }
    return builder.append(
      Instruction(.pointerLoad, .i32, a: list.raw, b: UInt32(List.first) &+ depth &* 4))
  }

  mutating func isNull(_ reference: UInt32) -> Value {
    let null = builder.constant(.i64, bits: 0)
    return builder.emit(Instruction(.eq, .i32, a: reference, b: null.raw))
  }

  /// Calls with the topmost operands as arguments, and pushes the results; a tail call ends the
  /// function.
  private mutating func emitCall(
    _ opcode: Opcode, _ callee: UInt32, _ typeIndex: UInt32, _ unit: CompilationUnit
  ) {
    let signature = unit.module.signature(ofType: typeIndex)
    let count = signature.parameters.count
    let start = builder.function.lists.count
    builder.function.lists.append(typeIndex)
    for i in stack.count &- count..<stack.count { builder.function.lists.append(stack[i]) }
    stack.truncate(to: stack.count &- count)
    let results = signature.results
    let hasValue = results.count > 0 && !opcode.isTerminator
    let call = builder.append(
      Instruction(
        opcode, hasValue ? Type(results[0]) : .none, a: callee,
        b: UInt32(truncatingIfNeeded: start), c: UInt32(truncatingIfNeeded: count)))
    if opcode.isTerminator { isReachable = false }
    if hasValue {
      push(call)
      for i in 1..<max(1, results.count) {
        push(
          builder.append(
            Instruction(
              .result, Type(results[i]), a: call.raw, b: UInt32(truncatingIfNeeded: i))))
      }
    }
    if currentScope >= 0 && !opcode.isTerminator { catchExceptionOfCall() }
  }

  /// A reference to a function: the address of its record.
  mutating func functionReference(_ index: UInt32, _ unit: CompilationUnit) -> Value {
    if index < unit.importedFunctionCount {
      return contextPointer(UInt32(unit.layout.importedFunctions) &+ index &* 8)
    }
    let context = contextPointer(UInt32(ContextLayout.selfAddress))
    let offset = UInt64(unit.recordOffsets[Int(truncatingIfNeeded: index)])
    precondition(offset != 0, "translation: function \(index) is referenced and has no record")
    let constant = builder.constant(.i64, bits: offset)
    return builder.emit(Instruction(.add, .i64, a: context.raw, b: constant.raw))
  }

  // MARK: Globals

  mutating func translateGlobal(_ op: Operator, _ unit: CompilationUnit) {
    let global = unit.globals[Int(truncatingIfNeeded: op.index)]
    let flags = global.isMutable ? 0 : Instruction.readOnly
    if op.opcode == .globalGet {
      switch global.place {
      case .constant: push(builder.constant(global.type, bits: global.bits))
      case .cell:
        push(
          builder.emit(Instruction(.contextLoad, global.type, aux: flags, b: global.offset)))
      case .imported:
        let cell = contextPointer(global.offset)
        push(builder.emit(Instruction(.pointerLoad, global.type, aux: flags, a: cell.raw)))
      }
      return
    }
    let value = pop()
    if case .imported = global.place {
      let cell = contextPointer(global.offset)
      _ = builder.append(Instruction(.pointerStore, .none, a: cell.raw, c: value))
    } else {
      _ = builder.append(Instruction(.contextStore, .none, a: value, b: global.offset))
    }
  }

  // MARK: Tables

  private mutating func tableLength(_ table: UInt32, _ unit: CompilationUnit) -> Value {
    let record = contextPointer(UInt32(unit.layout.tables) &+ table &* 8)
    return builder.append(
      Instruction(
        .pointerLoad, .i64, a: record.raw, b: UInt32(ContextLayout.TableRecord.length)))
  }

  /// The address of a table's element, after its bounds check.
  private mutating func tableElement(
    table: UInt32, index: UInt32, _ kind: TrapKind, _ unit: CompilationUnit
  ) -> Value {
    let length = tableLength(table, unit)
    let wide =
      type(of: index) == .i64
      ? Value(raw: index) : builder.emit(Instruction(.extendU, .i64, a: index))
    let outside = builder.emit(Instruction(.geU, .i32, a: wide.raw, b: length.raw))
    trapIf(outside, kind)
    let record = contextPointer(UInt32(unit.layout.tables) &+ table &* 8)
    let elements = builder.append(
      Instruction(
        .pointerLoad, .i64, a: record.raw, b: UInt32(ContextLayout.TableRecord.elements)))
    let three = builder.constant(.i64, bits: 3)
    let offset = builder.emit(Instruction(.shl, .i64, a: wide.raw, b: three.raw))
    return builder.emit(Instruction(.add, .i64, a: elements.raw, b: offset.raw))
  }

  private mutating func checkedTableEntry(
    table: UInt32, index: UInt32, _ kind: TrapKind, _ unit: CompilationUnit
  ) -> Value {
    let element = tableElement(table: table, index: index, kind, unit)
    return builder.append(Instruction(.pointerLoad, .i64, a: element.raw))
  }

  mutating func translateTable(_ op: Operator, _ unit: CompilationUnit) {
    switch op.opcode {
    case .tableGet:
      push(checkedTableEntry(table: op.index, index: pop(), .tableOutOfBounds, unit))
    case .tableSet:
      let value = pop()
      let element = tableElement(table: op.index, index: pop(), .tableOutOfBounds, unit)
      _ = builder.append(Instruction(.pointerStore, .none, a: element.raw, c: value))
    case .tableSize:
      let length = tableLength(op.index, unit)
      push(size(length, is64: unit.module.tables[Int(truncatingIfNeeded: op.index)].is64))
    case .tableGrow:
      let delta = pop()
      let reference = pop()
      let table = packed(op.index, 0)
      let length = callHelper(.tableGrow, (table, delta, reference, 0), count: 3)
      push(size(length, is64: unit.module.tables[Int(truncatingIfNeeded: op.index)].is64))
    case .tableFill:
      let (destination, reference, length) = pop3()
      let table = packed(op.index, 0)
      callHelper(.tableFill, (table, destination, reference, length), count: 4)
    case .tableCopy:
      let (destination, source, length) = pop3()
      let tables = packed(op.index, op.index2)
      callHelper(.tableCopy, (tables, destination, source, length), count: 4)
    case .tableInit:
      let (destination, source, length) = pop3()
      let tableAndSegment = packed(op.index2, op.index)
      callHelper(.tableInit, (tableAndSegment, destination, source, length), count: 4)
    default:
      callHelper(.elementDrop, (packed(op.index, 0), 0, 0, 0), count: 1)
    }
  }
}
