// SPDX-License-Identifier: Apache-2.0
// Equality of types and groups, and subtyping.

extension TypeTable {
  /// The table in place, valid while it lives and does not grow.
  package struct View: BitwiseCopyable {
    let entries: UnsafePointer<Entry>
    let pool: UnsafePointer<ValueType>
    package let count: Int

    @inline(__always)
    subscript(_ index: UInt32) -> UnsafePointer<Entry> {
      entries + Int(truncatingIfNeeded: index)
    }

    /// Of a function type.
    @inline(__always)
    package func signature(_ index: Int) -> Signature {
      let entry = entries + index
      let start = pool + Int(truncatingIfNeeded: entry.pointee.start)
      let parameterCount = Int(truncatingIfNeeded: entry.pointee.parameterCount)
      return Signature(
        parameters: UnsafeBufferPointer(start: start, count: parameterCount),
        results: UnsafeBufferPointer(
          start: start + parameterCount,
          count: Int(truncatingIfNeeded: entry.pointee.resultCount)))
    }

    @inline(__always)
    package func isFunction(_ index: UInt32) -> Bool { self[index].pointee.kind == .function }

    // MARK: Equality

    /// What a reference refers to, for comparing groups: a type of the own group by its place
    /// there, others by the first equal type.
    private func identity(_ index: UInt32, inGroup start: UInt32, _ count: UInt32) -> UInt64 {
      if index &- start < count { return UInt64(index &- start) | 1 &<< 32 }
      return UInt64(self[index].pointee.canonical)
    }

    func hash(group start: Int, count: Int) -> UInt32 {
      let first = UInt32(truncatingIfNeeded: start)
      let groupCount = UInt32(truncatingIfNeeded: count)
      // Seeded per process, so that no module can be made to collide. The outcome does not depend
      // on the seed: an equal group is found or not.
      var hasher = Hasher()
      for i in start..<start &+ count {
        let entry = entries[i]
        hasher.combine(entry.kind.rawValue)
        hasher.combine(entry.isFinal)
        hasher.combine(entry.parameterCount)
        hasher.combine(entry.resultCount)
        if entry.supertype != .max {
          hasher.combine(identity(entry.supertype, inGroup: first, groupCount))
        }
        let parts = self.parts(entry)
        if !entry.hasIndices {
          hasher.combine(bytes: UnsafeRawBufferPointer(parts))
          continue
        }
        for part in parts {
          hasher.combine(part.raw & 0xFF)
          guard part.isReference else { continue }
          if let index = part.heapType.typeIndex {
            hasher.combine(identity(index, inGroup: first, groupCount))
          } else {
            hasher.combine(part.heapType.raw)
          }
        }
      }
      return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    /// What a type consists of, see `TypeTable`.
    func parts(_ entry: Entry) -> UnsafeBufferPointer<ValueType> {
      UnsafeBufferPointer(
        start: pool + Int(truncatingIfNeeded: entry.start),
        count: Int(truncatingIfNeeded: entry.parameterCount)
          &+ Int(truncatingIfNeeded: entry.resultCount))
    }

    /// Whether the groups that start at the two types are equal.
    func groupsAreEqual(_ a: Int, _ b: Int) -> Bool {
      let count = entries[a].groupCount
      guard entries[b].groupCount == count else { return false }
      for k in 0..<Int(truncatingIfNeeded: count) {
        guard entriesAreEqual(entries[a &+ k], entries[b &+ k]) else { return false }
      }
      return true
    }

    private func entriesAreEqual(_ a: Entry, _ b: Entry) -> Bool {
      guard a.kind == b.kind, a.isFinal == b.isFinal, a.parameterCount == b.parameterCount,
        a.resultCount == b.resultCount, a.hasIndices == b.hasIndices,
        (a.supertype == .max) == (b.supertype == .max)
      else { return false }
      if a.supertype != .max {
        guard
          identity(a.supertype, inGroup: a.groupStart, a.groupCount)
            == identity(b.supertype, inGroup: b.groupStart, b.groupCount)
        else { return false }
      }
      let left = parts(a)
      let right = parts(b)
      for i in left.indices {
        if left[i].raw & 0xFF != right[i].raw & 0xFF { return false }
        guard left[i].isReference, let index = left[i].heapType.typeIndex else {
          if left[i] != right[i] { return false }
          continue
        }
        guard let other = right[i].heapType.typeIndex,
          identity(index, inGroup: a.groupStart, a.groupCount)
            == identity(other, inGroup: b.groupStart, b.groupCount)
        else { return false }
      }
      return true
    }

    package func isEqual(_ a: ValueType, _ b: ValueType) -> Bool {
      if a == b { return true }
      guard a.isReference, a.isNullable == b.isNullable, let index = a.heapType.typeIndex,
        let other = b.heapType.typeIndex
      else { return false }
      return self[index].pointee.canonical == self[other].pointee.canonical
    }

    // MARK: Subtyping (core specification 3.0, 3.3)

    /// Whether a value of type `a` may stand where `b` is expected.
    package func isSubtype(_ a: ValueType, _ b: ValueType) -> Bool {
      if a == b || a == .unknown { return true }
      guard a.isReference, b.isReference, b.isNullable || !a.isNullable else { return false }
      return isSubtype(a.heapType, b.heapType)
    }

    package func isSubtype(_ a: HeapType, _ b: HeapType) -> Bool {
      if a == b || a == .unknown { return true }
      if let index = b.typeIndex {
        if let other = a.typeIndex { return isSubtype(other, index) }
        return a == (isFunction(index) ? .noFunction : HeapType.none)
      }
      guard let index = a.typeIndex else { return a.isSubtype(ofAbstract: b) }
      let above: HeapType =
        switch self[index].pointee.kind {
        case .function: .function
        case .structure: .structure
        case .array: .array
        }
      return above == b || above.isSubtype(ofAbstract: b)
    }

    /// Whether defined type `a` equals `b`, or is declared below it. Cost: the depth of `a`, which
    /// `ImplementationLimits.subtypingDepth` bounds.
    package func isSubtype(_ a: UInt32, _ b: UInt32) -> Bool {
      let wanted = self[b].pointee.canonical
      var type = a
      while type != .max {
        if self[type].pointee.canonical == wanted { return true }
        type = self[type].pointee.supertype
      }
      return false
    }

    /// The type and those above it, the topmost first, each the first that equals it.
    package func chain(of index: UInt32) -> [UInt32] {
      var chain: [UInt32] = []
      var type = index
      while type != .max {
        chain.append(self[type].pointee.canonical)
        type = self[type].pointee.supertype
      }
      return chain.reversed()
    }

    /// Whether type `index` has the structure that its declared supertype asks for.
    func matchesSupertype(_ index: UInt32) -> Bool {
      let entry = self[index].pointee
      let above = self[entry.supertype].pointee
      guard entry.kind == above.kind else { return false }
      let own = parts(entry)
      let wanted = parts(above)
      if entry.kind == .function {
        guard entry.parameterCount == above.parameterCount,
          entry.resultCount == above.resultCount
        else { return false }
        let parameterCount = Int(truncatingIfNeeded: entry.parameterCount)
        for i in own.indices {
          let fits =
            i < parameterCount
            ? isSubtype(wanted[i], own[i]) : isSubtype(own[i], wanted[i])
          if !fits { return false }
        }
        return true
      }
      guard own.count >= wanted.count else { return false }
      for i in stride(from: 0, to: wanted.count, by: 2) {
        guard own[i &+ 1] == wanted[i &+ 1] else { return false }
        let isMutable = own[i &+ 1] == .mutable
        guard isMutable ? isEqual(own[i], wanted[i]) : isSubtype(own[i], wanted[i]) else {
          return false
        }
      }
      return true
    }
  }
}

extension HeapType {
  /// Among abstract types, each a subtype of itself.
  fileprivate func isSubtype(ofAbstract other: HeapType) -> Bool {
    switch other {
    case .function: self == .noFunction
    case .extern: self == .noExtern
    case .exception: self == .noException
    case .any: [.equality, .i31, .structure, .array, .none].contains(self)
    case .equality: [.i31, .structure, .array, .none].contains(self)
    case .i31, .structure, .array: self == HeapType.none
    default: false
    }
  }
}

extension ValueType {
  // What only the fields of structures and arrays hold, and their mutability as a part of its own.
  static var i8: ValueType { ValueType(raw: 0x78) }
  static var i16: ValueType { ValueType(raw: 0x77) }
  static var immutable: ValueType { ValueType(raw: 0) }
  static var mutable: ValueType { ValueType(raw: 1) }
}
