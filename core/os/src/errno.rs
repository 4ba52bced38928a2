//! The ways in which a system call fails, with the texts that programs print.

use std::fmt;

/// A failed system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// EACCES.
    Access,
    /// EADDRINUSE.
    AddressInUse,
    /// EBADF.
    BadFd,
    /// EBUSY: a mount point.
    Busy,
    /// ECHILD.
    NoChild,
    /// EEXIST.
    Exists,
    /// EINTR: a caught signal came while waiting.
    Interrupted,
    /// EINVAL.
    Invalid,
    /// EISDIR.
    IsDirectory,
    /// ELOOP.
    Loop,
    /// ENAMETOOLONG.
    NameTooLong,
    /// ENXIO.
    NoDevice,
    /// ENOENT.
    NotFound,
    /// ENOEXEC.
    ExecFormat,
    /// ENOSPC.
    NoSpace,
    /// ENOTDIR.
    NotDirectory,
    /// ENOTEMPTY.
    NotEmpty,
    /// ENOTTY.
    NotTerminal,
    /// EPERM.
    NotPermitted,
    /// EPIPE.
    BrokenPipe,
    /// ECONNREFUSED.
    Refused,
    /// EHOSTUNREACH: nobody in the network has the address.
    HostUnreachable,
    /// ENETUNREACH: there is no way out.
    NetUnreachable,
    /// ETIMEDOUT.
    TimedOut,
    /// EROFS.
    ReadOnly,
    /// ESRCH.
    NoProcess,
    /// EXDEV.
    CrossDevice,
}

/// As `strerror` says it.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDevice => "No such device or address",
            Self::Access => "Permission denied",
            Self::AddressInUse => "Address already in use",
            Self::BadFd => "Bad file descriptor",
            Self::Busy => "Device or resource busy",
            Self::NoChild => "No child processes",
            Self::Exists => "File exists",
            Self::Interrupted => "Interrupted system call",
            Self::Invalid => "Invalid argument",
            Self::IsDirectory => "Is a directory",
            Self::Loop => "Too many levels of symbolic links",
            Self::NameTooLong => "File name too long",
            Self::NotFound => "No such file or directory",
            Self::ExecFormat => "Exec format error",
            Self::NoSpace => "No space left on device",
            Self::NotDirectory => "Not a directory",
            Self::NotEmpty => "Directory not empty",
            Self::NotTerminal => "Inappropriate ioctl for device",
            Self::NotPermitted => "Operation not permitted",
            Self::BrokenPipe => "Broken pipe",
            Self::Refused => "Connection refused",
            Self::HostUnreachable => "No route to host",
            Self::NetUnreachable => "Network is unreachable",
            Self::TimedOut => "Connection timed out",
            Self::ReadOnly => "Read-only file system",
            Self::NoProcess => "No such process",
            Self::CrossDevice => "Invalid cross-device link",
        })
    }
}

impl std::error::Error for Errno {}
