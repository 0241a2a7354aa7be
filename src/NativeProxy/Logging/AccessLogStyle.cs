namespace NativeProxy.Logging;

/// <summary>Shape of an access log line.</summary>
internal enum AccessLogStyle : byte
{
    /// <summary>HAProxy's httplog fields without the syslog prefix, then the connection columns.</summary>
    Haproxy,

    /// <summary>The combined log format of Apache and nginx, unextended, so that their tools read it.</summary>
    Combined,

    /// <summary>One JSON object per line with every field.</summary>
    Json,

    /// <summary>A line of a <see cref="LineTemplate"/>.</summary>
    Custom,
}
