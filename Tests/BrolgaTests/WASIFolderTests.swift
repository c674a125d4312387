// SPDX-License-Identifier: Apache-2.0
// Entries of folders: each comes once, in whatever pieces and from whatever place they are read.

import BrolgaWASI
import Glibc
import Testing

private struct Entry: Equatable {
  var name: String
  var type: FileType?
  /// Where the next one is.
  var next: UInt64
}

private func guestWithFolder(_ count: Int) throws -> (TemporaryFolder, WASIGuest) {
  let folder = TemporaryFolder()
  for index in 0..<count { folder.write("entry-\(index)", "") }
  folder.makeFolder("sub")
  return (folder, try WASIGuest(in: folder))
}

extension WASIGuest {
  /// The entries from `cookie` on, read with a buffer of `room` bytes, at most `limit`.
  fileprivate func entries(
    from cookie: UInt64 = 0, room: UInt64 = 500, limit: Int = .max
  ) -> [Entry] {
    var found: [Entry] = []
    var cookie = cookie
    while true {
      let failure = call(.fd_readdir, 3, Address.data, room, cookie, Address.result)
      precondition(failure == .success, "\(failure)")
      let used = UInt64(word(Address.result))
      var offset: UInt64 = 0
      while offset + 24 <= used {
        let count = UInt64(word(Address.data + offset + 16))
        if offset + 24 + count > used { break }
        cookie = wide(Address.data + offset)
        found.append(
          Entry(
            name: text(at: Address.data + offset + 24, count: Int(count)),
            type: FileType(rawValue: bytes[Int(Address.data + offset) + 20]), next: cookie))
        if found.count == limit { return found }
        offset += 24 + count
      }
      if used < room { return found }
    }
  }
}

@Test func entriesOfAFolderComeOnceEach() throws {
  let (folder, guest) = try guestWithFolder(40)
  // A buffer of 100 bytes cuts every list after three or four entries.
  let entries = guest.entries(room: 100)
  #expect(entries.map(\.name).sorted() == (folder.entries + [".", ".."]).sorted())
  #expect(entries.first { $0.name == "sub" }?.type == .directory)
  #expect(entries.first { $0.name == "entry-7" }?.type == .regularFile)
}

@Test func everyCookieLeadsBackToItsEntry() throws {
  let (_, guest) = try guestWithFolder(300)
  let entries = guest.entries()
  #expect(entries.count == 303)
  // wasi-libc's telldir has no room for more.
  #expect(entries.allSatisfy { $0.next <= UInt32.max })
  for index in stride(from: entries.count - 1, through: 0, by: -13) {
    #expect(guest.entries(from: entries[index].next) == Array(entries[(index + 1)...]))
  }
}

@Test func aCookiePastTheEndIsTheEnd() throws {
  let (_, guest) = try guestWithFolder(3)
  let end = guest.entries().last!.next
  for cookie: UInt64 in [end, end + 1, 1 << 20, 1 << 32, 1 << 62, (1 << 63) - 1] {
    #expect(guest.entries(from: cookie) == [])
  }
  // None was given out by this descriptor.
  let fresh = try guestWithFolder(3).1
  #expect(fresh.entries(from: 2) == [])
}

@Test func whoBeginsAnewSeesWhatIsNewAndDisturbsNobody() throws {
  let (folder, guest) = try guestWithFolder(20)
  let first = guest.entries(limit: 10)
  for index in 0..<20 { folder.write("new-\(index)", "") }
  let again = guest.entries()
  #expect(again.map(\.name).sorted() == (folder.entries + [".", ".."]).sorted())
  for index in 0..<20 { remove(folder.path + "/new-\(index)") }
  _ = guest.entries(limit: 3)
  // A reader in the midst goes on.
  let rest = guest.entries(from: first[9].next).map(\.name)
  #expect(Set(rest).count == rest.count)
  #expect(guest.entries().count == 23)
}

@Test func beyondABoundAFileSystemsOwnPositionsAreTheCookies() {
  let positions = FolderPositions()
  let bound: UInt64 = 1 << 17
  var cookie: UInt64 = 0
  var cookies: [UInt64] = [0]
  let position = { (index: Int) in index == 0 ? 0 : index * 1_000_003 + 1 << 40 }
  for index in 1...Int(bound) + 100 {
    cookie = positions.cookie(after: cookie, position: position(index))
    cookies.append(cookie)
  }
  for index in [0, 1, 2, Int(bound) - 1, Int(bound), Int(bound) + 1, Int(bound) + 100] {
    #expect(positions.position(of: cookies[index]) == position(index))
  }
  #expect(cookies[Int(bound) - 1] == bound - 1)
  #expect(cookies[Int(bound)] == 1 << 63 | UInt64(position(Int(bound))))
  #expect(positions.position(of: bound) == nil)
}
