// SPDX-License-Identifier: Apache-2.0
// What the sections of a module hold.

/// An import. Names compare by their UTF-8 bytes, not by `String` equality, which also equates
/// different spellings of the same character.
package struct Import: Hashable, Sendable {
  package var module: String
  package var name: String
  package var type: ExternType
  /// Bytes from the start of the module.
  package var offset: Int
}

/// An export. Names compare by their UTF-8 bytes; see `Module.export(named:)`.
package struct Export: Hashable, Sendable {
  package var name: String
  package var kind: ExternKind
  /// In the index space of `kind`.
  package var index: UInt32
}

/// A section with a name and bytes of its own.
package struct CustomSection: Hashable, Sendable {
  package var name: String
  /// The bytes after the name.
  package var contents: Range<Int>
}

/// Where the body of a defined function is: its local declarations and its code.
package struct FunctionBody: BitwiseCopyable, Sendable {
  package var start: UInt32
  package var end: UInt32

  package var range: Range<Int> {
    Int(truncatingIfNeeded: start)..<Int(truncatingIfNeeded: end)
  }
}

/// An operator of a constant expression, without the final `end`.
package enum ConstantOperator: BitwiseCopyable, Hashable, Sendable {
  case i32(Int32)
  case i64(Int64)
  /// The bits of the constant.
  case f32(UInt32)
  case f64(UInt64)
  case v128(V128)
  case refNull(ValueType)
  case refFunc(UInt32)
  case globalGet(UInt32)
  case i32Add, i32Sub, i32Mul
  case i64Add, i64Sub, i64Mul
}

/// A validated constant expression, in postfix order.
package struct ConstantExpression: Hashable, Sendable {
  /// The operator, when there is only one: nearly always, so it needs no array.
  package let single: ConstantOperator?
  private let several: [ConstantOperator]
  package let type: ValueType
  /// Where it stands in the module, the final `end` included.
  package let range: Range<Int>

  package init(_ instructions: [ConstantOperator], type: ValueType, range: Range<Int>) {
    precondition(!instructions.isEmpty, "a constant expression has a value")
    single = instructions.count == 1 ? instructions[0] : nil
    several = instructions.count == 1 ? [] : instructions
    self.type = type
    self.range = range
  }

  init(single: ConstantOperator, type: ValueType, range: Range<Int>) {
    self.single = single
    several = []
    self.type = type
    self.range = range
  }

  package var instructions: [ConstantOperator] { single.map { [$0] } ?? several }

  /// The bits of the value, an `i32` or `f32` zero-extended. Of a `v128` see `evaluateVector`.
  ///
  /// - Parameters:
  ///   - global: the bits of an earlier global's value.
  ///   - function: the bits of a reference to a function.
  ///   - null: the bits of a null reference.
  package func evaluate(
    global: (UInt32) -> UInt64, function: (UInt32) -> UInt64, null: UInt64 = 0
  ) -> UInt64 {
    var stack: [UInt64] = []
    for instruction in instructions {
      switch instruction {
      case .i32(let value): stack.append(UInt64(UInt32(bitPattern: value)))
      case .i64(let value): stack.append(UInt64(bitPattern: value))
      case .f32(let bits): stack.append(UInt64(bits))
      case .f64(let bits): stack.append(bits)
      case .v128: preconditionFailure("a vector has more than 64 bits")
      case .refNull: stack.append(null)
      case .refFunc(let index): stack.append(function(index))
      case .globalGet(let index): stack.append(global(index))
      case .i32Add, .i32Sub, .i32Mul, .i64Add, .i64Sub, .i64Mul:
        let right = stack.removeLast()
        stack[stack.count - 1] = instruction.apply(stack[stack.count - 1], right)
      }
    }
    return stack[0]
  }

  /// The value, where the type is `v128`. No operator takes vectors here, so there is only one.
  ///
  /// - Parameter global: an earlier global's value.
  package func evaluateVector(global: (UInt32) -> V128) -> V128 {
    switch single {
    case .v128(let value): value
    case .globalGet(let index): global(index)
    default: preconditionFailure("not an expression of type v128")
    }
  }

  /// The value when it depends on nothing but constants; nil for vectors too.
  package var foldedBits: UInt64? {
    let isPlain = instructions.allSatisfy {
      switch $0 {
      case .globalGet, .refFunc, .refNull, .v128: false
      default: true
      }
    }
    return isPlain ? evaluate(global: { _ in 0 }, function: { _ in 0 }) : nil
  }
}

extension ConstantOperator {
  fileprivate func apply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    switch self {
    case .i32Add: (a &+ b) & 0xFFFF_FFFF
    case .i32Sub: (a &- b) & 0xFFFF_FFFF
    case .i32Mul: (a &* b) & 0xFFFF_FFFF
    case .i64Add: a &+ b
    case .i64Sub: a &- b
    case .i64Mul: a &* b
    default: preconditionFailure("not an arithmetic operator")
    }
  }
}

package struct ElementSegment: Hashable, Sendable {
  package enum Mode: Hashable, Sendable {
    case passive
    case active(table: UInt32, offset: ConstantExpression)
    case declarative
  }

  package enum Items: Hashable, Sendable {
    /// Functions by index; none is null.
    case functions([UInt32])
    case expressions([ConstantExpression])
  }

  package var mode: Mode
  package var type: ValueType
  package var items: Items
  /// Whether an active segment spells out its table where it need not, which text can say too.
  var namesTable = false

  package var count: Int {
    switch items {
    case .functions(let functions): functions.count
    case .expressions(let expressions): expressions.count
    }
  }
}

package struct DataSegment: Hashable, Sendable {
  package enum Mode: Hashable, Sendable {
    case passive
    case active(memory: UInt32, offset: ConstantExpression)
  }

  package var mode: Mode
  /// In the module's bytes.
  package var bytes: Range<Int>
}
