// SPDX-License-Identifier: Apache-2.0
// Building: numbering and its scopes, constants, reuse of memory, size.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

/// A builder with an entry block of two i32, two i64 and two f64 parameters: v0 to v5.
private func makeBuilder() -> Builder {
  var builder = Builder()
  builder.beginFunction(index: 0, typeIndex: 0)
  let entry = builder.createBlock()
  builder.beginBlock(entry, dominatorDepth: -1)
  for (k, type) in [Type.i32, .i32, .i64, .i64, .f64, .f64].enumerated() {
    builder.append(Instruction(.param, type, b: UInt32(k)))
  }
  return builder
}

@Suite struct IRBuilderTests {
  @Test func recordSizes() {
    #expect(MemoryLayout<Instruction>.stride == 16)
    #expect(MemoryLayout<Builder.Slot>.stride == 16)
  }

  @Test func equalOperationsAreOneValue() {
    var b = makeBuilder()
    let sum = b.emit(Instruction(.add, .i32, a: 0, b: 1))
    #expect(b.emit(Instruction(.add, .i32, a: 0, b: 1)) == sum)
    #expect(b.emit(Instruction(.add, .i32, a: 1, b: 0)) == sum)
    #expect(b.emit(Instruction(.sub, .i32, a: 0, b: 1)) != sum)
    // The order of float operands decides which NaN comes out.
    let product = b.emit(Instruction(.fmul, .f64, a: 4, b: 5))
    #expect(b.emit(Instruction(.fmul, .f64, a: 5, b: 4)) != product)
    let quotient = b.emit(Instruction(.divS, .i32, a: 0, b: 1))
    #expect(b.emit(Instruction(.divS, .i32, a: 0, b: 1)) == quotient)
  }

  @Test func onlyReadOnlyLoadsAreNumbered() {
    var b = makeBuilder()
    let load = Instruction(.load, .i32, a: 0)
    #expect(b.emit(load) != b.emit(load))
    let context = Instruction(.contextLoad, .i64, b: 8)
    #expect(b.emit(context) != b.emit(context))
    let fixed = Instruction(.contextLoad, .i64, aux: Instruction.readOnly, b: 8)
    let other = Instruction(.contextLoad, .i64, aux: Instruction.readOnly, b: 16)
    #expect(b.emit(fixed) == b.emit(fixed))
    #expect(b.emit(fixed) != b.emit(other))
    let pointer = Instruction(.pointerLoad, .i64, aux: Instruction.readOnly, a: 2, b: 8)
    #expect(b.emit(pointer) == b.emit(pointer))
  }

  @Test func constantsAreSharedByNumberingAlone() {
    var b = makeBuilder()
    #expect(b.constant(.i32, bits: 7) == b.constant(.i32, bits: 7))
    #expect(b.constant(.i32, bits: 7) != b.constant(.i64, bits: 7))
    #expect(b.constant(.f64, bits: 7) != b.constant(.i64, bits: 7))
    b.numbersValues = false
    let sum = Instruction(.add, .i32, a: 0, b: 1)
    #expect(b.emit(sum) != b.emit(sum))
    #expect(b.constant(.i32, bits: 7) != b.constant(.i32, bits: 7))
  }

  /// b0 dominates b1, b2 and b3; b1 and b2 do not dominate b3.
  @Test func valuesAreKnownWhereTheirBlockDominates() {
    var b = makeBuilder()
    let inEntry = b.emit(Instruction(.add, .i32, a: 0, b: 1))
    let seven = b.constant(.i32, bits: 7)
    let sevenTimes = b.emit(Instruction(.mul, .i32, a: 0, b: seven.raw))
    let blocks = (0..<3).map { _ in b.createBlock() }
    b.append(Instruction(.trap, .none))
    var products: [Value] = []
    var eights: [Value] = []
    for block in blocks {
      b.beginBlock(block, dominatorDepth: 0)
      #expect(b.dominatorDepth == 1)
      #expect(b.emit(Instruction(.add, .i32, a: 0, b: 1)) == inEntry)
      #expect(b.constant(.i32, bits: 7) == seven)
      #expect(b.emit(Instruction(.mul, .i32, a: 0, b: seven.raw)) == sevenTimes)
      eights.append(b.constant(.i32, bits: 8))
      products.append(b.emit(Instruction(.mul, .i32, a: 0, b: 1)))
      b.append(Instruction(.trap, .none))
    }
    #expect(Set(products).count == 3)
    #expect(Set(eights).count == 3)
  }

  @Test func aTrapThatCannotHappenIsNothing() {
    var b = makeBuilder()
    let zero = b.constant(.i32, bits: 0)
    let count = b.function.instructions.count
    #expect(b.emit(Instruction(.trapIf, .none, aux: 1, a: zero.raw)).isNone)
    #expect(b.function.instructions.count == count)
    // Once checked is enough.
    let check = Instruction(.trapIf, .none, aux: 1, a: 0)
    #expect(b.emit(check) == b.emit(check))
    #expect(b.emit(check) != b.emit(Instruction(.trapIf, .none, aux: 2, a: 0)))
  }

  @Test func branchConditionsLoseTheirTests() {
    var b = makeBuilder()
    let less = b.emit(Instruction(.ltS, .i32, a: 0, b: 1))
    let zero = b.constant(.i32, bits: 0)
    let not = b.append(Instruction(.eq, .i32, a: less.raw, b: zero.raw))
    let twice = b.append(Instruction(.eq, .i32, a: not.raw, b: zero.raw))
    #expect(b.function.branchCondition(not.raw) == (less.raw, true))
    #expect(b.function.branchCondition(twice.raw) == (less.raw, false))
    #expect(b.function.branchCondition(less.raw) == (less.raw, false))
  }

  @Test func aFunctionLeavesNothingToTheNext() {
    var b = makeBuilder()
    for _ in 0..<3 {
      b.beginFunction(index: 1, typeIndex: 2)
      #expect(b.function.instructions.count == 0 && b.function.blocks.count == 0)
      let entry = b.createBlock()
      b.beginBlock(entry, dominatorDepth: -1)
      let x = b.append(Instruction(.param, .i32))
      var last = x
      for k in 0..<5000 {
        let c = b.constant(.i32, bits: UInt64(k) + 2)
        let next = b.emit(Instruction(.xor, .i32, a: x.raw, b: c.raw))
        #expect(next > last)
        last = next
      }
      // All of them are still known after the table has grown.
      let count = b.function.instructions.count
      for k in 0..<5000 {
        let c = b.constant(.i32, bits: UInt64(k) + 2)
        _ = b.emit(Instruction(.xor, .i32, a: x.raw, b: c.raw))
      }
      #expect(b.function.instructions.count == count)
    }
  }

  @Test func aChainOfAMillionCostsNoStack() {
    var b = makeBuilder()
    var value = Value(raw: 0)
    let n = _isDebugAssertConfiguration() ? 200_000 : 1_000_000
    for k in 0..<n {
      let opcode: Opcode = k % 2 == 0 ? .mul : .rotl
      value = b.emit(Instruction(opcode, .i32, a: value.raw, b: 1))
    }
    #expect(b.function.instructions.count == n + 6)
  }

  @Test func nestedAndSiblingBlocksInGreatNumber() {
    var b = makeBuilder()
    let blocks = (0..<50_000).map { _ in b.createBlock() }
    b.append(Instruction(.trap, .none))
    for (depth, block) in blocks.enumerated() {
      b.beginBlock(block, dominatorDepth: depth)
      b.emit(Instruction(.add, .i32, a: 0, b: 1))
      b.append(Instruction(.trap, .none))
    }
    #expect(b.function.instructions.count == 7 + 50_000 + 1)
    b.beginBlock(b.createBlock(), dominatorDepth: 0)
    b.emit(Instruction(.add, .i32, a: 0, b: 1))
    #expect(b.function.instructions.count == 7 + 50_000 + 2)
  }
}
