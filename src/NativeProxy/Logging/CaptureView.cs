using System;

namespace NativeProxy.Logging;

/// <summary>The captured values of one record, with what is secret in them replaced. For one line; log writer thread.</summary>
/// <param name="values">Those of the record.</param>
/// <param name="list">Whose they are to be; null = nobody asks for any.</param>
/// <param name="redaction">Null = nothing in them is secret.</param>
internal readonly ref struct CaptureView(ReadOnlySpan<byte> values, CaptureList? list, LineRedaction? redaction)
{
    private readonly ReadOnlySpan<byte> _values = values;

    public CaptureList? List { get; } = list;

    /// <summary>The value of a place in the list; empty where there is none. Valid until the next one is asked for.</summary>
    public ReadOnlySpan<byte> ValueOf(int index)
    {
        if (List is null || !CapturedValues.TryRead(_values, List, index, out ReadOnlySpan<byte> value))
            return default;
        return redaction is null ? value : redaction.OfHeader(value);
    }
}
