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

  @Test func unwindingKnowsExceptionsAndFrames() {
    typealias E = ContextLayout.Exception
    #expect(BROLGA_EXCEPTION_TAG == E.tag)
    #expect(BROLGA_EXCEPTION_IS_SHARED == E.isShared)
    #expect(BROLGA_EXCEPTION_WORDS == E.words)
    #expect(MemoryLayout<brolga_exception>.offset(of: \.tag) == Int(E.tag))
    #expect(MemoryLayout<brolga_exception>.offset(of: \.is_shared) == Int(E.isShared))
    #expect(MemoryLayout<brolga_exception>.size == Int(E.words))
    #expect(BROLGA_TRAP_EXCEPTION == TrapKind.uncaughtException.rawValue)
    // What `unwind_frame` takes apart: a bit for each register it restores, one for the context, and
    // units of 16 bytes above them.
    func info(_ registers: UInt32, _ keepsContext: Bool, _ bytes: Int32) -> UInt32 {
      FrameInfo(savedRegisters: registers, keepsContext: keepsContext, byteCount: bytes).raw
    }
    for (bit, register) in [3, 10, 12, 13].enumerated() {
      #expect(info(1 << UInt32(register), false, 0) == 1 << UInt32(bit))
    }
    #expect(info(0, true, 0) == UInt32(BROLGA_FRAME_KEEPS_CONTEXT))
    #expect(info(0, false, 16) == 32 && info(0, false, 0x7FFF_FFF0) == 0x7FF_FFFF << 5)
    #expect(info(CallingConvention.calleeSaved & ~(1 << 5), true, 48) == 31 | 3 << 5)
    #expect(info(~CallingConvention.calleeSaved, false, 0) == 0)
    #expect(MemoryLayout<FrameInfo>.size == 4 && MemoryLayout<HandlerEntry>.size == 8)
  }

  /// Artefacts keep them.
  @Test func numbersOfTrapsAndHelpersStay() {
    #expect(TrapKind.nullExceptionReference.rawValue == 15)
    #expect(TrapKind.uncaughtException.rawValue == 16)
    #expect(TrapKind.outOfMemory.rawValue == 17)
    #expect(TrapKind.allCases.map(\.rawValue) == Array(1...17))
    #expect(Helper.exceptionNew.rawValue == 12 && Helper.throw.rawValue == 13)
    #expect(Helper.exceptionCaught.rawValue == 14 && Helper.resumeUnwinding.rawValue == 15)
    #expect(Helper.allCases.map(\.rawValue).sorted() == Array(0...15))
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
