// SPDX-License-Identifier: Apache-2.0
// How wide values are.

import BrolgaEntities

/// What a move must know of the value that it moves.
struct ValueShape: BitwiseCopyable, Hashable {
  var registerClass: RegisterClass
  /// Units of the spill area that it takes.
  var units: UInt8

  @inline(__always) init(_ registerClass: RegisterClass, _ units: UInt8) {
    self.registerClass = registerClass
    self.units = units
  }
}

extension Machine {
  /// Units of the spill area that a value of each class takes if it does not say itself.
  var unitsOfClass: PerClass<UInt8> { PerClass(intSlotUnits, floatSlotUnits, vectorSlotUnits) }
}

extension Problem {
  /// Units of the spill area that `v` takes.
  public func units(of v: VirtualRegister) -> Int {
    let own = Int(v.raw) < ownUnits.count ? ownUnits[Int(v.raw)] : 0
    return Int(own != 0 ? own : machine.unitsOfClass[Int(classes[v].rawValue)])
  }

  /// Says that `v` takes `units` of the spill area, whatever its class takes. The value must be among
  /// `classes`.
  public mutating func setUnits(of v: VirtualRegister, to units: UInt8) {
    let count = Int(v.raw) + 1
    if ownUnits.count < count {
      ownUnits.append(repeating: 0, count: count - ownUnits.count)
    }
    ownUnits[Int(v.raw)] = units
  }

  /// The most units that a value of each class takes.
  var widestUnits: PerClass<UInt8> {
    var widest = machine.unitsOfClass
    for v in ownUnits.indices {
      let c = Int(classes.storage[v].rawValue)
      widest[c] = max(widest[c], ownUnits[v])
    }
    return widest
  }
}
