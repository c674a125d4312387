// SPDX-License-Identifier: Apache-2.0
// What is compiled: statements over integer variables.

indirect enum Expression: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  case variable(String)
  case number(Int)
  case binary(Operation, Expression, Expression)

  init(stringLiteral name: String) { self = .variable(name) }
  init(integerLiteral value: Int) { self = .number(value) }

  static func + (a: Self, b: Self) -> Self { .binary(.add, a, b) }
  static func - (a: Self, b: Self) -> Self { .binary(.subtract, a, b) }
  static func * (a: Self, b: Self) -> Self { .binary(.multiply, a, b) }
}

enum Statement: Sendable {
  case assign(String, Expression)
  /// Runs until the expression is zero.
  case whileNotZero(Expression, [Statement])
  /// Calls the host, which shows a number and destroys registers.
  case show(Expression)
  case `return`(Expression)
}

/// Fibonacci numbers and a checksum: more variables than the machine has registers.
let example: [Statement] = [
  .assign("a", 0),
  .assign("b", 1),
  .assign("count", 10),
  .assign("step", 31),
  .assign("sum", 0),
  .whileNotZero(
    "count",
    [
      .assign("next", "a" + "b"),
      .assign("a", "b"),
      .assign("b", "next"),
      .assign("sum", "sum" * "step" + "next"),
      .show("next"),
      .assign("count", "count" - 1),
    ]),
  .return("sum" + "a" * 1000),
]
