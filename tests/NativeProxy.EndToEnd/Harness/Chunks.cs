using System;
using System.Globalization;
using System.Text;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Bodies in chunks, as text.</summary>
internal static class Chunks
{
    /// <summary>The data of a body in chunks, however it is cut; trailer fields may follow. Throws where it is none.</summary>
    public static string Join(string body)
    {
        var data = new StringBuilder();
        while (true)
        {
            int lineEnd = body.IndexOf("\r\n", StringComparison.Ordinal);
            int bytes = int.Parse(body.AsSpan(0, lineEnd), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (bytes == 0)
                return data.ToString();
            data.Append(body, lineEnd + 2, bytes);
            body = body[(lineEnd + 2 + bytes + 2)..];
        }
    }
}
