using System;
using System.IO;
using System.Text;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// Bytes of a message for people: a line for each of its lines, with its offset, what cannot be printed as \r, \n, \t or \xNN, and a mark below the
/// place at which it broke. Nothing of it is obeyed by a terminal. Stateless.
/// </summary>
internal static class MessageDump
{
    private const int ColumnsMax = 76;

    /// <param name="output">Takes the lines.</param>
    /// <param name="bytes">What is shown.</param>
    /// <param name="from">Offset of their first in the message.</param>
    /// <param name="place">Offset of the byte that is marked; behind the last one when something is missing there; -1 = none.</param>
    public static void Write(TextWriter output, ReadOnlySpan<byte> bytes, long from, long place)
    {
        var line = new StringBuilder();
        long lineFrom = from;
        int mark = -1;
        for (int i = 0; i < bytes.Length; i++)
        {
            if (from + i == place)
                mark = line.Length;
            Append(line, bytes[i]);
            if (bytes[i] == '\n' || line.Length >= ColumnsMax)
            {
                WriteLine(output, lineFrom, line, mark);
                (lineFrom, mark) = (from + i + 1, -1);
            }
        }
        if (place == from + bytes.Length)
            mark = line.Length;
        if (line.Length > 0 || mark >= 0)
            WriteLine(output, lineFrom, line, mark);
    }

    /// <summary>The first line of some bytes, in short.</summary>
    public static string FirstLine(ReadOnlySpan<byte> bytes)
    {
        var line = new StringBuilder();
        foreach (byte value in bytes)
        {
            if (value is (byte)'\r' or (byte)'\n' || line.Length >= ColumnsMax)
                break;
            Append(line, value);
        }
        return line.ToString();
    }

    private static void WriteLine(TextWriter output, long offset, StringBuilder line, int mark)
    {
        output.WriteLine($"  {offset:00000}  {line}");
        if (mark >= 0)
            output.WriteLine($"         {new string(' ', mark)}^");
        line.Clear();
    }

    private static void Append(StringBuilder line, byte value) => _ = value switch
    {
        (byte)'\r' => line.Append("\\r"),
        (byte)'\n' => line.Append("\\n"),
        (byte)'\t' => line.Append("\\t"),
        (byte)'\\' => line.Append("\\\\"),
        >= 0x20 and < 0x7f => line.Append((char)value),
        _ => line.Append("\\x").Append(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)),
    };
}
