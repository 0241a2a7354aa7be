using System.Runtime.CompilerServices;
using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>What the Connection fields of a message ask for.</summary>
internal struct ConnectionOptions
{
    public bool Close;
    public bool KeepAlive;
    public bool Upgrade;

    /// <summary>Options that may name fields; trailer fields of these names must not pass either (RFC 9110 section 7.6.1).</summary>
    public FieldNameMask NamedFields;

    /// <summary><see cref="RejectReason.None"/> when the options are sound.</summary>
    public RejectReason Reason;
}

/// <summary>
/// Reads Connection (RFC 9110 section 7.6.1) and marks every field that it names, so that it does not pass the proxy;
/// the hop-by-hop kinds need no mark. Framing and Host cannot be named away, since the next hop would then read another
/// message than this one. Changes marks in the table and nothing else; never allocates.
/// </summary>
internal static class ConnectionHeader
{
    /// <summary>Each option costs a walk over the table, so their number is bounded.</summary>
    private const int OptionCountMax = 64;

    /// <param name="bytes">The span that the table's ranges count from.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConnectionOptions Apply(ReadOnlySpan<byte> bytes, HeaderTable fields) =>
        fields.Contains(KnownHeader.Connection) ? ApplyAll(bytes, fields) : default;

    private static ConnectionOptions ApplyAll(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        ConnectionOptions options = default;
        int optionCount = 0;
        int index = fields.FirstIndexOf(KnownHeader.Connection);
        while (index >= 0 && options.Reason == RejectReason.None)
        {
            ApplyList(bytes, fields[index].Value, fields, ref options, ref optionCount);
            index = fields.NextIndexOf(KnownHeader.Connection, index);
        }

        return options;
    }

    private static void ApplyList(
        ReadOnlySpan<byte> bytes, ByteRange value, HeaderTable fields, ref ConnectionOptions options, ref int optionCount)
    {
        TokenList list = new(value.Of(bytes));
        while (list.MoveNext())
        {
            if (++optionCount > OptionCountMax || !TryApply(bytes, list.Current, fields, ref options))
            {
                options.Reason = RejectReason.BadConnectionOption;
                return;
            }
        }

        if (list.IsMalformed)
            options.Reason = RejectReason.BadConnectionOption;
    }

    private static bool TryApply(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> option, HeaderTable fields, ref ConnectionOptions options)
    {
        if (AsciiBytes.EqualsLower(option, "close"u8))
        {
            options.Close = true;
            return true;
        }

        KnownHeader known = KnownHeaders.Find(option);
        switch (known)
        {
            case KnownHeader.Host or KnownHeader.ContentLength or KnownHeader.TransferEncoding:
                return false;
            case KnownHeader.KeepAlive:
                options.KeepAlive = true;
                return true;
            case KnownHeader.Upgrade:
                options.Upgrade = true;
                return true;
            case KnownHeader.Te:
                return true;
            case KnownHeader.None:
                options.NamedFields.Add(option);
                MarkNamed(bytes, option, fields);
                return true;
            default:
                options.NamedFields.Add(option);
                MarkKnown(known, fields);
                return true;
        }
    }

    private static void MarkKnown(KnownHeader known, HeaderTable fields)
    {
        for (int i = fields.FirstIndexOf(known); i >= 0; i = fields.NextIndexOf(known, i))
            fields[i].IsNominated = true;
    }

    private static void MarkNamed(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name, HeaderTable fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (field.Known == KnownHeader.None && AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), name))
                field.IsNominated = true;
        }
    }
}
