using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>
/// Why connections were closed, as one JSON object: counts per side, reason and who ended them, then the latest closes of each worker, newest
/// first. Reads the boards only; torn entries are left out. Stateless; any thread.
/// </summary>
internal static class CloseReportText
{
    public static byte[] Write(CounterBoard counters, CloseBoard closes)
    {
        var text = new LogText();
        AppendSide(text, counters, "{\"client\":"u8, "client");
        AppendSide(text, counters, ",\n\"server\":"u8, "server");
        text.Append(",\n\"recent\":["u8);
        AppendRecent(text, closes);
        text.Append("]}\n"u8);
        return text.Bytes.ToArray();
    }

    private static void AppendSide(LogText text, CounterBoard counters, ReadOnlySpan<byte> name, string side)
    {
        text.Append(name);
        text.Append("{\"reasons\":"u8);
        long sum = AppendFamily(text, counters, $"nativeproxy_{side}_closes_total");
        text.Append(",\"closed_by\":"u8);
        AppendFamily(text, counters, $"nativeproxy_{side}_closed_by_total");
        text.Append(",\"closed\":"u8);
        text.AppendNumber(sum);
        text.Append("}"u8);
    }

    /// <summary>All counters of a family by the value of their label. Returns their sum.</summary>
    private static long AppendFamily(LogText text, CounterBoard counters, string family)
    {
        long sum = 0;
        bool isFirst = true;
        text.Append("{"u8);
        foreach (CounterInfo info in CounterTable.Rows)
        {
            if (info.Name != family)
                continue;
            long value = counters.Sum(info.Id);
            sum += value;
            if (!isFirst)
                text.Append(","u8);
            isFirst = false;

            // The label is name="value" and one pair only.
            text.AppendAscii(info.Label![info.Label!.IndexOf('"', StringComparison.Ordinal)..]);
            text.Append(":"u8);
            text.AppendNumber(value);
        }
        text.Append("}"u8);
        return sum;
    }

    private static void AppendRecent(LogText text, CloseBoard closes)
    {
        bool isFirst = true;
        foreach ((int worker, CloseRecord record) in Recent(closes))
        {
            text.Append(isFirst ? "\n{"u8 : ",\n{"u8);
            isFirst = false;
            CloseJsonFormat.AppendFields(text, record);
            JsonFormat.AppendNumber(text, "worker"u8, worker);
            text.Append("}"u8);
        }
    }

    /// <summary>What the rings of all workers hold, newest first.</summary>
    private static IEnumerable<(int Worker, CloseRecord Record)> Recent(CloseBoard closes)
    {
        var recent = new List<(int Worker, CloseRecord Record)>();
        for (int worker = 0; worker < closes.WorkerCount; worker++)
        {
            for (int age = 0; age < CloseRing.RecentMax; age++)
            {
                if (closes.Ring(worker).TryRead(age, out CloseRecord record))
                    recent.Add((worker, record));
            }
        }

        // OrderBy keeps the order of equal times, within a worker that of its ring.
        return recent.OrderByDescending(static entry => entry.Record.ClosedWallMs);
    }
}
