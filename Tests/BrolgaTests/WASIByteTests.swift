// SPDX-License-Identifier: Apache-2.0
// Arguments and names of files are bytes: what is not UTF-8 goes through as it is.

import BrolgaWASI
import Glibc
import Testing

/// No UTF-8: a byte that never occurs, a piece of a character, a lone surrogate.
private let strange: [[UInt8]] = [[0xff], [0x61, 0xe2, 0x82, 0x2e], [0xed, 0xa0, 0x80]]

extension WASIGuest {
  fileprivate func loaded(_ address: UInt64, _ count: Int) -> [UInt8] {
    Array(bytes[Int(address)..<Int(address) + count])
  }
}

@Test func argumentsAndEnvironmentNeedNotBeUTF8() throws {
  let guest = WASIGuest(
    bridge: try WASIBridgeToHost(
      argumentBytes: strange, environmentBytes: strange.map { [0x4b, 0x3d] as [UInt8] + $0 }))
  #expect(guest.call(.args_sizes_get, 0, 4) == .success)
  #expect(guest.word(0) == 3)
  #expect(guest.call(.args_get, 16, Address.data) == .success)
  let arguments: [UInt8] = Array(strange.map { $0 + [0] as [UInt8] }.joined())
  #expect(guest.word(4) == UInt32(arguments.count))
  #expect(guest.loaded(Address.data, arguments.count) == arguments)
  #expect(guest.call(.environ_get, 16, Address.data) == .success)
  let variables: [UInt8] = Array(strange.map { [0x4b, 0x3d] + $0 + [0] as [UInt8] }.joined())
  #expect(guest.loaded(Address.data, variables.count) == variables)
}

@Test func filesWhoseNamesAreNotUTF8AreReachedAndListed() throws {
  let folder = TemporaryFolder()
  let host = [UInt8]((folder.path + "/").utf8) + strange[0]
  #expect(mkdir(host.map { CChar(bitPattern: $0) } + [0], 0o755) == 0)
  let guest = WASIGuest(
    bridge: try WASIBridgeToHost(
      argumentBytes: [], preopens: [Preopen(hostBytes: host, guestBytes: strange[1])]))
  #expect(guest.call(.fd_prestat_dir_name, 3, Address.data, 4) == .success)
  #expect(guest.loaded(Address.data, 4) == strange[1])
  for name in strange {
    let count = guest.put(bytes: name)
    #expect(
      guest.call(
        .path_open, 3, 1, Address.path, count, 1, Rights.fdWrite.rawValue, 0, 0, Address.result)
        == .success)
  }
  var listed: Set<[UInt8]> = []
  #expect(guest.call(.fd_readdir, 3, Address.data, 1000, 0, Address.result) == .success)
  var offset: UInt64 = 0
  while offset < guest.word(Address.result) {
    let count = Int(guest.word(Address.data + offset + 16))
    listed.insert(guest.loaded(Address.data + offset + 24, count))
    offset += 24 + UInt64(count)
  }
  #expect(listed == Set(strange + [[0x2e], [0x2e, 0x2e]]))
  for name in strange {
    let count = guest.put(bytes: name)
    #expect(guest.call(.path_unlink_file, 3, Address.path, count) == .success)
  }
}
