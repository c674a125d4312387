// SPDX-License-Identifier: Apache-2.0
// The toy machine's instructions, on values before allocation and on places after it.

import RegisterAllocation

/// What an instruction does with its places. Results stand first.
enum Operation: Equatable, Sendable {
  /// `p0 = number`
  case constant(Int)
  /// `p0 = p1 + p2` and so on; the machine needs p0 and p1 to be one register.
  case add, subtract, multiply
  /// Shows p0. Takes it in r0, and destroys r0 and r1.
  case show
  /// `p0 = p1`: only allocation makes it.
  case move
  /// To the only successor.
  case jump
  /// To the first successor if p0 is zero, else to the second.
  case branchIfZero
  /// Ends the function with p0, in r0.
  case `return`
}

struct Instruction<Place: Hashable> {
  var operation: Operation
  var places: [Place] = []
}

/// The way into another block, and what its parameters become.
struct Edge<Place: Hashable> {
  var target: Int
  var arguments: [Place] = []
}

/// Ends in its only jump, branch or return.
struct Block<Place: Hashable> {
  var parameters: [Place] = []
  var instructions: [Instruction<Place>] = []
  var successors: [Edge<Place>] = []
  /// How often it runs if the function runs once: a guess.
  var frequency: Float = 1
}

struct Function<Place: Hashable> {
  var blocks: [Block<Place>] = []
}

// MARK: Text

extension Function {
  func text(_ name: (Place) -> String) -> String {
    var text = ""
    for (b, block) in blocks.enumerated() {
      text += "b\(b)" + list(block.parameters.map(name)) + ":\n"
      for instruction in block.instructions {
        text += "  \(line(instruction.operation, instruction.places.map(name)))"
        if instruction.operation == .jump || instruction.operation == .branchIfZero {
          text += block.successors.map { " b\($0.target)" + list($0.arguments.map(name)) }.joined()
        }
        text += "\n"
      }
    }
    return text
  }

  private func list(_ names: [String]) -> String {
    names.isEmpty ? "" : "(" + names.joined(separator: ", ") + ")"
  }

  private func line(_ operation: Operation, _ p: [String]) -> String {
    switch operation {
    case .constant(let number): "\(p[0]) = \(number)"
    case .add: "\(p[0]) = \(p[1]) + \(p[2])"
    case .subtract: "\(p[0]) = \(p[1]) - \(p[2])"
    case .multiply: "\(p[0]) = \(p[1]) * \(p[2])"
    case .move: "\(p[0]) = \(p[1])"
    case .show: "show \(p[0])"
    case .jump: "jump"
    case .branchIfZero: "branch if zero \(p[0])"
    case .return: "return \(p[0])"
    }
  }
}

/// `r2`, or `[1]` for a slot of the frame.
func name(_ place: Allocation) -> String {
  place.isRegister ? "r\(place.register.number)" : "[\(place.slot)]"
}
