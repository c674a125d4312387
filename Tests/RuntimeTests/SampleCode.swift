// SPDX-License-Identifier: Apache-2.0
// Machine code in Brolga's convention, written by hand and assembled with llvm-mc.

/// A function of the sample program: its instructions, and its places of interest.
struct SampleFunction {
  let name: String
  /// Bytes in hexadecimal; the instruction follows them as a comment.
  let code: [String]
  /// Offset in the function, and trap kind (0: a call's return address).
  let places: [(offset: Int, kind: UInt8)]

  init(_ name: String, _ code: [String], places: [(Int, UInt8)] = []) {
    self.name = name
    self.code = code
    self.places = places
  }

  var bytes: [UInt8] {
    code.flatMap { $0.split(separator: " ").map { UInt8($0, radix: 16)! } }
  }
}

/// The functions, in index order; they call one another by relative addresses, so their order and
/// sizes are fixed.
let sampleFunctions: [SampleFunction] = [
  SampleFunction(
    "answer",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "b8 2a 00 00 00",  // mov eax, 42
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "add",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "8d 04 37",  // lea eax, [rdi + rsi]
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "unreachable",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "0f 0b",  // ud2
    ],
    places: [(4, 1)]),
  SampleFunction(
    "divide",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "89 f8",  // mov eax, edi
      "85 f6",  // test esi, esi
      "74 05",  // je 0x29 <t6_divide>
      "99",  // cdq
      "f7 fe",  // idiv esi
      "5d",  // pop rbp
      "c3",  // ret
      "0f 0b",  // ud2
    ],
    places: [(11, 7), (15, 6)]),
  SampleFunction(
    "load",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "41 8b 04 3e",  // mov eax, dword [r14 + rdi]
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "store",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "41 89 34 3e",  // mov dword [r14 + rdi], esi
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "recurse",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "49 3b 27",  // cmp rsp, qword [r15]
      "76 07",  // jbe 0x4f <t9_recurse>
      "e8 f2 ff ff ff",  // call 0x3f <recurse>
      "5d",  // pop rbp
      "c3",  // ret
      "0f 0b",  // ud2
    ],
    places: [(14, 0), (16, 9)]),
  SampleFunction(
    "callhost",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 83 ec 10",  // sub rsp, 16
      "4c 89 7d f8",  // mov qword [rbp - 8], r15
      "4d 8b 5f 58",  // mov r11, qword [r15 + 88]
      "4d 8b 7b 08",  // mov r15, qword [r11 + 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "41 ff 13",  // call qword [r11]
      "4c 8b 7d f8",  // mov r15, qword [rbp - 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "c9",  // leave
      "c3",  // ret
    ],
    places: [(27, 0)]),
  SampleFunction(
    "grow",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "89 fa",  // mov edx, edi
      "31 f6",  // xor esi, esi
      "4c 89 ff",  // mov rdi, r15
      "49 8b 47 10",  // mov rax, qword [r15 + 16]
      "ff 50 08",  // call qword [rax + 8]
      "5d",  // pop rbp
      "c3",  // ret
    ],
    places: [(18, 0)]),
  SampleFunction(
    "reverse",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "49 89 fa",  // mov r10, rdi
      "49 89 f3",  // mov r11, rsi
      "48 8b 45 18",  // mov rax, qword [rbp + 24]
      "48 89 cf",  // mov rdi, rcx
      "4c 89 c9",  // mov rcx, r9
      "4c 89 c6",  // mov rsi, r8
      "49 89 d0",  // mov r8, rdx
      "48 8b 55 10",  // mov rdx, qword [rbp + 16]
      "4c 89 5d 20",  // mov qword [rbp + 32], r11
      "4c 89 55 28",  // mov qword [rbp + 40], r10
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "floats",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "f2 0f 58 45 10",  // addsd xmm0, qword [rbp + 16]
      "f3 0f 5a 4d 18",  // cvtss2sd xmm1, dword [rbp + 24]
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "indirect",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 83 ec 10",  // sub rsp, 16
      "4c 89 7d f8",  // mov qword [rbp - 8], r15
      "49 8b 47 50",  // mov rax, qword [r15 + 80]
      "89 ff",  // mov edi, edi
      "48 3b 78 08",  // cmp rdi, qword [rax + 8]
      "73 2b",  // jae 0x105 <t10_indirect>
      "48 8b 00",  // mov rax, qword [rax]
      "4c 8b 1c f8",  // mov r11, qword [rax + 8*rdi]
      "4d 85 db",  // test r11, r11
      "74 21",  // je 0x107 <t4_indirect>
      "41 8b 4f 70",  // mov ecx, dword [r15 + 112]
      "41 3b 4b 10",  // cmp ecx, dword [r11 + 16]
      "75 19",  // jne 0x109 <t5_indirect>
      "4d 8b 7b 08",  // mov r15, qword [r11 + 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "41 ff 13",  // call qword [r11]
      "4c 8b 7d f8",  // mov r15, qword [rbp - 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "c9",  // leave
      "c3",  // ret
      "0f 0b",  // ud2
      "0f 0b",  // ud2
      "0f 0b",  // ud2
    ],
    places: [(57, 0), (67, 10), (69, 4), (71, 5)]),
  SampleFunction(
    "fill",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "41 89 d0",  // mov r8d, edx
      "89 f1",  // mov ecx, esi
      "89 fa",  // mov edx, edi
      "31 f6",  // xor esi, esi
      "4c 89 ff",  // mov rdi, r15
      "49 8b 47 10",  // mov rax, qword [r15 + 16]
      "ff 50 20",  // call qword [rax + 32]
      "85 c0",  // test eax, eax
      "75 02",  // jne 0x128 <t0_fill+0x6>
      "5d",  // pop rbp
      "c3",  // ret
      "89 c6",  // mov esi, eax
      "4c 89 ff",  // mov rdi, r15
      "49 8b 47 10",  // mov rax, qword [r15 + 16]
      "ff 10",  // call qword [rax]
    ],
    places: [(23, 0), (40, 0)]),
  SampleFunction(
    "outer",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "e8 02 00 00 00",  // call 0x13e <middle>
      "5d",  // pop rbp
      "c3",  // ret
    ],
    places: [(9, 0)]),
  SampleFunction(
    "middle",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "e8 cd fe ff ff",  // call 0x14 <unreachable>
      "5d",  // pop rbp
      "c3",  // ret
    ],
    places: [(9, 0)]),
  SampleFunction(
    "convert",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "0f 0b",  // ud2
    ],
    places: [(4, 8)]),
  SampleFunction(
    "tablebounds",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "0f 0b",  // ud2
    ],
    places: [(4, 3)]),
  SampleFunction(
    "nullreference",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "0f 0b",  // ud2
    ],
    places: [(4, 11)]),
  SampleFunction(
    "growtable",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "89 fa",  // mov edx, edi
      "31 f6",  // xor esi, esi
      "31 c9",  // xor ecx, ecx
      "4c 89 ff",  // mov rdi, r15
      "49 8b 47 10",  // mov rax, qword [r15 + 16]
      "ff 50 30",  // call qword [rax + 48]
      "5d",  // pop rbp
      "c3",  // ret
    ],
    places: [(20, 0)]),
  SampleFunction(
    "callback",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 83 ec 10",  // sub rsp, 16
      "4c 89 7d f8",  // mov qword [rbp - 8], r15
      "4d 8b 5f 60",  // mov r11, qword [r15 + 96]
      "4d 8b 7b 08",  // mov r15, qword [r11 + 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "41 ff 13",  // call qword [r11]
      "4c 8b 7d f8",  // mov r15, qword [rbp - 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "c9",  // leave
      "c3",  // ret
    ],
    places: [(27, 0)]),
  SampleFunction(
    "bigoffset",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "41 8b 84 3e ff ff ff 7f",  // mov eax, dword [r14 + rdi + 2147483647]
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "wild",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "8b 07",  // mov eax, dword [rdi]
      "5d",  // pop rbp
      "c3",  // ret
    ]),
  SampleFunction(
    "widehost",
    [
      "55",  // push rbp
      "48 89 e5",  // mov rbp, rsp
      "48 83 ec 30",  // sub rsp, 48
      "4c 89 7d f8",  // mov qword [rbp - 8], r15
      "48 8b 45 10",  // mov rax, qword [rbp + 16]
      "48 89 04 24",  // mov qword [rsp], rax
      "48 8b 45 18",  // mov rax, qword [rbp + 24]
      "48 89 44 24 08",  // mov qword [rsp + 8], rax
      "4d 8b 5f 68",  // mov r11, qword [r15 + 104]
      "4d 8b 7b 08",  // mov r15, qword [r11 + 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "41 ff 13",  // call qword [r11]
      "48 83 ec 10",  // sub rsp, 16
      "4c 8b 7d f8",  // mov r15, qword [rbp - 8]
      "4d 8b 77 08",  // mov r14, qword [r15 + 8]
      "4c 8b 5c 24 10",  // mov r11, qword [rsp + 16]
      "4c 89 5d 20",  // mov qword [rbp + 32], r11
      "4c 8b 5c 24 18",  // mov r11, qword [rsp + 24]
      "4c 89 5d 28",  // mov qword [rbp + 40], r11
      "c9",  // leave
      "c2 10 00",  // ret 16
    ],
    places: [(44, 0)]),
]
