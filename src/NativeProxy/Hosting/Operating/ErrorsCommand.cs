using System;
using System.Buffers;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using NativeProxy.Hosting.Processes;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// `nativeproxy errors`: the last messages that a running proxy has refused, each with its bytes, the place at which it broke, the rule in words and
/// what helps. Stateless; for people, so its words may change.
/// </summary>
internal static class ErrorsCommand
{
    /// <summary>Returns the exit code: 1 with one line when the proxy could not be asked.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="side">client, server, or empty for both.</param>
    /// <param name="countMax">How many are shown, the latest.</param>
    /// <param name="file">Where they are saved for `replay`; empty = they are only shown.</param>
    public static int Run(string configPath, string side, int countMax, string file)
    {
        if (side is not ("" or "client" or "server"))
            return OperatorText.Failed($"--side: \"{side}\" is neither client nor server");
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("GET", "/api/errors", "", out JsonDocument? answer, out problem))
        {
            return OperatorText.Failed(problem);
        }
        using (answer)
        {
            var saved = new ArrayBufferWriter<byte>(4096);
            int count = 0;
            foreach (JsonElement message in answer!.RootElement.GetProperty("messages").EnumerateArray())
            {
                if ((side.Length > 0 && message.GetProperty("side").GetString() != side) || count >= countMax)
                    continue;
                Show(Console.Out, message, ++count);
                Save(saved, message);
            }
            ShowRest(Console.Out, answer.RootElement.GetProperty("not_kept"), count);
            return file.Length == 0 ? ExitCodes.Success : Save(file, saved.WrittenSpan, count);
        }
    }

    private static int Save(string file, ReadOnlySpan<byte> entries, int count)
    {
        using RecordFileWriter? writer = RecordFileWriter.TryOpen(file, out string problem);
        if (writer is null || !writer.TryAdd(entries, out problem))
            return OperatorText.Failed(problem);
        Console.Out.WriteLine($"{count} saved; `nativeproxy replay {file}` reads them again");
        return ExitCodes.Success;
    }

    private static void ShowRest(TextWriter output, JsonElement notKept, int count)
    {
        if (count == 0)
            output.WriteLine("no refused messages are kept");
        foreach (string side in (string[])["client", "server"])
        {
            if (notKept.GetProperty(side).GetInt64() is > 0 and var number)
                output.WriteLine($"{number} more of {side}s were refused and not kept, because there were too many at once");
        }
    }

    private static void Show(TextWriter output, JsonElement message, int number)
    {
        string source = Text(message, "source");
        long bytes = message.GetProperty("bytes").GetInt64();
        long from = message.GetProperty("kept_from").GetInt64();
        byte[] kept = message.GetProperty("kept").GetBytesFromBase64();
        output.WriteLine($"[{number}] {Text(message, "at")} {Text(message, "part").Replace('_', ' ')}{WhereOf(message)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"    {Text(message, "rule")} at byte {message.GetProperty("place").GetInt64()}: {Text(message, "says")}")
            + (source.Length > 0 ? $" ({source})" : ""));
        output.WriteLine($"    to do: {Text(message, "do")}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"    {bytes} bytes{(kept.Length < bytes ? $", here {kept.Length} from byte {from} on" : "")}"
            + $"{(message.GetProperty("redacted").GetBoolean() ? ", secrets as *" : "")}"));
        MessageDump.Write(output, kept, from, bytes == 0 ? -1 : message.GetProperty("place").GetInt64());
        output.WriteLine();
    }

    private static string WhereOf(JsonElement message)
    {
        var text = new StringBuilder();
        Add(text, " by client ", Text(message, "client"));
        Add(text, " on listener ", Text(message, "listener"));
        Add(text, ", route ", Text(message, "route"));
        Add(text, message.GetProperty("side").GetString() == "server" ? " of server " : ", server ", Text(message, "server"));
        Add(text, " of upstream ", Text(message, "upstream"));
        Add(text, " at ", Text(message, "server_address"));
        Add(text, ", client connection ", NumberOf(message, "client_connection"));
        Add(text, " request ", NumberOf(message, "request"));
        Add(text, ", server connection ", NumberOf(message, "server_connection"));
        Add(text, ", worker ", message.GetProperty("worker").GetInt32().ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private static void Add(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
            text.Append(name).Append(value);
    }

    private static string NumberOf(JsonElement message, string name) =>
        message.GetProperty(name).GetInt64() is > 0 and var number ? number.ToString(CultureInfo.InvariantCulture) : "";

    private static string Text(JsonElement message, string name) => message.GetProperty(name).GetString() ?? "";

    private static void Save(ArrayBufferWriter<byte> output, JsonElement message)
    {
        JsonElement limits = message.GetProperty("limits");
        var lines = new StringBuilder();
        foreach (string name in (string[])["part", "rule", "client", "listener", "route", "upstream", "server", "server_address", "method"])
            lines.Append(CultureInfo.InvariantCulture, $"{name}: {Text(message, name)}\n");
        foreach (string name in (string[])["place", "bytes", "kept_from", "client_connection", "request", "server_connection"])
            lines.Append(CultureInfo.InvariantCulture, $"{name}: {message.GetProperty(name).GetInt64()}\n");
        foreach (string name in (string[])["begins_with_head", "offers_upgrade", "redacted"])
            lines.Append(CultureInfo.InvariantCulture, $"{name}: {(message.GetProperty(name).GetBoolean() ? 1 : 0)}\n");
        foreach (string name in (string[])["header_bytes", "header_count", "request_line_bytes"])
            lines.Append(CultureInfo.InvariantCulture, $"{name}: {limits.GetProperty(name).GetInt64()}\n");
        lines.Append(CultureInfo.InvariantCulture, $"non_ascii_target: {(limits.GetProperty("non_ascii_target").GetBoolean() ? 1 : 0)}\n\n");
        byte[] payload = [.. Encoding.UTF8.GetBytes(lines.ToString()), .. message.GetProperty("kept").GetBytesFromBase64()];
        bool isOfServer = message.GetProperty("side").GetString() == "server";
        long wallMs = DateTimeOffset.Parse(Text(message, "at"), CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        long connection = message.GetProperty(isOfServer ? "server_connection" : "client_connection").GetInt64();
        new RecordEntry(RecordKind.Message, isOfServer, RecordDirection.FromPeer, wallMs, connection, payload).WriteTo(output);
    }
}
