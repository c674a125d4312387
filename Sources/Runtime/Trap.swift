// SPDX-License-Identifier: Apache-2.0
// A guest that was stopped: why, and where.

import BrolgaArtefact
import BrolgaCRuntime

/// The end of a guest's run by the guest's own fault.
public struct Trap: Error, Sendable {
  public let kind: TrapKind
  /// Says more than `kind`, for traps that the host raises.
  public let message: String?
  /// Where in its memory the guest wanted to read or write, if that is known.
  public let memoryAddress: UInt64?
  private let calls: Backtrace

  /// One call of a backtrace.
  public struct Frame: Hashable, Sendable {
    /// In the index space of its module.
    public let functionIndex: Int
    /// From the module's name section, else `function[N]`.
    public let functionName: String
    /// Bytes from the start of the module's compiled code.
    public let codeOffset: Int
    /// Bytes from the start of the module, where the compiler recorded it.
    public let wasmOffset: Int?
  }

  /// A trap that a host function raises.
  public init(_ kind: TrapKind, message: String? = nil) {
    self.kind = kind
    self.message = message
    memoryAddress = nil
    calls = Backtrace()
  }

  /// The calling thread's last trap.
  init(last trap: UnsafePointer<brolga_trap>) {
    kind = TrapKind(rawValue: UInt8(truncatingIfNeeded: trap.pointee.kind)) ?? .unreachable
    message = nil
    var memory = brolga_range()
    let fault = trap.pointee.fault_address
    let isMemory = fault != 0 && brolga_find_memory(fault, &memory)
    memoryAddress = isMemory ? fault - memory.low : nil
    calls = Backtrace(last: trap)
  }

  /// The guest's calls, innermost first, host functions left out. At most 64.
  public var backtrace: [Frame] { calls.frames }
  /// Calls that the backtrace leaves out, between its last frame and the guest's entry.
  public var omittedFrameCount: Int { calls.omittedCount }
}

extension Trap: CustomStringConvertible {
  /// The reason in the first line, then one line per frame.
  public var description: String {
    var text = "wasm trap: \(message ?? kind.description)"
    if let memoryAddress { text += " (address 0x\(String(memoryAddress, radix: 16)))" }
    return text + calls.text
  }
}

extension Trap.Frame: CustomStringConvertible {
  public var description: String {
    let wasm = wasmOffset.map { ", wasm offset 0x" + String($0, radix: 16) } ?? ""
    let code = String(codeOffset, radix: 16)
    return "\(functionName) (function \(functionIndex), code offset 0x\(code)\(wasm))"
  }
}
