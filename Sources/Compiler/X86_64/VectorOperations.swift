// SPDX-License-Identifier: Apache-2.0
// The operations on vectors, by the form of their operands. Names are the processor's without the
// leading v; a case is one opcode. Those that say `evex` are not in the baseline: selection asks first
// whether the processor has AVX-512, or the part of it that stands in the brackets.

/// `d := a op source`, the source a register or 16 bytes of memory.
package enum VectorBinary: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case paddb, paddw, paddd, paddq, psubb, psubw, psubd, psubq, paddsb, paddsw, paddusb, paddusw,
    psubsb, psubsw, psubusb, psubusw, pmullw, pmulld, pmuludq, pmuldq, pmulhw, pmulhuw, pmulhrsw,
    pmaddwd, pmaddubsw, pavgb, pavgw, pminsb, pminsw, pminsd, pminub, pminuw, pminud, pmaxsb,
    pmaxsw, pmaxsd, pmaxub, pmaxuw, pmaxud, pcmpeqb, pcmpeqw, pcmpeqd, pcmpeqq, pcmpgtb, pcmpgtw,
    pcmpgtd, pcmpgtq, pand, pandn, por, pxor, psllw, pslld, psllq, psrlw, psrld, psrlq, psraw,
    psrad, psllvd, psllvq, psrlvd, psrlvq, psravd, pshufb, punpcklbw, punpcklwd, punpckldq,
    punpcklqdq, punpckhbw, punpckhwd, punpckhdq, punpckhqdq, packsswb, packssdw, packuswb,
    packusdw, psadbw, addps, addpd, subps, subpd, mulps, mulpd, divps, divpd, minps, minpd,
    maxps, maxpd, andps, andpd, andnps, andnpd, orps, orpd, xorps, xorpd, unpcklps, unpckhps,
    unpcklpd, unpckhpd, movss, movsd, pmullq, psraq

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .paddb: OpcodeBits(0xFC, .x0F, .x66)
    case .paddw: OpcodeBits(0xFD, .x0F, .x66)
    case .paddd: OpcodeBits(0xFE, .x0F, .x66)
    case .paddq: OpcodeBits(0xD4, .x0F, .x66)
    case .psubb: OpcodeBits(0xF8, .x0F, .x66)
    case .psubw: OpcodeBits(0xF9, .x0F, .x66)
    case .psubd: OpcodeBits(0xFA, .x0F, .x66)
    case .psubq: OpcodeBits(0xFB, .x0F, .x66)
    case .paddsb: OpcodeBits(0xEC, .x0F, .x66)
    case .paddsw: OpcodeBits(0xED, .x0F, .x66)
    case .paddusb: OpcodeBits(0xDC, .x0F, .x66)
    case .paddusw: OpcodeBits(0xDD, .x0F, .x66)
    case .psubsb: OpcodeBits(0xE8, .x0F, .x66)
    case .psubsw: OpcodeBits(0xE9, .x0F, .x66)
    case .psubusb: OpcodeBits(0xD8, .x0F, .x66)
    case .psubusw: OpcodeBits(0xD9, .x0F, .x66)
    case .pmullw: OpcodeBits(0xD5, .x0F, .x66)
    case .pmulld: OpcodeBits(0x40, .x0F38, .x66)
    case .pmuludq: OpcodeBits(0xF4, .x0F, .x66)
    case .pmuldq: OpcodeBits(0x28, .x0F38, .x66)
    case .pmulhw: OpcodeBits(0xE5, .x0F, .x66)
    case .pmulhuw: OpcodeBits(0xE4, .x0F, .x66)
    case .pmulhrsw: OpcodeBits(0x0B, .x0F38, .x66)
    case .pmaddwd: OpcodeBits(0xF5, .x0F, .x66)
    case .pmaddubsw: OpcodeBits(0x04, .x0F38, .x66)
    case .pavgb: OpcodeBits(0xE0, .x0F, .x66)
    case .pavgw: OpcodeBits(0xE3, .x0F, .x66)
    case .pminsb: OpcodeBits(0x38, .x0F38, .x66)
    case .pminsw: OpcodeBits(0xEA, .x0F, .x66)
    case .pminsd: OpcodeBits(0x39, .x0F38, .x66)
    case .pminub: OpcodeBits(0xDA, .x0F, .x66)
    case .pminuw: OpcodeBits(0x3A, .x0F38, .x66)
    case .pminud: OpcodeBits(0x3B, .x0F38, .x66)
    case .pmaxsb: OpcodeBits(0x3C, .x0F38, .x66)
    case .pmaxsw: OpcodeBits(0xEE, .x0F, .x66)
    case .pmaxsd: OpcodeBits(0x3D, .x0F38, .x66)
    case .pmaxub: OpcodeBits(0xDE, .x0F, .x66)
    case .pmaxuw: OpcodeBits(0x3E, .x0F38, .x66)
    case .pmaxud: OpcodeBits(0x3F, .x0F38, .x66)
    case .pcmpeqb: OpcodeBits(0x74, .x0F, .x66)
    case .pcmpeqw: OpcodeBits(0x75, .x0F, .x66)
    case .pcmpeqd: OpcodeBits(0x76, .x0F, .x66)
    case .pcmpeqq: OpcodeBits(0x29, .x0F38, .x66)
    case .pcmpgtb: OpcodeBits(0x64, .x0F, .x66)
    case .pcmpgtw: OpcodeBits(0x65, .x0F, .x66)
    case .pcmpgtd: OpcodeBits(0x66, .x0F, .x66)
    case .pcmpgtq: OpcodeBits(0x37, .x0F38, .x66)
    case .pand: OpcodeBits(0xDB, .x0F, .x66)
    case .pandn: OpcodeBits(0xDF, .x0F, .x66)
    case .por: OpcodeBits(0xEB, .x0F, .x66)
    case .pxor: OpcodeBits(0xEF, .x0F, .x66)
    case .psllw: OpcodeBits(0xF1, .x0F, .x66)
    case .pslld: OpcodeBits(0xF2, .x0F, .x66)
    case .psllq: OpcodeBits(0xF3, .x0F, .x66)
    case .psrlw: OpcodeBits(0xD1, .x0F, .x66)
    case .psrld: OpcodeBits(0xD2, .x0F, .x66)
    case .psrlq: OpcodeBits(0xD3, .x0F, .x66)
    case .psraw: OpcodeBits(0xE1, .x0F, .x66)
    case .psrad: OpcodeBits(0xE2, .x0F, .x66)
    case .psllvd: OpcodeBits(0x47, .x0F38, .x66)
    case .psllvq: OpcodeBits(0x47, .x0F38, .x66, wide: true)
    case .psrlvd: OpcodeBits(0x45, .x0F38, .x66)
    case .psrlvq: OpcodeBits(0x45, .x0F38, .x66, wide: true)
    case .psravd: OpcodeBits(0x46, .x0F38, .x66)
    case .pshufb: OpcodeBits(0x00, .x0F38, .x66)
    case .punpcklbw: OpcodeBits(0x60, .x0F, .x66)
    case .punpcklwd: OpcodeBits(0x61, .x0F, .x66)
    case .punpckldq: OpcodeBits(0x62, .x0F, .x66)
    case .punpcklqdq: OpcodeBits(0x6C, .x0F, .x66)
    case .punpckhbw: OpcodeBits(0x68, .x0F, .x66)
    case .punpckhwd: OpcodeBits(0x69, .x0F, .x66)
    case .punpckhdq: OpcodeBits(0x6A, .x0F, .x66)
    case .punpckhqdq: OpcodeBits(0x6D, .x0F, .x66)
    case .packsswb: OpcodeBits(0x63, .x0F, .x66)
    case .packssdw: OpcodeBits(0x6B, .x0F, .x66)
    case .packuswb: OpcodeBits(0x67, .x0F, .x66)
    case .packusdw: OpcodeBits(0x2B, .x0F38, .x66)
    case .psadbw: OpcodeBits(0xF6, .x0F, .x66)
    case .addps: OpcodeBits(0x58, .x0F, .none)
    case .addpd: OpcodeBits(0x58, .x0F, .x66)
    case .subps: OpcodeBits(0x5C, .x0F, .none)
    case .subpd: OpcodeBits(0x5C, .x0F, .x66)
    case .mulps: OpcodeBits(0x59, .x0F, .none)
    case .mulpd: OpcodeBits(0x59, .x0F, .x66)
    case .divps: OpcodeBits(0x5E, .x0F, .none)
    case .divpd: OpcodeBits(0x5E, .x0F, .x66)
    case .minps: OpcodeBits(0x5D, .x0F, .none)
    case .minpd: OpcodeBits(0x5D, .x0F, .x66)
    case .maxps: OpcodeBits(0x5F, .x0F, .none)
    case .maxpd: OpcodeBits(0x5F, .x0F, .x66)
    case .andps: OpcodeBits(0x54, .x0F, .none)
    case .andpd: OpcodeBits(0x54, .x0F, .x66)
    case .andnps: OpcodeBits(0x55, .x0F, .none)
    case .andnpd: OpcodeBits(0x55, .x0F, .x66)
    case .orps: OpcodeBits(0x56, .x0F, .none)
    case .orpd: OpcodeBits(0x56, .x0F, .x66)
    case .xorps: OpcodeBits(0x57, .x0F, .none)
    case .xorpd: OpcodeBits(0x57, .x0F, .x66)
    case .unpcklps: OpcodeBits(0x14, .x0F, .none)
    case .unpckhps: OpcodeBits(0x15, .x0F, .none)
    case .unpcklpd: OpcodeBits(0x14, .x0F, .x66)
    case .unpckhpd: OpcodeBits(0x15, .x0F, .x66)
    case .movss: OpcodeBits(0x10, .x0F, .xF3)
    case .movsd: OpcodeBits(0x10, .x0F, .xF2)
    case .pmullq: OpcodeBits(0x40, .x0F38, .x66, wide: true).evex()
    case .psraq: OpcodeBits(0xE2, .x0F, .x66, wide: true).evex()
    }
  }
}

/// `d := a op source` with an immediate byte.
package enum VectorBinaryByte: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case palignr, pblendw, pblendd, shufps, shufpd, insertps, cmpps, cmppd

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .palignr: OpcodeBits(0x0F, .x0F3A, .x66)
    case .pblendw: OpcodeBits(0x0E, .x0F3A, .x66)
    case .pblendd: OpcodeBits(0x02, .x0F3A, .x66)
    case .shufps: OpcodeBits(0xC6, .x0F, .none)
    case .shufpd: OpcodeBits(0xC6, .x0F, .x66)
    case .insertps: OpcodeBits(0x21, .x0F3A, .x66)
    case .cmpps: OpcodeBits(0xC2, .x0F, .none)
    case .cmppd: OpcodeBits(0xC2, .x0F, .x66)
    }
  }
}

/// `d := op source`. Those from `pmovsxbw` to `movddup` read 8 bytes of memory; a broadcast reads one
/// lane.
package enum VectorUnary: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pabsb, pabsw, pabsd, sqrtps, sqrtpd, cvtdq2ps, cvttps2dq, cvttpd2dq, cvtpd2ps, pmovsxbw,
    pmovsxwd, pmovsxdq, pmovzxbw, pmovzxwd, pmovzxdq, cvtdq2pd, cvtps2pd, movddup, pbroadcastb,
    pbroadcastw, pbroadcastd, pbroadcastq, broadcastss, pabsq, popcntb, cvttps2udq, cvttpd2udq,
    cvtudq2ps

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pabsb: OpcodeBits(0x1C, .x0F38, .x66)
    case .pabsw: OpcodeBits(0x1D, .x0F38, .x66)
    case .pabsd: OpcodeBits(0x1E, .x0F38, .x66)
    case .sqrtps: OpcodeBits(0x51, .x0F, .none)
    case .sqrtpd: OpcodeBits(0x51, .x0F, .x66)
    case .cvtdq2ps: OpcodeBits(0x5B, .x0F, .none)
    case .cvttps2dq: OpcodeBits(0x5B, .x0F, .xF3)
    case .cvttpd2dq: OpcodeBits(0xE6, .x0F, .x66)
    case .cvtpd2ps: OpcodeBits(0x5A, .x0F, .x66)
    case .pmovsxbw: OpcodeBits(0x20, .x0F38, .x66)
    case .pmovsxwd: OpcodeBits(0x23, .x0F38, .x66)
    case .pmovsxdq: OpcodeBits(0x25, .x0F38, .x66)
    case .pmovzxbw: OpcodeBits(0x30, .x0F38, .x66)
    case .pmovzxwd: OpcodeBits(0x33, .x0F38, .x66)
    case .pmovzxdq: OpcodeBits(0x35, .x0F38, .x66)
    case .cvtdq2pd: OpcodeBits(0xE6, .x0F, .xF3)
    case .cvtps2pd: OpcodeBits(0x5A, .x0F, .none)
    case .movddup: OpcodeBits(0x12, .x0F, .xF2)
    case .pbroadcastb: OpcodeBits(0x78, .x0F38, .x66)
    case .pbroadcastw: OpcodeBits(0x79, .x0F38, .x66)
    case .pbroadcastd: OpcodeBits(0x58, .x0F38, .x66)
    case .pbroadcastq: OpcodeBits(0x59, .x0F38, .x66)
    case .broadcastss: OpcodeBits(0x18, .x0F38, .x66)
    case .pabsq: OpcodeBits(0x1F, .x0F38, .x66, wide: true).evex()
    case .popcntb: OpcodeBits(0x54, .x0F38, .x66).evex(.avx512bitalg)
    case .cvttps2udq: OpcodeBits(0x78, .x0F, .none).evex()
    case .cvttpd2udq: OpcodeBits(0x78, .x0F, .none, wide: true).evex()
    case .cvtudq2ps: OpcodeBits(0x7A, .x0F, .xF2).evex()
    }
  }
}

/// `d := op source` with an immediate byte.
package enum VectorUnaryByte: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pshufd, pshufhw, pshuflw, roundps, roundpd

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pshufd: OpcodeBits(0x70, .x0F, .x66)
    case .pshufhw: OpcodeBits(0x70, .x0F, .xF3)
    case .pshuflw: OpcodeBits(0x70, .x0F, .xF2)
    case .roundps: OpcodeBits(0x08, .x0F3A, .x66)
    case .roundpd: OpcodeBits(0x09, .x0F3A, .x66)
    }
  }
}

/// `d := a shifted by an immediate`, by lanes; `pslldq` and `psrldq` shift the whole by bytes.
package enum VectorShift: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case psllw, pslld, psllq, psrlw, psrld, psrlq, psraw, psrad, pslldq, psrldq, psraq, prold, prolq

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .psllw: OpcodeBits(0x71, .x0F, .x66)
    case .pslld: OpcodeBits(0x72, .x0F, .x66)
    case .psllq: OpcodeBits(0x73, .x0F, .x66)
    case .psrlw: OpcodeBits(0x71, .x0F, .x66)
    case .psrld: OpcodeBits(0x72, .x0F, .x66)
    case .psrlq: OpcodeBits(0x73, .x0F, .x66)
    case .psraw: OpcodeBits(0x71, .x0F, .x66)
    case .psrad: OpcodeBits(0x72, .x0F, .x66)
    case .pslldq: OpcodeBits(0x73, .x0F, .x66)
    case .psrldq: OpcodeBits(0x73, .x0F, .x66)
    case .psraq: OpcodeBits(0x72, .x0F, .x66, wide: true).evex()
    case .prold: OpcodeBits(0x72, .x0F, .x66).evex()
    case .prolq: OpcodeBits(0x72, .x0F, .x66, wide: true).evex()
    }
  }

  /// What stands in the place of a register.
  @inline(__always) var digit: UInt8 {
    switch self {
    case .psllw, .pslld, .psllq: 6
    case .psrlw, .psrld, .psrlq: 2
    case .psraw, .psrad, .psraq: 4
    case .prold, .prolq: 1
    case .pslldq: 7
    case .psrldq: 3
    }
  }
}

/// `d := source where the sign of each lane of the mask is set, a elsewhere`.
package enum VectorSelect: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pblendvb, blendvps, blendvpd

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pblendvb: OpcodeBits(0x4C, .x0F3A, .x66)
    case .blendvps: OpcodeBits(0x4A, .x0F3A, .x66)
    case .blendvpd: OpcodeBits(0x4B, .x0F3A, .x66)
    }
  }
}

/// Of three, the first in `d`: `d := a * source + d`, or `d - a * source`, rounded once; or `d :=` for
/// each lane of `a` the lane of that number, those of `d` first and then the source's.
package enum VectorTernary: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case fmadd231ps, fmadd231pd, fnmadd231ps, fnmadd231pd, permt2b, permt2d

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .fmadd231ps: OpcodeBits(0xB8, .x0F38, .x66)
    case .fmadd231pd: OpcodeBits(0xB8, .x0F38, .x66, wide: true)
    case .fnmadd231ps: OpcodeBits(0xBC, .x0F38, .x66)
    case .fnmadd231pd: OpcodeBits(0xBC, .x0F38, .x66, wide: true)
    case .permt2b: OpcodeBits(0x7D, .x0F38, .x66).evex(.avx512vbmi)
    case .permt2d: OpcodeBits(0x7E, .x0F38, .x66).evex()
    }
  }
}

/// As `VectorTernary`, with an immediate byte: `pternlogd` makes of three bits, those of `d` the
/// highest, the bit of that number of the byte.
package enum VectorTernaryByte: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pternlogd

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pternlogd: OpcodeBits(0x25, .x0F3A, .x66).evex()
    }
  }
}

/// `d := a with one lane from the source`, an integer register or a lane of memory.
package enum VectorInsert: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pinsrb, pinsrw, pinsrd, pinsrq

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pinsrb: OpcodeBits(0x20, .x0F3A, .x66)
    case .pinsrw: OpcodeBits(0xC4, .x0F, .x66)
    case .pinsrd: OpcodeBits(0x22, .x0F3A, .x66)
    case .pinsrq: OpcodeBits(0x22, .x0F3A, .x66, wide: true)
    }
  }
}

/// `place := one lane of a`: an integer register, zero-extended, or memory.
package enum VectorExtract: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pextrb, pextrw, pextrd, pextrq

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pextrb: OpcodeBits(0x14, .x0F3A, .x66)
    case .pextrw: OpcodeBits(0x15, .x0F3A, .x66)
    case .pextrd: OpcodeBits(0x16, .x0F3A, .x66)
    case .pextrq: OpcodeBits(0x16, .x0F3A, .x66, wide: true)
    }
  }
}

/// `integer := the sign bits of the lanes of a`.
package enum VectorMask: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  case pmovmskb, movmskps, movmskpd

  /// Opcode, map and prefix.
  @inline(__always) var bits: OpcodeBits {
    switch self {
    case .pmovmskb: OpcodeBits(0xD7, .x0F, .x66)
    case .movmskps: OpcodeBits(0x50, .x0F, .none)
    case .movmskpd: OpcodeBits(0x50, .x0F, .x66)
    }
  }
}
