// SPDX-License-Identifier: Apache-2.0
// Decodes and validates function bodies, operator by operator.

import BrolgaEntities

/// Reads a function body and checks it against the typing rules in the same walk.
///
/// Working memory that is reused: one per worker. Call `begin`, then `next` until `isAtEnd`. After
/// an error, `begin` starts afresh. State is in stored properties, so that reading it costs nothing
/// in another module.
///
/// Source: the algorithm of the core specification 3.0, appendix "Validation Algorithm".
package struct FunctionValidator: ~Copyable {
  /// Offset in the module of the operator that `next` returned last.
  package internal(set) var offset = 0
  /// Whether the function's final `end` has been returned.
  package internal(set) var isAtEnd = true
  /// Constructs open after the operator returned; 1 directly in the function, 0 after its end.
  package internal(set) var controlDepth = 0
  /// Whether the code after the operator returned cannot run.
  package internal(set) var isUnreachable = false
  /// Types of the locals, parameters first.
  package internal(set) var localTypes = Vector<ValueType>()
  package internal(set) var localCount = 0
  /// The first local that has no value until it is set; `localCount` if there is none. So that
  /// reading a local before it costs nothing more.
  var firstUninitialized = 0
  /// From `firstUninitialized` on: whether the local has a value here.
  var isInitialized = Vector<Bool>()
  /// The locals that were given their first value, in that order.
  var initializedLocals = Vector<UInt32>()
  /// Of the last `block`, `loop`, `if` or `try_table` returned.
  package internal(set) var blockSignature = Signature.empty
  /// Labels of the last `br_table` returned, the default last.
  package internal(set) var branchTargets = Vector<UInt32>()
  /// Clauses of the last `try_table` returned, in the order in which they are tried.
  package internal(set) var catchClauses = Vector<CatchClause>()
  /// What the last `select` chose between; `unknown` when only unreachable code decides.
  package internal(set) var selectType = ValueType.unknown

  /// The operand stack: `operands[0 ..< height]` are types, `unknown` where unreachable code
  /// leaves the type open.
  ///
  /// Invariant: there is room for one operand more per byte of the body that is still to be read.
  /// An operator pushes at most one operand per byte that it has, unless it pushes the types of a
  /// signature; so only `pushTypes` makes room, and `push` need not look.
  var operands: UnsafeMutablePointer<ValueType>
  var height = 0
  /// Operands of the enclosing constructs: those below are out of reach.
  var floor = 0
  /// What `operands` points to: capacity only, so that pages which the stack never reaches are
  /// never touched.
  private var operandMemory = Vector<ValueType>()
  var frames = Vector<ControlFrame>()
  var reader = ByteReader(
    base: UnsafePointer(bitPattern: 64).unsafelyUnwrapped, position: 0, end: 0)
  let table = OperatorTable.make()
  /// Distinguishes one `br_table` from the next; see `ControlFrame.stamp`.
  var stamp: UInt32 = 0

  // Places in `module`, which keeps them alive.
  var module: Module?
  var globals: UnsafeMutableBufferPointer<GlobalType> = .init(start: nil, count: 0)
  var tables: UnsafeMutableBufferPointer<TableType> = .init(start: nil, count: 0)
  var functionTypes: UnsafeMutableBufferPointer<UInt32> = .init(start: nil, count: 0)
  var elementTypes: UnsafeMutableBufferPointer<ValueType> = .init(start: nil, count: 0)
  var tagTypes: UnsafeMutableBufferPointer<UInt32> = .init(start: nil, count: 0)
  var types: TypeTable.View
  var memoryCount = 0
  /// Address type of memory 0.
  var addressType = ValueType.i32
  var dataCount: Int?
  /// One of each numeric type, for the signatures of blocks with a single result.
  var singles = Vector<ValueType>()
  /// The other types of such blocks.
  var blockTypes = BlockTypes()

  package init() {
    let types = TypeTable()
    self.types = types.view
    operands = operandMemory.buffer.baseAddress.unsafelyUnwrapped
    for code in 0..<UInt32(0x80) { singles.append(ValueType(raw: code)) }
  }

  /// Operands on the stack after the operator returned, those of enclosing constructs included.
  package var operandCount: Int { height }

  /// A construct that is open: label 0 is the innermost.
  package mutating func frame(_ label: Int) -> (kind: Opcode, signature: Signature) {
    let frame = frames[frames.count &- 1 &- label]
    return (frame.kind, frame.signature)
  }

  /// Starts on a defined function and reads its local declarations.
  package mutating func begin(_ module: Module, function: UInt32) throws(WasmError) {
    adopt(module)
    let body = module.body(ofFunction: function)
    reader.position = body.lowerBound
    reader.end = body.upperBound
    offset = body.lowerBound
    isAtEnd = false
    height = 0
    makeRoom(for: 0)
    frames.removeAll()
    blockTypes.removeAll()
    floor = 0
    let type = Int(truncatingIfNeeded: functionTypes[Int(truncatingIfNeeded: function)])
    let signature = types.signature(type)
    localTypes.removeAll()
    localTypes.append(contentsOf: signature.parameters)
    try readLocals()
    localCount = localTypes.count
    trackInitialization(from: signature.parameters.count)
    let none = UnsafeBufferPointer<ValueType>(start: nil, count: 0)
    push(.block, Signature(parameters: none, results: signature.results))
  }

  private mutating func adopt(_ module: Module) {
    if self.module === module { return }
    self.module = module
    let base = module.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    reader = ByteReader(base: base ?? reader.base, position: 0, end: 0)
    reader.typeCount = UInt32(truncatingIfNeeded: module.typeCount)
    reader.features = module.features
    globals = module.contents.globalTypes.buffer
    tables = module.contents.tableTypes.buffer
    functionTypes = module.contents.functionTypes.buffer
    elementTypes = module.contents.elementTypes.buffer
    tagTypes = module.contents.tagTypes.buffer
    types = module.contents.types.view
    memoryCount = module.contents.memories.count
    addressType = module.contents.memories.first?.addressType ?? .i32
    dataCount = module.contents.dataCount.map { Int(truncatingIfNeeded: $0) }
  }

  /// Makes room for `count` operands and all that the rest of the body can push one by one.
  @inline(__always)
  mutating func makeRoom(for count: Int) {
    let needed = height &+ count &+ reader.remaining
    if _slowPath(needed > operandMemory.capacity) { growOperands(needed) }
  }

  @inline(never)
  private mutating func growOperands(_ needed: Int) {
    operandMemory.reserve(needed)
    operands = operandMemory.buffer.baseAddress.unsafelyUnwrapped
  }

  private mutating func readLocals() throws(WasmError) {
    let groups = try reader.readU32()
    for _ in 0..<groups {
      let start = reader.position
      let count = Int(truncatingIfNeeded: try reader.readU32())
      guard localTypes.count &+ count <= ImplementationLimits.locals else {
        throw .limit("locals", at: start, ImplementationLimits.locals)
      }
      localTypes.append(repeating: try reader.readValueType(), count: count)
    }
  }

  /// Finds the locals, after the parameters, that have no value yet.
  private mutating func trackInitialization(from parameterCount: Int) {
    initializedLocals.removeAll()
    firstUninitialized = parameterCount
    while firstUninitialized < localCount && localTypes[firstUninitialized].isDefaultable {
      firstUninitialized = firstUninitialized &+ 1
    }
    isInitialized.removeAll()
    for i in firstUninitialized..<localCount { isInitialized.append(localTypes[i].isDefaultable) }
  }
}

/// A control construct that is open.
struct ControlFrame: BitwiseCopyable {
  var signature: Signature
  /// Operands of the enclosing constructs.
  var height: UInt32
  /// The last `br_table` that checked this label's types, so that it checks them once.
  var stamp: UInt32
  /// Entries of `initializedLocals` from before the construct.
  var initialized: UInt32
  /// `.block` also for the function itself.
  var kind: Opcode
  var isUnreachable: Bool

  /// What a branch to the construct's label carries.
  @inline(__always)
  var labelTypes: UnsafeBufferPointer<ValueType> {
    kind == .loop ? signature.parameters : signature.results
  }
}
