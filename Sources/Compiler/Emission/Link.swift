// SPDX-License-Identifier: Apache-2.0
// The functions of all workers, joined to the text of a module in the order of their indices.

import BrolgaArtefact
import BrolgaEntities

/// What a code buffer holds, in place: valid until the buffer changes or dies.
package struct CodeView: BitwiseCopyable {
  let bytes: UnsafeRawBufferPointer
  let functions: UnsafeMutableBufferPointer<EmittedFunction>
  let calls: UnsafeMutableBufferPointer<CallRelocation>
  let sites: UnsafeMutableBufferPointer<CodeSite>
  let handlers: UnsafeMutableBufferPointer<HandlerEntry>
  let features: CPUFeatures

  /// The part of `calls` that belongs to the function at `entry` of `functions`.
  fileprivate func calls(of entry: Int) -> Range<Int> {
    let end = entry + 1 < functions.count ? Int(functions[entry + 1].callStart) : calls.count
    return Int(functions[entry].callStart)..<end
  }

  fileprivate func handlers(of entry: Int) -> Range<Int> {
    let end = entry + 1 < functions.count ? Int(functions[entry + 1].handlerStart) : handlers.count
    return Int(functions[entry].handlerStart)..<end
  }

  fileprivate func sites(of entry: Int) -> Range<Int> {
    let end = entry + 1 < functions.count ? Int(functions[entry + 1].siteStart) : sites.count
    return Int(functions[entry].siteStart)..<end
  }
}

extension CodeBuffer {
  package var view: CodeView {
    CodeView(
      bytes: bytes, functions: functions.buffer, calls: calls.buffer, sites: sites.buffer,
      handlers: handlers.buffer, features: features)
  }
}

/// Where a function was emitted: which buffer, and which of its functions.
private struct Placement: BitwiseCopyable {
  var view: UInt32
  var entry: UInt32

  static var none: Placement { Placement(view: .max, entry: .max) }
}

/// Fills text, function ranges and trap table of `module` from all buffers, and adds to its features.
///
/// Who emitted what leaves no trace: functions lie in the order of their indices, each at a
/// multiple of `CodeBuffer.alignment` or, where it asks for that, of `CodeBuffer.lineBytes`. Each
/// defined function must have been emitted exactly once.
///
/// - Parameter importedFunctionCount: indices below are not defined here.
/// Cost: linear; each byte is copied once, into memory of exactly the text's size.
package func link<ISA: InstructionSet>(
  _ views: [CodeView], definedFunctionCount: Int, importedFunctionCount: Int,
  for isa: ISA.Type, into module: inout CompiledModule
) throws(EmissionError) {
  var placements = Vector<Placement>()
  placements.reset(count: definedFunctionCount, to: .none)
  var siteCount = 0
  for v in views.indices {
    siteCount += views[v].sites.count
    module.features.formUnion(views[v].features)
    for entry in views[v].functions.indices {
      let index = Int(views[v].functions[entry].index) - importedFunctionCount
      precondition(index >= 0 && index < definedFunctionCount, "an unknown function")
      precondition(placements[index].view == .max, "a function emitted twice")
      placements[index] = Placement(
        view: UInt32(truncatingIfNeeded: v), entry: UInt32(truncatingIfNeeded: entry))
    }
  }
  try layOut(views, &placements, importedFunctionCount, &module)

  module.importedFunctionCount = importedFunctionCount
  module.traps.removeAll()
  module.trapKinds.removeAll()
  module.frames.removeAll()
  module.frames.reserve(definedFunctionCount)
  module.handlers.removeAll()
  module.traps.reserve(siteCount)
  module.trapKinds.reserve(siteCount)
  for index in placements.indices {
    let placement = placements[index]
    copyFunction(
      views[Int(placement.view)], Int(placement.entry), index, importedFunctionCount, isa, &module)
  }
}

/// Gives each function its range of the text.
private func layOut(
  _ views: [CodeView], _ placements: inout Vector<Placement>, _ importedFunctionCount: Int,
  _ module: inout CompiledModule
) throws(EmissionError) {
  module.functions.removeAll()
  module.functions.reserve(placements.count)
  var offset = 0
  for index in placements.indices {
    let placement = placements[index]
    precondition(placement.view != .max, "a function was not emitted")
    let function = views[Int(placement.view)].functions[Int(placement.entry)]
    let size = function.byteCount
    let alignment = function.isLineAligned ? CodeBuffer.lineBytes : CodeBuffer.alignment
    offset = (offset + alignment - 1) & -alignment
    module.functions.append(
      FunctionRange(offset: UInt32(truncatingIfNeeded: offset), size: size))
    offset += Int(size)
    // Calls reach 2 GiB.
    guard offset <= CodeBuffer.functionByteLimit else {
      throw EmissionError.codeTooLarge(
        function: UInt32(truncatingIfNeeded: index + importedFunctionCount))
    }
  }
  module.text.removeAll()
  module.text.reserve(offset)
}

/// Appends one function's bytes, its calls resolved, and its sites.
private func copyFunction<ISA: InstructionSet>(
  _ view: CodeView, _ entry: Int, _ index: Int, _ importedFunctionCount: Int,
  _ isa: ISA.Type, _ module: inout CompiledModule
) {
  let function = view.functions[entry]
  let range = module.functions[index]
  let offset = Int(range.offset)
  module.text.append(repeating: ISA.filler, count: offset - module.text.count)
  let start = Int(function.start)
  let bytes = UnsafeRawBufferPointer(rebasing: view.bytes[start..<start + Int(range.size)])
  module.text.append(contentsOf: bytes.assumingMemoryBound(to: UInt8.self))

  let code = UnsafeMutableRawBufferPointer(module.text.buffer)
  for c in view.calls(of: entry) {
    let call = view.calls[c]
    let at = offset &+ Int(truncatingIfNeeded: call.offset)
    let callee = Int(call.callee) - importedFunctionCount
    precondition(callee >= 0 && callee < module.functions.count, "a call of no defined function")
    let distance = Int(module.functions[callee].offset) &- at
    ISA.resolve(call: code.baseAddress.unsafelyUnwrapped + at, distance: distance)
  }
  for s in view.sites(of: entry) {
    let site = view.sites[s]
    module.traps.append(
      TrapEntry(codeOffset: range.offset &+ site.offset, wasmOffset: site.origin))
    module.trapKinds.append(site.kind)
  }
  module.frames.append(function.frame)
  for h in view.handlers(of: entry) {
    var handler = view.handlers[h]
    handler.returnOffset &+= range.offset
    handler.handlerOffset &+= range.offset
    module.handlers.append(handler)
  }
}
