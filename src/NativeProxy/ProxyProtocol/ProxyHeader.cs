using NativeProxy.Foundation;

namespace NativeProxy.ProxyProtocol;

/// <summary>The three faces of the parser of this folder.</summary>
internal enum ProxyHeaderStatus : byte
{
    /// <summary>A whole header was read.</summary>
    Done,

    /// <summary>All bytes so far are fine, the header is not complete.</summary>
    NeedMore,

    /// <summary>This is no valid header; <see cref="ProxyHeader.Fault"/> says why.</summary>
    Rejected,
}

/// <summary>Why bytes are not an acceptable PROXY header. One value per rule.</summary>
internal enum ProxyHeaderFault : byte
{
    None,

    /// <summary>Neither "PROXY " nor the signature of version 2.</summary>
    NoHeader,

    /// <summary>Version 1: no line end within 107 bytes.</summary>
    LineTooLong,

    /// <summary>Version 1: the fields are not those that the protocol's name asks for.</summary>
    BadLine,

    /// <summary>Version 2: the version is not 2, or the command is neither LOCAL nor PROXY.</summary>
    BadCommand,

    /// <summary>Version 2: an unassigned address family or transport.</summary>
    BadFamily,

    /// <summary>Version 2: larger than this proxy reads.</summary>
    TooLong,

    /// <summary>Version 2: too short for the addresses of its family.</summary>
    AddressesCut,

    /// <summary>Version 2: the extensions do not end where the header does.</summary>
    BadExtension,

    /// <summary>Version 2: the checksum does not fit.</summary>
    BadChecksum,
}

/// <summary>What the parser says about the start of a connection.</summary>
internal readonly struct ProxyHeader
{
    public ProxyHeaderStatus Status { get; private init; }

    public ProxyHeaderFault Fault { get; private init; }

    /// <summary>Length of the header; 0 unless Done.</summary>
    public int HeaderBytes { get; private init; }

    /// <summary>Where the connection came from; not given when the header says nothing about it: the peer itself is the source then.</summary>
    public PeerAddress Source { get; private init; }

    /// <summary>The address that was connected to there; not given when the header says nothing about it.</summary>
    public PeerAddress Destination { get; private init; }

    /// <summary>The client speaks through TLS with who wrote the header (PP2_CLIENT_SSL).</summary>
    public bool IsSecure { get; private init; }

    public static ProxyHeader NeedMore => new() { Status = ProxyHeaderStatus.NeedMore };

    public static ProxyHeader Done(int headerBytes, in PeerAddress source, in PeerAddress destination = default, bool isSecure = false) => new()
    {
        HeaderBytes = headerBytes, Source = source, Destination = destination, IsSecure = isSecure,
    };

    public static ProxyHeader Rejected(ProxyHeaderFault fault) => new() { Status = ProxyHeaderStatus.Rejected, Fault = fault };

    public override string ToString() => Status switch
    {
        ProxyHeaderStatus.Done => $"Done({HeaderBytes}, {Source})",
        ProxyHeaderStatus.NeedMore => "NeedMore",
        _ => $"Rejected({Fault})",
    };
}
