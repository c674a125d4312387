// SPDX-License-Identifier: Apache-2.0
// What C and Swift both say about contexts, records and traps: that they say the same.

import CRuntime
import Testing

@testable import Artefact
@testable import Runtime

@Suite struct LayoutTests {
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
