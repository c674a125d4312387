// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import BrolgaWasm

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
  }
}

@Test func referencesAreSubtypesWithinTheirHierarchy() {
  var table = TypeTable()
  table.finishType(.function, parameterCount: 0, resultCount: 0)
  table.finishGroup(count: 1, isExplicit: false)
  table.finishType(.structure, parameterCount: 0, resultCount: 0)
  table.finishGroup(count: 1, isExplicit: false)
  let types = table.view
  let function = ValueType(reference: HeapType(typeIndex: 0), isNullable: false)
  let structure = ValueType(reference: HeapType(typeIndex: 1), isNullable: true)
  let nonNull = ValueType.funcref.nonNull
  #expect(types.isSubtype(nonNull, .funcref) && !types.isSubtype(.funcref, nonNull))
  #expect(types.isSubtype(function, nonNull) && !types.isSubtype(nonNull, function))
  #expect(!types.isSubtype(structure, .funcref) && !types.isSubtype(function, structure))
  #expect(types.isSubtype(.unknown, .i32))
  // Of each hierarchy, from the top to the bottom.
  let chains: [[HeapType]] = [
    [.function, HeapType(typeIndex: 0), .noFunction], [.extern, .noExtern],
    [.any, .equality, .structure, HeapType(typeIndex: 1), .none], [.any, .equality, .array, .none],
    [.any, .equality, .i31, .none], [.exception, .noException],
  ]
  for chain in chains {
    for (i, above) in chain.enumerated() {
      for (k, below) in chain.enumerated() {
        #expect(types.isSubtype(below, above) == (k >= i), "\(below) \(above)")
      }
      for other in chains where other[0] != chain[0] {
        for type in other { #expect(!types.isSubtype(type, above), "\(type) \(above)") }
      }
    }
  }
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
  let types = TypeTable()
  #expect(table.isSubtype(of: TableType(element: .funcref, minimum: 3), in: types.view))
  #expect(!table.isSubtype(of: TableType(element: .externref, minimum: 3), in: types.view))
  let constant = GlobalType(type: .i32, isMutable: false)
  #expect(!constant.isSubtype(of: GlobalType(type: .i32, isMutable: true), in: types.view))
  #expect(constant.isSubtype(of: constant, in: types.view))
}
