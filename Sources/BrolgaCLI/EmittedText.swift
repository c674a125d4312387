// SPDX-License-Identifier: Apache-2.0
// What the stages of the compiler make of a module's functions, as text.

import Brolga
import BrolgaCompiler
import BrolgaWasm
import RegisterAllocation

/// The stages whose results have a text form.
enum EmittedText: String, CaseIterable {
  /// The intermediate representation that instructions are selected from.
  case ir
  /// Machine instructions before registers are allocated.
  case mach
  /// Allocation problems.
  case ra
  /// Machine code.
  case asm
}

/// Compiles the defined functions whose name fits `glob`, all of them if it is nil, and hands each
/// one's text to `write`, in order, after a line with its number and its name.
///
/// A function without a name is called `function[N]`, as in artefacts. Returns how many fit.
func emitText(
  _ kind: EmittedText, of bytes: ModuleBytes, _ options: CompilerOptions, only glob: String?,
  _ write: (String) -> Void
) throws(ModuleError) -> Int {
  let module = try decodeModule(bytes)
  let unit = CompilationUnit(module, options)
  var compiler = FunctionCompiler(options)
  compiler.emitter.assembler.code.keepsListing = kind == .asm
  var count = 0
  for position in module.importedFunctionCount..<module.functionCount {
    let index = UInt32(position)
    let name = module.functionName(index) ?? "function[\(index)]"
    if let glob, !matches(name, glob: glob) { continue }
    do throws(CompileError) {
      try compiler.compile(unit, function: index)
    } catch {
      throw ModuleError(error, in: bytes)
    }
    count += 1
    write("; \(index) \(name)\n")
    switch kind {
    case .ir: write(compiler.translator.builder.function.text())
    case .mach: write(compiler.machine.text(X64.self))
    case .ra: write(compiler.machine.problemText(X64.self))
    case .asm: write(compiler.emitter.listing(&compiler.machine, &compiler.solution))
    }
    write("\n")
  }
  return count
}

/// Whether `text` as a whole fits `glob`, in which `*` stands for any bytes and `?` for any one.
///
/// Cost: O(text * glob) at worst; after a mismatch only the last `*` is tried again.
func matches(_ text: String, glob: String) -> Bool {
  let text = Array(text.utf8)
  let glob = Array(glob.utf8)
  var position = 0
  var pattern = 0
  var star = -1
  var resume = 0
  while position < text.count {
    if pattern < glob.count, glob[pattern] == UInt8(ascii: "*") {
      star = pattern
      resume = position
      pattern += 1
    } else if pattern < glob.count,
      glob[pattern] == text[position] || glob[pattern] == UInt8(ascii: "?")
    {
      position += 1
      pattern += 1
    } else if star >= 0 {
      pattern = star + 1
      resume += 1
      position = resume
    } else {
      return false
    }
  }
  return glob[pattern...].allSatisfy { $0 == UInt8(ascii: "*") }
}
