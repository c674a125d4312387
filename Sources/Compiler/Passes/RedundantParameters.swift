// SPDX-License-Identifier: Apache-2.0
// Removal of block parameters that always stand for one value.

import BrolgaEntities

/// Removes block parameters whose arguments are all one value, or the parameter itself.
///
///     b1(v4: i32, v5: i32):              b1(v5: i32):
///       v6 = add.i32 v4, v5                v6 = add.i32 v0, v5
///       branch v6 -> b1(v4, v6), b2   ->   branch v6 -> b1(v6), b2
///     … with b0: jump -> b1(v0, v1)      … with b0: jump -> b1(v1)
///
/// Needs: predecessors.  Breaks: nothing.  Keeps: control flow, numbers of values.
/// Cost: at most `rounds` looks at each argument, then one walk if something was found.
/// Source: Braun et al., "Simple and Efficient Construction of SSA Form", 2013, without its
/// recursion. Rounds go against the order of blocks first: an inner loop's parameters are then
/// resolved before the outer loop asks for them. What is left after the last round stays.
///
/// Three places do this, each where something else is known. The end of translation drops nearly
/// all of them before there are lists, so that most need never be laid out; this finds what its few
/// rounds have left, and what a function that was not translated has; `rebuild` sees in passing
/// which arguments have become equal, and which edges have gone.
///
/// Returns whether it removed any.
@discardableResult
func removeRedundantParameters(
  in function: inout Function, _ scratch: inout PassScratch
) -> Bool {
  let rounds = 6
  scratch.candidates.removeAll()
  for b in 1..<max(1, function.blocks.count) {
    for k in 0..<function.blocks[Block(b)].parameterCount {
      scratch.candidates.append(ParameterPlace(block: Block(b), position: k))
    }
  }
  if scratch.candidates.isEmpty { return false }
  scratch.aliases.removeAll()
  var removed = 0
  for round in 0..<rounds {
    let found = scratch.resolveCandidates(function, forward: round & 1 == 1)
    removed &+= found
    if found == 0 && round > 0 { break }
  }
  if removed == 0 { return false }
  scratch.dropResolvedParameters(&function)
  replaceOperands(in: &function, by: &scratch.aliases)
  replaceArguments(in: &function, by: &scratch.aliases)
  return true
}

extension PassScratch {
  /// One round; keeps those candidates that are not resolved yet. Returns how many were.
  fileprivate mutating func resolveCandidates(
    _ function: borrowing Function, forward: Bool
  ) -> Int {
    let count = candidates.count
    var kept = 0
    for step in 0..<count {
      let index = forward ? step : count &- 1 &- step
      let place = candidates[index]
      let data = function.blocks[place.block]
      let parameter = function.lists[Int(truncatingIfNeeded: data.parameterStart &+ place.position)]
      let value = uniqueArgument(function, data, parameter, place.position)
      if value != .max {
        aliases.replace(parameter, by: value, count: function.instructions.count)
      }
    }
    for index in 0..<count {
      let place = candidates[index]
      let start = function.blocks[place.block].parameterStart
      let parameter = function.lists[Int(truncatingIfNeeded: start &+ place.position)]
      if !aliases.isReplaced(parameter) {
        candidates[kept] = place
        kept &+= 1
      }
    }
    candidates.truncate(to: kept)
    return count &- kept
  }

  /// The only value but the parameter itself among its arguments; `.max` if there are two.
  private mutating func uniqueArgument(
    _ function: borrowing Function, _ data: BlockData, _ parameter: UInt32, _ position: UInt32
  ) -> UInt32 {
    var unique: UInt32 = .max
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let edge = function.edges[Edge(raw: function.lists[k])]
      let argument = aliases.resolve(
        function.lists[Int(truncatingIfNeeded: edge.argumentStart &+ position)])
      if argument == parameter || argument == unique { continue }
      if unique != .max { return .max }
      unique = argument
    }
    return unique
  }

  /// Takes resolved parameters, and their arguments, out of the lists.
  fileprivate mutating func dropResolvedParameters(_ function: inout Function) {
    for b in 1..<function.blocks.count {
      let data = function.blocks[Block(b)]
      let first = Int(truncatingIfNeeded: data.parameterStart)
      var kept = 0
      for k in 0..<Int(truncatingIfNeeded: data.parameterCount) {
        let parameter = function.lists[first &+ k]
        if aliases.isReplaced(parameter) {
          function.instructions[Value(raw: parameter)] = Instruction(.nop, .none)
          continue
        }
        if k != kept { moveArguments(&function, data, from: k, to: kept) }
        function.instructions[Value(raw: parameter)].b = UInt32(truncatingIfNeeded: kept)
        function.lists[first &+ kept] = parameter
        kept &+= 1
      }
      function.blocks[Block(b)].parameterCount = UInt32(truncatingIfNeeded: kept)
    }
  }

  private mutating func moveArguments(
    _ function: inout Function, _ data: BlockData, from: Int, to: Int
  ) {
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for p in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let edge = function.edges[Edge(raw: function.lists[p])]
      let first = Int(truncatingIfNeeded: edge.argumentStart)
      function.lists[first &+ to] = function.lists[first &+ from]
    }
  }
}

/// Makes every instruction read what its operands stand for.
func replaceOperands(in function: inout Function, by aliases: inout Aliases) {
  if aliases.isEmpty { return }
  function.mapOperands { aliases.resolve($0) }
}

/// The same for the arguments of edges.
private func replaceArguments(in function: inout Function, by aliases: inout Aliases) {
  for e in 0..<function.edges.count {
    let edge = function.edges[Edge(e)]
    let start = Int(truncatingIfNeeded: edge.argumentStart)
    let count = Int(truncatingIfNeeded: function.blocks[edge.to].parameterCount)
    for k in start..<start &+ count { function.lists[k] = aliases.resolve(function.lists[k]) }
  }
}
