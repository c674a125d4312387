// SPDX-License-Identifier: Apache-2.0
// Statements to SSA form: each value is defined once, and loops pass on what changes in them.

import RegisterAllocation

struct Translation {
  private(set) var function = Function<VirtualRegister>()
  private var valueCount: UInt32 = 0
  /// The value of each variable at this point.
  private var variables: [String: VirtualRegister] = [:]
  private var current = 0
  private var frequency: Float = 1

  static func translate(_ program: [Statement]) -> Function<VirtualRegister> {
    var translation = Translation()
    translation.current = translation.newBlock()
    translation.translate(program)
    return translation.function
  }

  private mutating func newValue() -> VirtualRegister {
    valueCount += 1
    return VirtualRegister(raw: valueCount - 1)
  }

  private mutating func newBlock() -> Int {
    function.blocks.append(Block(frequency: frequency))
    return function.blocks.count - 1
  }

  private mutating func emit(_ operation: Operation, _ places: VirtualRegister...) {
    function.blocks[current].instructions.append(Instruction(operation: operation, places: places))
  }

  private mutating func jump(to target: Int, passing names: [String]) {
    emit(.jump)
    let arguments = names.map { variables[$0]! }
    function.blocks[current].successors = [Edge(target: target, arguments: arguments)]
  }

  private mutating func translate(_ statements: [Statement]) {
    for statement in statements {
      switch statement {
      case .assign(let name, let expression): variables[name] = value(of: expression)
      case .show(let expression): emit(.show, value(of: expression))
      case .return(let expression): emit(.return, value(of: expression))
      case .whileNotZero(let condition, let body): translateLoop(condition, body)
      }
    }
  }

  /// The head of a loop has a parameter for each variable: the value comes from before the loop or
  /// from its last round.
  private mutating func translateLoop(_ condition: Expression, _ body: [Statement]) {
    let names = variables.keys.sorted()
    let outside = frequency
    frequency *= 10
    let head = newBlock()
    jump(to: head, passing: names)
    for name in names {
      let parameter = newValue()
      function.blocks[head].parameters.append(parameter)
      variables[name] = parameter
    }
    current = head
    emit(.branchIfZero, value(of: condition))
    let atHead = variables

    let round = newBlock()
    current = round
    translate(body)
    jump(to: head, passing: names)

    frequency = outside
    let behind = newBlock()
    function.blocks[head].successors = [Edge(target: behind), Edge(target: round)]
    current = behind
    variables = atHead
  }

  private mutating func value(of expression: Expression) -> VirtualRegister {
    switch expression {
    case .variable(let name): return variables[name]!
    case .number(let number):
      let value = newValue()
      emit(.constant(number), value)
      return value
    case .binary(let operation, let left, let right):
      let (a, b) = (value(of: left), value(of: right))
      let result = newValue()
      emit(operation, result, a, b)
      return result
    }
  }
}
