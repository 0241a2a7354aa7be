using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Http;
using NativeProxy.Recording;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>The refused messages of all workers: each once, in an order that does not change.</summary>
public sealed class ErrorsJsonTests
{
    /// <summary>However many are refused while they are shown. The place tells them apart.</summary>
    [Fact]
    public async Task Messages_AreShownOnce_WhileOthersCome()
    {
        using RecorderBoard board = RecorderBoard.CreatePrivate(1);
        Add(board, 0, place: 0);
        bool isOver = false;
        Task adding = Task.Run(() =>
        {
            // At any pace: one may come between any two that are read.
            for (int place = 1; !Volatile.Read(ref isOver); place++)
            {
                Add(board, 0, place);
                Thread.SpinWait(place % 50);
            }
        });
        for (int time = 0; time < 2000; time++)
        {
            List<long> places = [.. Messages(board).Select(static message => message.GetProperty("place").GetInt64())];
            Assert.Equal(places.Distinct().Count(), places.Count);
        }
        Volatile.Write(ref isOver, true);
        await adding;
    }

    [Fact]
    public void MessagesOfOneMoment_KeepTheirOrder()
    {
        using RecorderBoard board = RecorderBoard.CreatePrivate(20);
        for (int place = 0; place < 60; place++)
            Add(board, place % 20, place);
        List<JsonElement> messages = Messages(board);
        Assert.Equal(Enumerable.Range(0, 60).OrderBy(static place => place % 20).ThenByDescending(static place => place),
            messages.Select(static message => message.GetProperty("place").GetInt32()));
    }

    private static void Add(RecorderBoard board, int worker, int place) => board.Messages(worker, isOfServer: false)
        .Add(new MessageRecord { WallMs = 1_700_000_000_000, Place = place, KeptBytes = 1, Reason = RejectReason.BadHost }, "x"u8,
            MessageRing.CapacityMax, Redaction.Off);

    private static List<JsonElement> Messages(RecorderBoard board)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
            ErrorsJson.Write(json, board);
        using JsonDocument answer = JsonDocument.Parse(text.WrittenMemory);
        return [.. answer.RootElement.GetProperty("messages").Clone().EnumerateArray()];
    }
}
