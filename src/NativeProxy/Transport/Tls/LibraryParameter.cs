using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>OSSL_PARAM of OpenSSL 3: a named value; an array of them ends with one without a name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LibraryParameter
{
    /// <summary>Type of a text.</summary>
    public const uint Text = 4;

    /// <summary>Type of bytes.</summary>
    public const uint Bytes = 5;

    /// <summary>A text under a name; both must lie still.</summary>
    public static LibraryParameter OfText(byte* name, byte* text, int bytes) =>
        new() { Name = name, Type = Text, Data = text, Length = (nuint)bytes };

    public byte* Name;
    public uint Type;
    public void* Data;
    public nuint Length;
    public nuint ReturnedLength;
}
