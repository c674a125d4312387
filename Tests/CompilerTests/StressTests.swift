// SPDX-License-Identifier: Apache-2.0
// Functions that strain compilers: deep nesting, long chains, many calls.

import BrolgaEntities
import BrolgaWasm
import Testing

@testable import BrolgaCompiler

/// LEB128, unsigned or (for constants) signed.
private func leb(_ value: Int, signed: Bool = false) -> [UInt8] {
  var bytes: [UInt8] = []
  var value = value
  while true {
    let byte = UInt8(truncatingIfNeeded: value & 0x7F)
    value >>= 7
    let isDone = signed ? value == 0 && byte & 0x40 == 0 : value == 0
    bytes.append(isDone ? byte : byte | 0x80)
    if isDone { return bytes }
  }
}

private func section(_ number: UInt8, _ body: [UInt8]) -> [UInt8] {
  [number] + leb(body.count) + body
}

/// A module that imports `[i32 i32] -> []` as function 0 and defines `[i32] -> [i32]`, which has a
/// second local and the given code.
private func module(_ code: [UInt8]) -> [UInt8] {
  let types: [UInt8] = [2, 0x60, 2, 0x7F, 0x7F, 0, 0x60, 1, 0x7F, 1, 0x7F]
  let imports: [UInt8] = [1, 1, 0x65, 1, 0x66, 0, 0]
  let body: [UInt8] = [1, 1, 0x7F] + code + [0x0B]
  return [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0] + section(1, types) + section(2, imports)
    + section(3, [1, 1]) + section(5, [1, 0, 1]) + section(10, [1] + leb(body.count) + body)
}

private func repeated(_ piece: [UInt8], _ count: Int) -> [UInt8] {
  [UInt8]((0..<count).lazy.map { _ in piece }.joined())
}

private let get0: [UInt8] = [0x20, 0]

/// Code of `n` units, by name.
private func code(_ shape: String, _ n: Int) -> [UInt8] {
  switch shape {
  case "calls":
    return [UInt8](
      (0..<n).lazy.map { i -> [UInt8] in
        let constant = [0x41] + leb(i, signed: true)
        return (i % 2 == 0 ? get0 + constant : constant + get0) + [0x10, 0]
      }.joined()) + get0
  case "blocks":
    let branches = [UInt8](
      stride(from: 0, to: n, by: 50).lazy.map { get0 + [0x0D] + leb($0) }.joined())
    return repeated([0x02, 0x40], n) + branches + repeated([0x0B], n) + get0
  case "loops":
    let close: [UInt8] = [0x20, 1, 0x41, 1, 0x6A, 0x22, 1] + get0 + [0x49, 0x0D, 0, 0x0B]
    return repeated([0x03, 0x40], n) + repeated(close, n) + [0x20, 1]
  case "ifs":
    // Each arm of each `if` assigns the second local.
    let open: [UInt8] = get0 + [0x04, 0x40, 0x20, 1, 0x41, 1, 0x6A, 0x21, 1, 0x05]
    return repeated(open, n) + repeated([0x0B], n) + [0x20, 1]
  case "copies":
    let store: [UInt8] = [0x20, 1, 0x36, 2, 0]
    // The second local is given its own value in one arm: each join stands for the one before.
    return repeated(get0 + [0x04, 0x40, 0x20, 1, 0x21, 1, 0x0B] + get0 + store, n) + [0x20, 1]
  case "stack":
    return [UInt8]((0..<n).lazy.map { get0 + [0x41] + leb($0, signed: true) + [0x6A] }.joined())
      + repeated([0x73], n - 1)
  default:
    return get0 + repeated([0x41, 7, 0x6C] + get0 + [0x73], n)
  }
}

@Test(
  arguments: ["calls", "blocks", "loops", "ifs", "copies", "stack", "chain"],
  [OptimizationLevel.o0, .o2])
func aLargeFunctionCompilesToCodeInProportion(shape: String, level: OptimizationLevel) throws {
  var options = CompilerOptions()
  options.level = level
  // The oracles' cost must be in proportion as well.
  options.verifies = true
  options.checksAllocation = true
  var sizes: [Int] = []
  for n in [25_000, 50_000] {
    let decoded = try Module(decoding: module(code(shape, n)))
    sizes.append(try compile(decoded, options).module.text.count)
  }
  #expect(sizes[1] < sizes[0] * 22 / 10, "\(shape) at \(level): \(sizes) bytes of code")
}

/// A module whose only function has `n` locals, all assigned inside `n` nested constructs.
private func nestingTimesLocals(_ n: Int, construct: UInt8) -> [UInt8] {
  var body: [UInt8] = [1] + leb(n) + [0x7F] + repeated([construct, 0x40], n)
  for local in 1...n { body += [0x20] + leb(local) + [0x41, 1, 0x6A, 0x21] + leb(local) }
  body += repeated(get0 + [0x0D, 0, 0x0B], n) + get0
  for local in 1...n {
    body += [0x20] + leb(local)
    body.append(0x6A)
  }
  body.append(0x0B)
  var bytes: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0]
  bytes += section(1, [1, 0x60, 1, 0x7F, 1, 0x7F])
  bytes += section(3, [1, 0])
  bytes += section(10, [1] + leb(body.count) + body)
  return bytes
}

/// Blocks meet at their ends; loops carry every local around.
@Test(arguments: [0x02, 0x03] as [UInt8])
func nestingTimesLocalsStaysWithinTheBudget(construct: UInt8) throws {
  // In SSA form this would take 4,000,000 parameters, so the locals go to the frame.
  let unit = CompilationUnit(try Module(decoding: nestingTimesLocals(2_000, construct: construct)))
  var translator = Translator()
  try translator.translate(unit, function: 0, numbersValues: true)
  let (fellBack, count) = (
    translator.localsInFrame, translator.builder.function.instructions.count
  )
  #expect(fellBack && count < 50_000)
  // Where the product is small, it is worth its parameters.
  let small = CompilationUnit(try Module(decoding: nestingTimesLocals(50, construct: construct)))
  try translator.translate(small, function: 0, numbersValues: true)
  let fellBackForSmall = translator.localsInFrame
  #expect(!fellBackForSmall)

  var options = CompilerOptions()
  options.verifies = true
  options.checksAllocation = true
  _ = try compile(unit.module, options)
}
