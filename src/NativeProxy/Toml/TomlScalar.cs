using System;

namespace NativeProxy.Toml;

/// <summary>A number, boolean, date or time as a plain value, so that the reader can hold any of them without boxing.</summary>
/// <param name="Kind">One of the scalar kinds except String.</param>
/// <param name="Bits">The integer, the bits of the double, 0 or 1, or 100 ns ticks (of <see cref="DateTime"/>, or since midnight).</param>
/// <param name="OffsetMinutes">Offset from UTC; only for OffsetDateTime, whose ticks are local time, within 14 hours.</param>
internal readonly record struct TomlScalar(TomlTokenKind Kind, long Bits, short OffsetMinutes = 0)
{
    public double AsFloat() => BitConverter.Int64BitsToDouble(Bits);

    public DateTimeOffset AsOffsetDateTime() => new(Bits, TimeSpan.FromMinutes((long)OffsetMinutes));

    public DateTime AsLocalDateTime() => new(Bits, DateTimeKind.Unspecified);

    public DateOnly AsLocalDate() => DateOnly.FromDateTime(new DateTime(Bits));

    public TimeOnly AsLocalTime() => new(Bits);
}
