using System;
using System.Buffers.Text;

namespace NativeProxy.Timers;

/// <summary>
/// The present second as HTTP writes it (IMF-fixdate, RFC 9110 5.6.7), formatted when the second changes and somebody asks, so that an answer
/// pays for a comparison. Owner: the event loop; thread: loop only.
/// </summary>
internal sealed class DateText(LoopClock clock)
{
    /// <summary><c>Sun, 22 Nov 2026 10:11:12 GMT</c>.</summary>
    public const int Bytes = 29;

    private readonly byte[] _text = new byte[Bytes];
    private long _second = long.MinValue;

    /// <summary>The text, which the next second overwrites.</summary>
    public byte[] Now
    {
        get
        {
            long second = clock.WallMs / 1000;
            if (second != _second)
            {
                _second = second;
                Utf8Formatter.TryFormat(DateTimeOffset.FromUnixTimeSeconds(second), _text, out _, 'R');
            }
            return _text;
        }
    }
}
