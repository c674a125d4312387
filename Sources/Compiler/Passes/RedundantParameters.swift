// SPDX-License-Identifier: Apache-2.0
// Removal of block parameters that always stand for one value.

import Entities

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
  scratch.aliases.reserve(function.instructions.count)
  for v in 0..<UInt32(truncatingIfNeeded: function.instructions.count) {
    scratch.aliases.append(v)
  }
  var removed = 0
  for round in 0..<rounds {
    let found = scratch.resolveCandidates(function, forward: round & 1 == 1)
    removed &+= found
    if found == 0 && round > 0 { break }
  }
  if removed == 0 { return false }
  scratch.dropResolvedParameters(&function)
  scratch.replaceAliased(&function)
  return true
}

extension PassScratch {
  /// The value that stands for `value`. Halves the path on its way.
  @inline(__always)
  fileprivate mutating func resolved(_ value: UInt32) -> UInt32 {
    var v = Int(truncatingIfNeeded: value)
    while true {
      let next = aliases[v]
      if next == UInt32(truncatingIfNeeded: v) { return next }
      aliases[v] = aliases[Int(truncatingIfNeeded: next)]
      v = Int(truncatingIfNeeded: next)
    }
  }

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
      if value != .max { aliases[Int(truncatingIfNeeded: parameter)] = value }
    }
    for index in 0..<count {
      let place = candidates[index]
      let start = function.blocks[place.block].parameterStart
      let parameter = function.lists[Int(truncatingIfNeeded: start &+ place.position)]
      if aliases[Int(truncatingIfNeeded: parameter)] == parameter {
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
      let argument = resolved(
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
        if aliases[Int(truncatingIfNeeded: parameter)] != parameter {
          function.instructions[Value(raw: parameter)] = Instruction(.nop, .none)
          continue
        }
        if k != kept { moveArguments(function, data, from: k, to: kept) }
        function.instructions[Value(raw: parameter)].b = UInt32(truncatingIfNeeded: kept)
        function.lists[first &+ kept] = parameter
        kept &+= 1
      }
      function.blocks[Block(b)].parameterCount = UInt32(truncatingIfNeeded: kept)
    }
  }

  private mutating func moveArguments(
    _ function: borrowing Function, _ data: BlockData, from: Int, to: Int
  ) {
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for p in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let edge = function.edges[Edge(raw: function.lists[p])]
      let first = Int(truncatingIfNeeded: edge.argumentStart)
      function.lists[first &+ to] = function.lists[first &+ from]
    }
  }

  /// Rewrites every use.
  fileprivate mutating func replaceAliased(_ function: inout Function) {
    for index in 0..<function.instructions.count {
      let value = Value(index)
      let fields = function.instructions[value].opcode.valueFields
      if fields == [] { continue }
      var i = function.instructions[value]
      if fields.contains(.a) { i.a = resolved(i.a) }
      if fields.contains(.b) { i.b = resolved(i.b) }
      if fields.contains(.c) { i.c = resolved(i.c) }
      function.instructions[value] = i
      if fields.contains(.list) || fields.contains(.typedList) {
        let start = Int(truncatingIfNeeded: i.b) &+ (fields.contains(.typedList) ? 1 : 0)
        for k in start..<start &+ Int(truncatingIfNeeded: i.c) {
          function.lists[k] = resolved(function.lists[k])
        }
      }
    }
    for e in 0..<function.edges.count {
      let edge = function.edges[Edge(e)]
      let start = Int(truncatingIfNeeded: edge.argumentStart)
      let count = Int(truncatingIfNeeded: function.blocks[edge.to].parameterCount)
      for k in start..<start &+ count { function.lists[k] = resolved(function.lists[k]) }
    }
  }
}
