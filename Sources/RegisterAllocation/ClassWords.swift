// SPDX-License-Identifier: Apache-2.0
// Register masks by class number, for the inner loops of allocators.

/// Three values, one per register class, indexed by the class's raw value.
struct PerClass<Element: BitwiseCopyable>: BitwiseCopyable {
  fileprivate var int: Element
  fileprivate var float: Element
  fileprivate var vector: Element

  @inline(__always) init(_ int: Element, _ float: Element, _ vector: Element) {
    self.int = int
    self.float = float
    self.vector = vector
  }

  @inline(__always) init(repeating element: Element) { self.init(element, element, element) }

  @inline(__always) subscript(_ c: Int) -> Element {
    get { c == 0 ? int : c == 1 ? float : vector }
    set {
      if c == 0 {
        int = newValue
      } else if c == 1 {
        float = newValue
      } else {
        vector = newValue
      }
    }
  }
}

typealias ClassWords = PerClass<UInt64>

/// Register masks, one word per class.
extension PerClass<UInt64> {
  @inline(__always) init() { self.init(repeating: 0) }

  @inline(__always) init(_ set: RegisterSet) { self.init(set.int, set.float, set.vector) }

  @inline(__always) func contains(_ register: UInt8) -> Bool {
    self[Int(truncatingIfNeeded: register &>> 6)] & Self.bit(register) != 0
  }
  @inline(__always) mutating func insert(_ register: UInt8) {
    self[Int(truncatingIfNeeded: register &>> 6)] |= Self.bit(register)
  }
  @inline(__always) mutating func remove(_ register: UInt8) {
    self[Int(truncatingIfNeeded: register &>> 6)] &= ~Self.bit(register)
  }

  @inline(__always) mutating func subtract(_ other: ClassWords) {
    int &= ~other.int
    float &= ~other.float
    vector &= ~other.vector
  }

  @inline(__always) var isEmpty: Bool { int | float | vector == 0 }

  var set: RegisterSet {
    RegisterSet(int: self[0], float: self[1], vector: self[2])
  }

  /// The bit of a packed register in the word of its class.
  @inline(__always) static func bit(_ register: UInt8) -> UInt64 {
    1 &<< UInt64(truncatingIfNeeded: register & 63)
  }

  /// The packed register of the lowest bit of `word`, which is not zero.
  @inline(__always) static func lowest(_ word: UInt64, _ c: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: c &<< 6 | word.trailingZeroBitCount)
  }

  @inline(__always) static func highest(_ word: UInt64, _ c: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: c &<< 6 | (63 &- word.leadingZeroBitCount))
  }
}

/// Stands for "no register" where one is packed in a byte.
let noRegister: UInt8 = 0xff

extension RegisterClass {
  @inline(__always) init(index: Int) {
    self = RegisterClass(rawValue: UInt8(truncatingIfNeeded: index)).unsafelyUnwrapped
  }
}

extension Allocation {
  @inline(__always) init(packed register: UInt8) {
    self.init(PhysicalRegister(raw: register))
  }
  /// The packed register; meaningful only if `isRegister`.
  @inline(__always) var packed: UInt8 { UInt8(truncatingIfNeeded: raw) }
}
