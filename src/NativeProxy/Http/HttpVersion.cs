namespace NativeProxy.Http;

/// <summary>In which version of HTTP a message came; what it means does not depend on it, what it may ask for does (RFC 9110 section 2.5).</summary>
internal enum HttpVersion : byte
{
    Http10 = 0,

    /// <summary>And 1.2 to 1.9, whose messages are read as those of 1.1.</summary>
    Http11 = 1,
}
