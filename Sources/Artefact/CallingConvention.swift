// SPDX-License-Identifier: Apache-2.0
// Where the arguments and results of a WebAssembly call travel: Brolga's own convention.

/// Where one argument or result travels.
@frozen public enum ValuePlace: Sendable, Hashable, BitwiseCopyable {
  /// The k-th register of `CallingConvention.argumentIntegers` or `resultIntegers`; holds
  /// references and integers, 32-bit ones zero-extended.
  case integerRegister(UInt8)
  /// xmm0...xmm7; a vector takes the whole.
  case floatRegister(UInt8)
  /// The k-th 8-byte word, and of a vector the next one too, of the caller's outgoing area: at [rsp + 8 * k] of the caller at the
  /// call instruction, at [rbp + 16 + 8 * k] of the callee after its prologue. When the callee
  /// has returned, rsp has passed the arguments: the callee removes them.
  case stackWord(UInt16)
}

/// What kind of place a value takes.
@frozen public enum ValueKind: Sendable, Hashable, BitwiseCopyable {
  case integer, float, vector

  /// Words in memory.
  @inlinable public var words: UInt16 { self == .vector ? 2 : 1 }
}

/// Gives out places in order, without storing them: one per parameter, then one per result.
///
///     var places = CallPlaces()
///     for p in parameters { places.nextParameter(p.kind) … }
///     for r in results { places.nextResult(r.kind) … }
///     places.stackWords  // the outgoing area's size in words
///
/// Results that find no register lie behind the stack arguments, so all parameters must be
/// asked for before the first result. Parameters and results are at most 1,000 each (the
/// decoder's limit), so a word number fits `UInt16`.
///
/// Arguments take an even number of words, so that the results' place, and with it the stack
/// pointer after a call, is the same whatever function a chain of tail calls ends in: a function
/// that passes on more or fewer words than it got moves its return address, not the results.
@frozen public struct CallPlaces: Sendable, BitwiseCopyable {
  @usableFromInline var integers: UInt8 = 0
  @usableFromInline var floats: UInt8 = 0
  @usableFromInline var resultIntegers: UInt8 = 0
  @usableFromInline var resultFloats: UInt8 = 0
  /// Words given out to parameters, and to results.
  @usableFromInline var parameterWords: UInt16 = 0
  @usableFromInline var resultWords: UInt16 = 0

  @inlinable public init() {}

  /// Of results alone, behind arguments of so many words.
  @inlinable public init(argumentWords: UInt16) { parameterWords = argumentWords }

  /// Words that the parameters take, with one to make them even: what the callee removes.
  @inlinable public var argumentWords: UInt16 { (parameterWords &+ 1) & ~1 }

  /// Words of the outgoing area given out so far, arguments and results.
  @inlinable public var stackWords: UInt16 { argumentWords &+ resultWords }

  @inlinable public mutating func nextParameter(_ kind: ValueKind) -> ValuePlace {
    if let place = Self.register(kind, &integers, &floats) { return place }
    parameterWords &+= kind.words
    return .stackWord(parameterWords &- kind.words)
  }

  @inlinable public mutating func nextResult(_ kind: ValueKind) -> ValuePlace {
    if let place = Self.register(kind, &resultIntegers, &resultFloats) { return place }
    resultWords &+= kind.words
    return .stackWord(stackWords &- kind.words)
  }

  @inlinable static func register(
    _ kind: ValueKind, _ integers: inout UInt8, _ floats: inout UInt8
  ) -> ValuePlace? {
    if kind != .integer {
      if floats < CallingConvention.floatRegisterCount {
        floats &+= 1
        return .floatRegister(floats &- 1)
      }
    } else if integers < CallingConvention.integerRegisterCount {
      integers &+= 1
      return .integerRegister(integers &- 1)
    }
    return nil
  }
}

/// The registers of the convention, by hardware number (rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5,
/// rsi 6, rdi 7, r8...r15). The trampolines in CRuntime repeat it in assembly.
@frozen public enum CallingConvention {
  /// Argument and result registers of each class: xmm0...xmm7 for floats, in both directions.
  public static let floatRegisterCount: UInt8 = 8
  /// rdi, rsi, rdx, rcx, r8, r9 for arguments, rax, rdx, rcx, rsi, rdi, r8 for results.
  public static let integerRegisterCount: UInt8 = 6

  /// The hardware number of the k-th integer argument register.
  @inlinable public static func argumentInteger(_ k: UInt8) -> UInt8 {
    // A packed table: six nibbles, the first lowest.
    UInt8(truncatingIfNeeded: (0x98_1267 as UInt32) &>> (UInt32(k) &* 4)) & 15
  }

  /// The hardware number of the k-th integer result register.
  @inlinable public static func resultInteger(_ k: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: (0x87_6120 as UInt32) &>> (UInt32(k) &* 4)) & 15
  }

  /// rbx, rbp, r10, r12, r13 survive a call; so do r14 and r15 within one instance. A caller of a
  /// function record restores r14 and r15 itself. A function that ends in a tail call to another
  /// instance's leaves a frame that restores them: see `Helper.tailCall`.
  public static let calleeSaved: UInt32 = 1 << 3 | 1 << 5 | 1 << 10 | 1 << 12 | 1 << 13
  /// r15: the instance context.
  public static let contextRegister: UInt8 = 15
  /// r11: the exception, where a call goes on in a handler.
  public static let exceptionRegister: UInt8 = 11
  /// r14: the base of memory 0.
  public static let memoryBaseRegister: UInt8 = 14
  /// xmm15 never carries a value across anything.
  public static let scratchFloat: UInt8 = 15
  /// A function that calls through function records, or has handlers, keeps its own context at
  /// [rbp - 8].
  public static let savedContextOffset: Int32 = -8
}
