using System;
using System.Linq;
using System.Net;
using System.Reflection;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>What is packed comes back; long texts are cut; the loop pays no allocation.</summary>
public sealed class AccessRecordCodecTests
{
    [Fact]
    public void Record_ComesBackWithEveryField()
    {
        using LogRing ring = new(16 * 1024);

        // Every number gets a value of its own, so that a field that was left out or exchanged shows.
        object numbers = new AccessNumbers();
        FieldInfo[] fields = typeof(AccessNumbers).GetFields(BindingFlags.Public | BindingFlags.Instance);
        for (int i = 0; i < fields.Length; i++)
        {
            object value = fields[i].FieldType.IsEnum ? ServerConnectionOrigin.Reused
                : fields[i].FieldType == typeof(PeerAddress) ? PeerAddress.Of(IPAddress.Parse("2001:db8::7"), i + 50)
                : Convert.ChangeType(i + 50, fields[i].FieldType);
            fields[i].SetValue(numbers, value);
        }

        AccessRecord record = SampleRecords.Get("/x?y");
        record.Numbers = (AccessNumbers)numbers;
        record.PeerAddress = new byte[] { 10, 0, 0, 9 };
        record.RequestId = "id"u8;
        record.TraceParent = "trace"u8;
        record.CallerSpan = "caller"u8;
        Assert.True(AccessRecordCodec.TryWrite(ring, record));
        Assert.True(ring.TryPeek(out ReadOnlySpan<byte> slot));
        AccessRecord read = AccessRecordCodec.Read(slot);

        Assert.Equal((AccessNumbers)numbers, read.Numbers);
        Assert.Equal([127, 0, 0, 1], read.ClientAddress.ToArray());
        Assert.Equal(
            ["\n\0\0\t", "id", "trace", "caller", "GET", "/x?y", "HTTP/1.1", "example.com", "curl/8.0", "http://example.com/start"],
            new[] { read.PeerAddress.ToArray(), read.RequestId.ToArray(), read.TraceParent.ToArray(), read.CallerSpan.ToArray(),
                read.Method.ToArray(), read.Target.ToArray(), read.Version.ToArray(), read.Host.ToArray(), read.UserAgent.ToArray(),
                read.Referer.ToArray() }.Select(Encoding.ASCII.GetString));
    }

    [Fact]
    public void NewNumbers_SayThatNoTimerWasReached_AndNoStatusSent()
    {
        AccessNumbers numbers = new();
        Assert.Equal((-1, -1, -1, -1, -1), (numbers.RequestMs, numbers.QueueMs, numbers.ConnectMs, numbers.ResponseMs, numbers.TotalMs));
        Assert.Equal(-1, numbers.Status);
    }

    [Fact]
    public void TextsBeyondTheirMaxima_AreCut()
    {
        using LogRing ring = new(16 * 1024);
        byte[] endless = new byte[100_000];
        Array.Fill(endless, (byte)'a');
        AccessRecord record = new()
        {
            Numbers = new AccessNumbers(),
            PeerAddress = endless,
            RequestId = endless,
            TraceParent = endless,
            CallerSpan = endless,
            Method = endless,
            Target = endless,
            Version = endless,
            Host = endless,
            UserAgent = endless,
            Referer = endless,
        };
        Assert.True(AccessRecordCodec.TryWrite(ring, record));
        Assert.True(ring.TryPeek(out ReadOnlySpan<byte> slot));
        AccessRecord read = AccessRecordCodec.Read(slot);
        Assert.Equal(
            (AccessRecordCodec.MethodBytesMax, AccessRecordCodec.TargetBytesMax, AccessRecordCodec.VersionBytesMax, AccessRecordCodec.HostBytesMax,
                AccessRecordCodec.UserAgentBytesMax, AccessRecordCodec.RefererBytesMax),
            (read.Method.Length, read.Target.Length, read.Version.Length, read.Host.Length, read.UserAgent.Length, read.Referer.Length));
        Assert.True(slot.Length <= AccessRecordCodec.RecordBytesMax);
    }

    [Fact]
    public void FullRing_DropsTheRecord()
    {
        using LogRing ring = new(1024);
        int written = 0;
        while (AccessRecordCodec.TryWrite(ring, SampleRecords.Get()))
            written++;

        Assert.True(written > 0);
        Assert.Equal(1, ring.DroppedCount);
    }

    [Fact]
    public void WritingRecords_AllocatesNothing()
    {
        using LogRing ring = new(1 << 20);
        AccessRecord record = SampleRecords.Get();
        Assert.True(AccessRecordCodec.TryWrite(ring, record));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            AccessRecordCodec.TryWrite(ring, record);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(0, ring.DroppedCount);
    }
}
