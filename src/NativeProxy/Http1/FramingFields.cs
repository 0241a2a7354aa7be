namespace NativeProxy.Http1;

/// <summary>
/// Writes the field that delimits a body of ours (RFC 9112 section 6); none where there is no body, or where it lasts until we close. Pure.
/// </summary>
internal static class FramingFields
{
    public static void Write(ref HeadWriter writer, BodyFraming framing)
    {
        if (framing.Kind == BodyKind.Chunked)
        {
            writer.AppendField("Transfer-Encoding"u8, "chunked"u8);
        }
        else if (framing.Kind == BodyKind.Length)
        {
            writer.BeginField("Content-Length"u8);
            writer.AppendDecimal(framing.LengthBytes);
            writer.EndField();
        }
    }
}
