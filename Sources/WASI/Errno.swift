// SPDX-License-Identifier: Apache-2.0
// The error numbers of WASI preview 1, and what the host's become.

import Glibc

/// Why a preview 1 function failed; the raw value is what the guest receives.
///
/// Source: `errno` in `wasi_snapshot_preview1.witx`.
package enum Errno: UInt16, Error {
  case success, tooBig, acces, addrinuse, addrnotavail, afnosupport, again, already, badf, badmsg
  case busy, canceled, child, connaborted, connrefused, connreset, deadlk, destaddrreq, dom, dquot
  case exist, fault, fbig, hostunreach, idrm, ilseq, inprogress, intr, inval, io
  case isconn, isdir, loop, mfile, mlink, msgsize, multihop, nametoolong, netdown, netreset
  case netunreach, nfile, nobufs, nodev, noent, noexec, nolck, nolink, nomem, nomsg
  case noprotoopt, nospc, nosys, notconn, notdir, notempty, notrecoverable, notsock, notsup, notty
  case nxio, overflow, ownerdead, perm, pipe, proto, protonosupport, prototype, range, rofs
  case spipe, srch, stale, timedout, txtbsy, xdev, notcapable
}

extension Errno {
  /// The counterpart of a Linux error number; `io` for one that preview 1 has no word for.
  package init(host number: Int32) {
    switch number {
    case E2BIG: self = .tooBig
    case EACCES: self = .acces
    case EAGAIN: self = .again
    case EBADF: self = .badf
    case EBUSY: self = .busy
    case ECONNRESET: self = .connreset
    case EDEADLK: self = .deadlk
    case EDQUOT: self = .dquot
    case EEXIST: self = .exist
    case EFAULT: self = .fault
    case EFBIG: self = .fbig
    case EILSEQ: self = .ilseq
    case EINTR: self = .intr
    case EINVAL: self = .inval
    case EISDIR: self = .isdir
    case ELOOP: self = .loop
    case EMFILE: self = .mfile
    case EMLINK: self = .mlink
    case ENAMETOOLONG: self = .nametoolong
    case ENFILE: self = .nfile
    case ENODEV: self = .nodev
    case ENOENT: self = .noent
    case ENOLCK: self = .nolck
    case ENOMEM: self = .nomem
    case ENOSPC: self = .nospc
    case ENOSYS: self = .nosys
    case ENOTCONN: self = .notconn
    case ENOTDIR: self = .notdir
    case ENOTEMPTY: self = .notempty
    case ENOTSOCK: self = .notsock
    case EOPNOTSUPP: self = .notsup
    case ENOTTY: self = .notty
    case ENXIO: self = .nxio
    case EOVERFLOW: self = .overflow
    case EPERM: self = .perm
    case EPIPE: self = .pipe
    case ERANGE: self = .range
    case EROFS: self = .rofs
    case ESPIPE: self = .spipe
    case ESRCH: self = .srch
    case ESTALE: self = .stale
    case ETIMEDOUT: self = .timedout
    case ETXTBSY: self = .txtbsy
    case EXDEV: self = .xdev
    default: self = .io
    }
  }

  /// The error of the host function that failed last on this thread.
  static var current: Errno { Errno(host: errno) }
}

/// Calls a host function until a signal does not interrupt it.
///
/// - Throws: the host's error if it answers below zero.
func retrying<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    if errno != EINTR { throw .current }
  }
}

/// Throws the host's error if `result` is below zero.
func check(_ result: Int32) throws(Errno) {
  if result < 0 { throw .current }
}
