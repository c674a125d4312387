// SPDX-License-Identifier: Apache-2.0
// Type definitions as text: groups, supertypes, functions, structures, arrays.

import BrolgaEntities

extension TextPrinter {
  mutating func printTypes() {
    let count = UInt32(truncatingIfNeeded: module.typeCount)
    let groupCount = module.contents.types.groups.count
    for i in 0..<groupCount {
      let group = module.contents.types.groups[i]
      let end = i &+ 1 < groupCount ? module.contents.types.groups[i &+ 1].start : count
      if group.isExplicit { line("(rec") }
      for index in group.start..<end { printType(index) }
      if group.isExplicit { write(")") }
    }
  }

  private mutating func printType(_ index: UInt32) {
    let entry = module.types[index].pointee
    line("(type")
    writeDefinition(.type, index)
    let isPlain = entry.isFinal && entry.supertype == .max
    if !isPlain {
      write(entry.isFinal ? " (sub final" : " (sub")
      if entry.supertype != .max {
        write(" ")
        writeIndex(.type, entry.supertype)
      }
    }
    switch entry.kind {
    case .function:
      write(" (func")
      writeSignature(module.signature(ofType: index))
    case .structure:
      write(" (struct")
      for i in stride(from: 0, to: Int(entry.parameterCount), by: 2) {
        write(" (field ")
        writeField(module.types.parts(entry), i)
        write(")")
      }
    case .array:
      write(" (array ")
      writeField(module.types.parts(entry), 0)
    }
    write(isPlain ? "))" : ")))")
  }

  private mutating func writeField(_ parts: UnsafeBufferPointer<ValueType>, _ i: Int) {
    let isMutable = parts[i &+ 1] == .mutable
    if isMutable { write("(mut ") }
    switch parts[i] {
    case .i8: write("i8")
    case .i16: write("i16")
    case let type: write(type)
    }
    if isMutable { write(")") }
  }
}
