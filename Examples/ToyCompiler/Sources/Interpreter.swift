// SPDX-License-Identifier: Apache-2.0
// Runs a function, whether it is on values or on registers and slots.

/// What a run shows and returns.
struct Outcome: Equatable {
  var shown: [Int] = []
  var result = 0
}

/// - Parameter destroyed: what a call overwrites.
func run<Place>(_ function: Function<Place>, destroyed: [Place] = []) -> Outcome {
  var outcome = Outcome()
  var content: [Place: Int] = [:]
  var b = 0
  while true {
    let block = function.blocks[b]
    var edge: Edge<Place>?
    for instruction in block.instructions {
      let p = instruction.places
      switch instruction.operation {
      case .constant(let number): content[p[0]] = number
      case .add: content[p[0]] = content[p[1]]! &+ content[p[2]]!
      case .subtract: content[p[0]] = content[p[1]]! &- content[p[2]]!
      case .multiply: content[p[0]] = content[p[1]]! &* content[p[2]]!
      case .move: content[p[0]] = content[p[1]]!
      case .show:
        outcome.shown.append(content[p[0]]!)
        for place in destroyed { content[place] = -999 }
      case .jump: edge = block.successors[0]
      case .branchIfZero: edge = block.successors[content[p[0]]! == 0 ? 0 : 1]
      case .return:
        outcome.result = content[p[0]]!
        return outcome
      }
    }
    // All parameters at once: an argument may be a parameter of the same block.
    let arguments = edge!.arguments.map { content[$0]! }
    b = edge!.target
    for (parameter, argument) in zip(function.blocks[b].parameters, arguments) {
      content[parameter] = argument
    }
  }
}
