// SPDX-License-Identifier: Apache-2.0
// What C and Swift both say about contexts, records and traps: that they say the same.

import BrolgaCRuntime
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

@Suite struct LayoutTests {
  @Test func assemblyKnowsContextsAndFunctionRecords() {
    typealias L = ContextLayout
    #expect(BROLGA_CONTEXT_MEMORY_BASE == L.memoryBase)
    #expect(BROLGA_RECORD_CODE == L.FunctionRecord.code)
    #expect(BROLGA_RECORD_CONTEXT == L.FunctionRecord.context)
    #expect(-BROLGA_SAVED_CONTEXT == CallingConvention.savedContextOffset)
    #expect(
      MemoryLayout<FunctionRecord>.offset(of: \.code).map { Int32($0) } == L.FunctionRecord.code)
    #expect(
      MemoryLayout<FunctionRecord>.offset(of: \.context).map { Int32($0) }
        == L.FunctionRecord.context)
    #expect(
      MemoryLayout<FunctionRecord>.offset(of: \.typeIdentity).map { Int32($0) }
        == L.FunctionRecord.typeIdentity)
    #expect(
      MemoryLayout<FunctionRecord>.offset(of: \.index).map { Int32($0) } == L.FunctionRecord.index)
    #expect(
      MemoryLayout<FunctionRecord>.offset(of: \.supertypes).map { Int32($0) }
        == L.FunctionRecord.supertypes)
    #expect(MemoryLayout<FunctionRecord>.stride == L.FunctionRecord.stride)
  }

  @Test func argumentsAndResultsHaveRoomForEveryRegister() {
    let integers = Int32(CallingConvention.integerRegisterCount) * 8
    let floats = Int32(CallingConvention.floatRegisterCount) * 16
    #expect(BROLGA_CALL_INTS + integers == BROLGA_CALL_FLOATS)
    #expect(BROLGA_CALL_FLOATS + floats == BROLGA_CALL_STACK_WORD_COUNT)
    #expect(BROLGA_CALL_INT_RESULTS + integers == BROLGA_CALL_FLOAT_RESULTS)
    #expect(MemoryLayout<brolga_call>.size == Int(BROLGA_CALL_FLOAT_RESULTS + floats))
    #expect(BROLGA_HOST_INTS + integers == BROLGA_HOST_FLOATS)
    #expect(BROLGA_HOST_FLOATS + floats == BROLGA_HOST_STACK_WORDS)
  }

  @Test func bulkHelpersKnowTheContext() {
    #expect(BROLGA_CONTEXT_HEADER == ContextLayout.headerBytes)
    #expect(BROLGA_CONTEXT_TABLES == ContextLayout.tableArray)
    #expect(BROLGA_MEMORY_ENTRY == ContextLayout.MemoryEntry.stride)
    #expect(ContextLayout.MemoryEntry.record == 0)
    #expect(BROLGA_TRAP_MEMORY_OUT_OF_BOUNDS == TrapKind.memoryOutOfBounds.rawValue)
    #expect(BROLGA_TRAP_TABLE_OUT_OF_BOUNDS == TrapKind.tableOutOfBounds.rawValue)
  }

  @Test func recordsBeginAlikeInCAndInSwift() {
    typealias L = ContextLayout
    #expect(MemoryLayout<brolga_memory_record>.offset(of: \.base) == Int(L.MemoryRecord.base))
    #expect(
      MemoryLayout<brolga_memory_record>.offset(of: \.byte_length)
        == Int(L.MemoryRecord.byteLength))
    #expect(MemoryLayout<MemoryRecord>.offset(of: \.base) == Int(L.MemoryRecord.base))
    #expect(MemoryLayout<MemoryRecord>.offset(of: \.byteLength) == Int(L.MemoryRecord.byteLength))
    #expect(
      MemoryLayout<brolga_table_record>.offset(of: \.elements) == Int(L.TableRecord.elements))
    #expect(MemoryLayout<brolga_table_record>.offset(of: \.length) == Int(L.TableRecord.length))
    #expect(MemoryLayout<TableRecord>.offset(of: \.elements) == Int(L.TableRecord.elements))
    #expect(MemoryLayout<TableRecord>.offset(of: \.length) == Int(L.TableRecord.length))
  }
}
