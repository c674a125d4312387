// SPDX-License-Identifier: Apache-2.0
// Branches on the value itself instead of on a test of it.

import BrolgaEntities

/// Lets branches test a value rather than its comparison with zero.
///
///     v2 = eq.i32 v0, v1   ; v1 = iconst.i32 #0
///     branch v2 -> b1, b2                           ->   branch v0 -> b2, b1
///
/// Needs: nothing.  Breaks: nothing.  Keeps: control flow, all values; the comparison is often
/// dead afterwards, and what it compared has one use less, so selection can fuse more.
/// Cost: one look at each block's end.
/// Source: own.
func straightenBranches(in function: inout Function) {
  for b in 0..<function.blocks.count {
    let terminator = function.terminator(Block(b))
    var i = function.instructions[terminator]
    if i.opcode != .branch { continue }
    let condition = function.branchCondition(i.a)
    if condition.value == i.a { continue }
    i.a = condition.value
    if condition.isInverted { swap(&i.b, &i.c) }
    function.instructions[terminator] = i
  }
}
