// SPDX-License-Identifier: Apache-2.0
// A decoded module: immutable, shared between threads.

import BrolgaEntities

/// A module of which everything but the function bodies has been validated.
///
/// Keeps its bytes; ranges are positions in them. Index spaces hold the imported entities first.
package final class Module: @unchecked Sendable {
  // Unchecked: everything is immutable once `init` returns.
  let contents: ModuleContents

  package init(
    decoding bytes: ModuleBytes, options: DecodingOptions = DecodingOptions()
  ) throws(WasmError) {
    var decoder = ModuleDecoder(bytes: bytes, options: options)
    try decoder.decode()
    contents = decoder.finish()
  }

  package convenience init(
    decoding bytes: [UInt8], options: DecodingOptions = DecodingOptions()
  ) throws(WasmError) {
    try self.init(decoding: ModuleBytes(bytes), options: options)
  }

  package var bytes: UnsafeRawBufferPointer { contents.bytes.buffer }
  package var features: Features { contents.features }

  // MARK: Types

  package var typeCount: Int { contents.types.count }

  /// The module's types, valid while the module lives.
  package var types: TypeTable.View { contents.types.view }

  package func isFunctionType(_ index: UInt32) -> Bool { types.isFunction(index) }

  /// Of a function type.
  package func signature(ofType index: UInt32) -> Signature {
    precondition(isFunctionType(index), "type \(index) is no function type")
    return types.signature(Int(truncatingIfNeeded: index))
  }

  /// Whether all references of type `reference` but null are to type `index`.
  package func isSubtype(_ reference: ValueType, ofDefined index: UInt32) -> Bool {
    types.isSubtype(reference.heapType, HeapType(typeIndex: index))
  }

  /// Whether no other type is a subtype of type `index`.
  package func isFinalType(_ index: UInt32) -> Bool { types[index].pointee.isFinal }

  /// The supertypes above type `index`.
  package func subtypingDepth(ofType index: UInt32) -> Int { Int(types[index].pointee.depth) }

  package func functionType(_ typeIndex: UInt32) -> FunctionType {
    signature(ofType: typeIndex).functionType
  }

  /// Adds the groups of types to `table`, whose numbers for them it returns by type index.
  package func copyTypes(to table: inout TypeTable) -> [UInt32] {
    var numbers: [UInt32] = []
    numbers.reserveCapacity(typeCount)
    for group in contents.types.groupRanges {
      numbers.append(contentsOf: contents.types.copy(group, to: &table, known: numbers))
    }
    return numbers
  }

  /// The smallest index of an equal type: two types are equal when these are.
  package func canonicalType(_ typeIndex: UInt32) -> UInt32 {
    types[typeIndex].pointee.canonical
  }

  package func typesAreEqual(_ a: UInt32, _ b: UInt32) -> Bool {
    canonicalType(a) == canonicalType(b)
  }

  // MARK: Imports and exports

  package var imports: [Import] { contents.imports }
  package var exports: [Export] { contents.exports }

  /// The export with exactly these UTF-8 bytes as its name. Looks at each export in turn.
  package func export(named name: String) -> Export? {
    contents.exports.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// The type of an export, or of anything else in an index space.
  package func externType(_ kind: ExternKind, _ index: UInt32) -> ExternType {
    let position = Int(truncatingIfNeeded: index)
    return switch kind {
    case .function: .function(typeIndex: typeIndex(ofFunction: index))
    case .table: .table(tables[position])
    case .memory: .memory(memories[position])
    case .global: .global(globals[position])
    case .tag: .tag(typeIndex: tags[position])
    }
  }

  // MARK: Functions

  /// Functions in the index space, imported and defined.
  package var functionCount: Int { contents.functionTypes.count }
  package var importedFunctionCount: Int { contents.importedFunctionCount }

  package func typeIndex(ofFunction index: UInt32) -> UInt32 {
    contents.functionTypes[Int(truncatingIfNeeded: index)]
  }

  package func signature(ofFunction index: UInt32) -> Signature {
    signature(ofType: typeIndex(ofFunction: index))
  }

  /// The defined functions' bodies: entry 0 is that of function `importedFunctionCount`. Empty for
  /// a skeleton.
  package var bodies: UnsafeBufferPointer<FunctionBody> {
    UnsafeBufferPointer(contents.bodies.buffer)
  }

  package func body(ofFunction index: UInt32) -> Range<Int> {
    contents.bodies[Int(truncatingIfNeeded: index) &- importedFunctionCount].range
  }

  /// Functions that exports, element segments or the constant expressions of the module name, in
  /// rising order: those that `ref.func` in a body may name, and that the outside can reach. The
  /// start function is not among them by being that.
  package var referencedFunctions: [UInt32] { contents.referencedFunctions }

  package func isReferenced(function index: UInt32) -> Bool {
    contents.referenced.contains(Int(truncatingIfNeeded: index))
  }

  /// The 16 bytes of an operator of a validated body, whose `immediate` says where they are: the
  /// value of `v128.const`, or the numbers of the lanes that `i8x16.shuffle` takes.
  package func vector(at immediate: UInt64) -> V128 {
    let place = Int(truncatingIfNeeded: immediate)
    return V128(UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + place))
  }

  package var start: UInt32? { contents.start }

  // MARK: Tables, memories, globals, tags

  package var tables: [TableType] { contents.tables }
  package func tableType(_ index: UInt32) -> TableType {
    contents.tableTypes[Int(truncatingIfNeeded: index)]
  }
  package var memories: [MemoryType] { contents.memories }
  package var globals: [GlobalType] { contents.globals }
  /// Type indices, of functions without results: a tag's exceptions carry the parameters.
  package var tags: [UInt32] { contents.tags }

  package func signature(ofTag index: UInt32) -> Signature {
    signature(ofType: contents.tags[Int(truncatingIfNeeded: index)])
  }

  package var importedTableCount: Int { contents.importedTableCount }
  package var importedMemoryCount: Int { contents.importedMemoryCount }
  package var importedGlobalCount: Int { contents.importedGlobalCount }
  package var importedTagCount: Int { contents.importedTagCount }

  /// The defined tables' initial elements, where the module says them: entry 0 is that of table
  /// `importedTableCount`.
  package var tableInitializers: [ConstantExpression?] { contents.tableInitializers }

  /// The defined globals' initial values: entry 0 is that of global `importedGlobalCount`.
  package var globalInitializers: [ConstantExpression] { contents.globalInitializers }

  // MARK: Segments

  package var elements: [ElementSegment] { contents.elements }
  package var data: [DataSegment] { contents.data }
  /// The data count section's number, if there is one.
  package var dataCount: UInt32? { contents.dataCount }

  // MARK: Names and custom sections

  package var customSections: [CustomSection] { contents.customSections }

  /// The module's name in its name section.
  package var name: String? {
    string(contents.names.module)
  }

  /// A function's name in the name section.
  package func functionName(_ index: UInt32) -> String? {
    let position = Int(truncatingIfNeeded: index)
    guard position < contents.names.functions.count else { return nil }
    return string(contents.names.functions[position])
  }

  /// The bytes of a function's name in the name section, UTF-8 or not; empty where it has none.
  package func functionNameBytes(_ index: UInt32) -> UnsafeBufferPointer<UInt8> {
    let position = Int(truncatingIfNeeded: index)
    guard position < contents.names.functions.count else { return .init(start: nil, count: 0) }
    let name = contents.names.functions[position]
    let start = Int(truncatingIfNeeded: name.start)
    let utf8 = bytes[start..<start + Int(truncatingIfNeeded: name.count)]
    return UnsafeRawBufferPointer(rebasing: utf8).assumingMemoryBound(to: UInt8.self)
  }

  /// Nil when absent or not UTF-8: the name section never makes a module wrong.
  private func string(_ name: NameRange) -> String? {
    guard name.start != 0 else { return nil }
    let start = Int(truncatingIfNeeded: name.start)
    let end = start &+ Int(truncatingIfNeeded: name.count)
    let utf8 = bytes[start..<end].bindMemory(to: UInt8.self)
    return String(validating: utf8, as: UTF8.self)
  }
}

/// What decoding produces, piece by piece.
struct ModuleContents: ~Copyable {
  let bytes: ModuleBytes
  let features: Features
  var types = TypeTable()
  var imports: [Import] = []
  var exports: [Export] = []
  /// Type index of each function.
  var functionTypes = Vector<UInt32>()
  var importedFunctionCount = 0
  var bodies = Vector<FunctionBody>()
  var referenced = BitSet()
  var referencedFunctions: [UInt32] = []
  var start: UInt32?
  var tables: [TableType] = []
  /// The same as `tables`, for function validation.
  var tableTypes = Vector<TableType>()
  var importedTableCount = 0
  var tableInitializers: [ConstantExpression?] = []
  var memories: [MemoryType] = []
  var importedMemoryCount = 0
  var globals: [GlobalType] = []
  /// The same as `globals`, for function validation.
  var globalTypes = Vector<GlobalType>()
  var importedGlobalCount = 0
  var globalInitializers: [ConstantExpression] = []
  var tags: [UInt32] = []
  /// The same as `tags`, for function validation.
  var tagTypes = Vector<UInt32>()
  var importedTagCount = 0
  var elements: [ElementSegment] = []
  /// The types of `elements`, for function validation.
  var elementTypes = Vector<ValueType>()
  var data: [DataSegment] = []
  var dataCount: UInt32?
  var customSections: [CustomSection] = []
  var names = NameTable()

  init(bytes: ModuleBytes, features: Features) {
    self.bytes = bytes
    self.features = features
  }

  mutating func append(_ type: GlobalType) {
    globals.append(type)
    globalTypes.append(type)
  }

  mutating func append(tag typeIndex: UInt32) {
    tags.append(typeIndex)
    tagTypes.append(typeIndex)
  }
}
