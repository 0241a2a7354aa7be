using System;
using System.Globalization;
using System.Text;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Takes the Date that the proxy adds to a response out of what a client receives, so that a test can write down every other byte. Only a line
/// that is right in all goes: spelt as the proxy spells it, an IMF-fixdate (RFC 9110 5.6.7), and of the present. Any other is left for the
/// test to stumble over; that the Date is there, once, is what DateTests look at with a client that shows it.
/// </summary>
internal sealed class AddedDate
{
    private const string Name = "Date: ";

    /// <summary>How many bytes more than a test sees go over the wire with each response to which a Date is added.</summary>
    public const int LineBytes = 6 + 29 + 2;

    /// <summary>The beginning of what may become a line.</summary>
    private string _held = "";
    private string _before = "";

    /// <summary>What of the received bytes a test sees; the beginning of a line waits for its end.</summary>
    public byte[] Visible(ReadOnlySpan<byte> received)
    {
        string text = _held + Encoding.Latin1.GetString(received);
        _held = "";
        var visible = new StringBuilder(_before);
        int at = 0;
        while (at < text.Length)
        {
            if (EndsLine(visible) && IsOrMayBecomeLine(text.AsSpan(at), out bool isWhole))
            {
                if (!isWhole)
                {
                    _held = text[at..];
                    break;
                }
                at += LineBytes;
            }
            else
            {
                visible.Append(text[at++]);
            }
        }
        string shown = visible.ToString(_before.Length, visible.Length - _before.Length);
        _before = visible.Length <= 2 ? visible.ToString() : visible.ToString(visible.Length - 2, 2);
        return Encoding.Latin1.GetBytes(shown);
    }

    /// <summary>The stream has ended: what was waited with is no line.</summary>
    public byte[] Rest()
    {
        byte[] rest = Encoding.Latin1.GetBytes(_held);
        _held = "";
        return rest;
    }

    /// <summary>True for a Date of the present as the proxy writes it.</summary>
    public static bool IsOfNow(string value) =>
        DateTimeOffset.TryParseExact(value, "R", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset date)
        && (DateTimeOffset.UtcNow - date).Duration() < TimeSpan.FromMinutes(2);

    private static bool EndsLine(StringBuilder text) => text.Length >= 2 && text[^2] == '\r' && text[^1] == '\n';

    private static bool IsOrMayBecomeLine(ReadOnlySpan<char> text, out bool isWhole)
    {
        isWhole = text.Length >= LineBytes;
        int nameLength = Math.Min(text.Length, Name.Length);
        if (!text[..nameLength].SequenceEqual(Name.AsSpan(0, nameLength)))
            return false;
        return !isWhole || (text[(LineBytes - 2)..LineBytes].SequenceEqual("\r\n") && IsOfNow(text[Name.Length..(LineBytes - 2)].ToString()));
    }
}
