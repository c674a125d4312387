// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebAssembly

@Test func recordsKeepTheirSizes() {
  #expect(MemoryLayout<ValueType>.size == 4)
  #expect(MemoryLayout<Operator>.stride == 24)
  #expect(MemoryLayout<OperatorInfo>.stride == 8)
  #expect(MemoryLayout<ControlFrame>.stride == 48)
  #expect(MemoryLayout<FunctionBody>.stride == 8)
}

@Test func valueTypesKnowWhatTheyAre() {
  for type in [ValueType.i32, .i64, .f32, .f64] {
    #expect(type.isNumeric)
    #expect(!type.isReference && !type.isNullable)
  }
  #expect(!ValueType.v128.isNumeric && !ValueType.v128.isReference)
  for type in [ValueType.funcref, .externref] {
    #expect(type.isReference && type.isNullable && !type.isNumeric)
  }
  #expect(!ValueType.unknown.isNumeric && !ValueType.unknown.isReference)
  #expect(ValueType.funcref.heapType == .function)
  #expect(ValueType.externref.heapType == .extern)
  #expect(ValueType(reference: .function, isNullable: true) == .funcref)
}

@Test func typedReferencesKeepTheirIndex() {
  for index in [UInt32(0), 1, 127, 128, 65_535, 999_999] {
    let type = ValueType(reference: HeapType(typeIndex: index), isNullable: false)
    #expect(type.heapType.typeIndex == index)
    #expect(type.isReference && !type.isNullable)
    #expect(type.description == "(ref \(index))")
    #expect(type.isSubtype(of: ValueType(reference: HeapType(typeIndex: index), isNullable: true)))
    #expect(!type.isSubtype(of: .funcref))
  }
  let nonNull = ValueType(reference: .function, isNullable: false)
  #expect(nonNull.isSubtype(of: .funcref) && !ValueType.funcref.isSubtype(of: nonNull))
  #expect(ValueType.unknown.isSubtype(of: .i32))
}

@Test func typesPrintAsInTheTextFormat() {
  let type = FunctionType(parameters: [.i32, .funcref], results: [.f64])
  #expect(type.description == "[i32 funcref] -> [f64]")
  let reference = ValueType(reference: .any, isNullable: true)
  #expect(reference.description == "(ref null any)")
}

@Test func limitsMatchWhenTheImportAsksForNoMore() {
  let memory = MemoryType(minimum: 2, maximum: 5)
  #expect(memory.isSubtype(of: MemoryType(minimum: 1)))
  #expect(memory.isSubtype(of: MemoryType(minimum: 2, maximum: 5)))
  #expect(!memory.isSubtype(of: MemoryType(minimum: 3)))
  #expect(!memory.isSubtype(of: MemoryType(minimum: 2, maximum: 4)))
  #expect(!MemoryType(minimum: 2).isSubtype(of: MemoryType(minimum: 2, maximum: 9)))
  #expect(!memory.isSubtype(of: MemoryType(minimum: 1, is64: true)))
  let table = TableType(element: .funcref, minimum: 3)
  #expect(table.isSubtype(of: TableType(element: .funcref, minimum: 3)))
  #expect(!table.isSubtype(of: TableType(element: .externref, minimum: 3)))
  let constant = GlobalType(type: .i32, isMutable: false)
  #expect(!constant.isSubtype(of: GlobalType(type: .i32, isMutable: true)))
  #expect(constant.isSubtype(of: constant))
}
