namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Numbers of alerts (RFC 8446 6), as tests write them down.</summary>
internal static class AlertNumber
{
    public const int UnexpectedMessage = 10;
    public const int BadRecordMac = 20;
    public const int RecordOverflow = 22;
    public const int IllegalParameter = 47;
    public const int DecodeError = 50;
    public const int ProtocolVersion = 70;
}
