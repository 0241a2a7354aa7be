using System.Globalization;

namespace NativeProxy.Config;

/// <summary>Reads what a listener says of the size of TLS records. Pure.</summary>
internal static class TlsRecordsText
{
    /// <summary>The size follows what is sent.</summary>
    public const string Dynamic = "dynamic";

    /// <summary>For editors.</summary>
    public const string Pattern = "^dynamic$|^[0-9]+(KiB)?$";

    /// <summary>What is expected of one.</summary>
    public const string Expected = "\"dynamic\", or a size from \"512\" (bytes) to \"16KiB\"";

    private const int BytesMin = 512;

    /// <summary>What one record holds (RFC 8446 5.1).</summary>
    private const int BytesMax = 16 * 1024;

    /// <summary>False when it is neither.</summary>
    /// <param name="text">As in the file.</param>
    /// <param name="bytes">Of one record; 0 = dynamic.</param>
    public static bool TryParse(string text, out int bytes)
    {
        bytes = 0;
        if (text == Dynamic)
            return true;
        bool isSize = Units.TryParseSize(text, out long size) || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size);
        if (!isSize || size is < BytesMin or > BytesMax)
            return false;
        bytes = (int)size;
        return true;
    }
}
