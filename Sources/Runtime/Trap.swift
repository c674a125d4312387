// SPDX-License-Identifier: Apache-2.0
// A guest that was stopped: why, and where.

import Artefact
import CRuntime

/// The end of a guest's run by the guest's own fault.
public struct Trap: Error, Sendable {
  public let kind: TrapKind
  /// Says more than `kind`, for traps that the host raises.
  public let message: String?
  /// Where in its memory the guest wanted to read or write, if that is known.
  public let memoryAddress: UInt64?
  /// Calls that the backtrace leaves out, between its last frame and the guest's entry.
  public let omittedFrameCount: Int
  private let places: [Place]

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

  /// A code address as offset into its module; named only when somebody asks.
  private struct Place: Sendable {
    let module: Module
    let codeOffset: UInt32
    let isReturnAddress: Bool
  }

  /// A trap that a host function raises.
  public init(_ kind: TrapKind, message: String? = nil) {
    self.kind = kind
    self.message = message
    memoryAddress = nil
    omittedFrameCount = 0
    places = []
  }

  /// The calling thread's last trap.
  init(last trap: UnsafePointer<brolga_trap>) {
    kind = TrapKind(rawValue: UInt8(truncatingIfNeeded: trap.pointee.kind)) ?? .unreachable
    message = nil
    var memory = brolga_range()
    let fault = trap.pointee.fault_address
    let isMemory = fault != 0 && brolga_find_memory(fault, &memory)
    memoryAddress = isMemory ? fault - memory.low : nil
    var places: [Place] = []
    let count = Int(trap.pointee.frame_count)
    places.reserveCapacity(count)
    let offset = MemoryLayout<brolga_trap>.offset(of: \.addresses)!
    // Safe: the C side has written `frame_count` addresses, at most as many as there is room for.
    let addresses = (UnsafeRawPointer(trap) + offset).assumingMemoryBound(to: UInt64.self)
    let firstIsExact = trap.pointee.first_is_exact != 0
    // Neighbouring frames are nearly always of one module.
    var range = brolga_range()
    for i in 0..<count {
      let address = addresses[i]
      let isReturnAddress = i > 0 || !firstIsExact
      // Behind the last call of a module's code there may be nothing.
      let inside = isReturnAddress ? address &- 1 : address
      if inside < range.low || inside >= range.high {
        guard brolga_find_code(inside, &range), range.owner != nil else {
          range = brolga_range()
          continue
        }
      }
      // Safe: a module in whose code a call is under way lives, and withdraws its range before it goes.
      let module = Unmanaged<Module>.fromOpaque(range.owner).takeUnretainedValue()
      places.append(
        Place(
          module: module, codeOffset: UInt32(truncatingIfNeeded: address &- range.low),
          isReturnAddress: isReturnAddress))
    }
    self.places = places
    omittedFrameCount = Int(trap.pointee.total_frames) - count
  }

  /// The guest's calls, innermost first, host functions left out. At most 64.
  public var backtrace: [Frame] {
    places.map {
      $0.module.frame(atCodeOffset: $0.codeOffset, isReturnAddress: $0.isReturnAddress)
    }
  }
}

extension Trap: CustomStringConvertible {
  /// The reason in the first line, then one line per frame.
  public var description: String {
    var text = "wasm trap: \(message ?? kind.description)"
    if let memoryAddress { text += " (address 0x\(String(memoryAddress, radix: 16)))" }
    if places.isEmpty { return text }
    text += "\nwasm backtrace:"
    for (position, frame) in backtrace.enumerated() {
      text += "\n  \(position): \(frame)"
    }
    if omittedFrameCount > 0 { text += "\n  ... \(omittedFrameCount) more" }
    return text
  }
}

extension Trap.Frame: CustomStringConvertible {
  public var description: String {
    let wasm = wasmOffset.map { ", wasm offset 0x" + String($0, radix: 16) } ?? ""
    let code = String(codeOffset, radix: 16)
    return "\(functionName) (function \(functionIndex), code offset 0x\(code)\(wasm))"
  }
}
