using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;
using static NativeProxy.Tests.Transport.Tls.AlertNumber;
using static NativeProxy.Tests.Transport.Tls.RawClient;
using static NativeProxy.Tests.Transport.Tls.RecordCase;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Records that were changed on their way, or that are none, and records in segments of every kind.</summary>
public sealed class RecordWireTests
{
    private static readonly RecordCase[] Cases =
    [
        Bad("a bare alert", UnexpectedMessage, static client => client.Ship([21, 3, 3, 0, 2, 2, 80])),
        Bad("a bare close_notify", UnexpectedMessage, static client => client.Ship([21, 3, 3, 0, 2, 1, 0])),
        Bad("a bare change_cipher_spec", UnexpectedMessage, static client => client.Ship([20, 3, 3, 0, 1, 1])),
        Bad("a bare message", UnexpectedMessage, static client => client.Ship([22, 3, 3, 0, 5, KeyUpdateMessage, 0, 0, 1, 0])),
        Bad("bare content", BadRecordMac, static client => client.Ship([23, 3, 3, 0, 30, .. new byte[30]])),
        Bad("a record as long as its proof", BadRecordMac, static client => client.Ship([23, 3, 3, 0, 16, .. new byte[16]])),
        Bad("a record without bytes", BadRecordMac, static client => client.Ship([23, 3, 3, 0, 0])),

        // OpenSSL looks at the version before the type.
        Bad("a request in the clear", UnexpectedMessage, static client => client.Ship("GET / HTTP/1.1\r\n\r\n"u8)) with
        {
            LibraryAlert = ProtocolVersion,
        },
        Bad("a header that says too much", RecordOverflow, static client => client.Ship([23, 3, 3, 0x41, 0x01])),
        Bad("a header that says most of all", RecordOverflow, static client => client.Ship([23, 3, 3, 0xFF, 0xFF])),
        Bad("another type in the header", UnexpectedMessage, static client => client.Ship(Changed(client, 0, 0x01))),

        // RFC 8446 5.1: the version is to be ignored for all purposes, but the header is authenticated (5.2). OpenSSL looks at it all the same.
        Bad("another version in the header", BadRecordMac, static client => client.Ship(Changed(client, 1, 0x01))) with
        {
            LibraryAlert = ProtocolVersion,
        },
        Bad("another small version in the header", BadRecordMac, static client => client.Ship(Changed(client, 2, 0x02))) with
        {
            LibraryAlert = DecodeError,
        },
        Bad("a shorter length in the header", BadRecordMac, static client => client.Ship([.. Changed(client, 4, 0x01), .. new byte[5]])),
        Bad("the first bit of the body", BadRecordMac, static client => client.Ship(Changed(client, 5, 0x80))),
        Bad("the type in the body", BadRecordMac, static client => client.Ship(Changed(client, 9, 0x01))),
        Bad("the first bit of the proof", BadRecordMac, static client => client.Ship(Changed(client, 10, 0x80))),
        Bad("the last bit of the proof", BadRecordMac, static client => client.Ship(Changed(client, 25, 0x01))),
        Bad("a record twice", BadRecordMac, static client =>
        {
            byte[] record = client.Key.Seal(ContentType, "once"u8);
            client.Ship(record);
            client.Ship(record);
        }, "once"),
        Bad("two records exchanged", BadRecordMac, static client =>
        {
            byte[] first = client.Key.Seal(ContentType, "first"u8);
            client.Seal("second"u8);
            client.Ship(first);
        }),
        Bad("a record left out", BadRecordMac, static client =>
        {
            client.Seal("first"u8);
            client.Key.Sequence++;
            client.Seal("third"u8);
        }, "first"),
        Cut("a header, then FIN", static client => client.Ship([23, 3, 3, 0, 30])),
        Cut("a part of a header, then FIN", static client => client.Ship([23, 3])),
        Cut("a part of a record, then FIN", static client =>
        {
            client.Seal("whole"u8);
            client.Ship(client.Key.Seal(ContentType, "part"u8).AsSpan(0, 20));
        }, "whole"),
        Cut("FIN alone", static _ => { }),
    ];

    public static TheoryData<string, bool> Names => NamesOf(Cases);

    [Theory]
    [MemberData(nameof(Names))]
    public Task WireOfAClient_HasTheSameFate_WhoeverOpensIt(string name, bool opensRecords) => Play(Cases, name, opensRecords);

    /// <summary>RFC 8446 5.1: the version is to be ignored for all purposes, so that what was sealed with another one opens.</summary>
    [Theory]
    [InlineData(0x0301)]
    [InlineData(0x0300)]
    [InlineData(0x0304)]
    [InlineData(0xFFFF)]
    public async Task RecordSealedWithAnotherVersion_IsHeard(int version)
    {
        RecordFate fate = await RecordFate.Of(true, client => client.Ship(client.Key.SealInner([.. "abc"u8, ContentType], (ushort)version)));

        Assert.Equal(new RecordFate("abc", RecordEnd.GoesOn, LayerFailure.None, -1), fate);
    }

    /// <summary>Every bit of a record counts.</summary>
    [Fact]
    public async Task RecordWithAnyBitChanged_IsNotHeard()
    {
        int length = RawKey.HeaderBytes + 4 + RawKey.TagBytes;
        for (int bit = 0; bit < 8 * length; bit++)
        {
            RecordFate fate = await RecordFate.Of(true, client =>
            {
                byte[] record = Changed(client, bit / 8, (byte)(1 << (bit % 8)));

                // Lengths that say more are waited for.
                client.Ship([.. record, .. new byte[1 << 15]]);
            });
            Assert.Equal(("", RecordEnd.Broken, LayerFailure.BadRecord), (fate.Heard, fate.End, fate.Failure));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MixedRecordsCutInTwoAnywhere_GiveTheSame(bool opensRecords)
    {
        int length = int.MaxValue;
        for (int cut = 0; cut <= length; cut++)
        {
            RecordFate fate = await RecordFate.Of(opensRecords, Mixed, wire =>
            {
                length = wire.Length;
                return cut == 0 ? wire.Select(static one => (byte[])[one]) : [wire[..cut], wire[cut..]];
            });
            Assert.Equal(new RecordFate("one two three", RecordEnd.Announced, LayerFailure.None, -1), fate);
        }
        Assert.InRange(length, 150, 400);
    }

    /// <summary>The records come with the flight behind which the product takes the connection over, cut anywhere.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LastFlightAndMixedRecordsCutInTwoAnywhere_GiveTheSame(bool opensRecords)
    {
        int length = int.MaxValue;
        for (int cut = 0; cut <= length; cut++)
        {
            RecordFate fate = await RecordFate.Of(opensRecords, Mixed, isEarly: true, cut: wire =>
            {
                length = wire.Length;
                return cut == 0 ? wire.Select(static one => (byte[])[one]) : [wire[..cut], wire[cut..]];
            });
            Assert.Equal(new RecordFate("one two three", RecordEnd.Announced, LayerFailure.None, -1), fate);
        }
    }

    /// <summary>What is wrong is told at the same byte, wherever it was cut.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BadRecordsCutInTwoAnywhere_GiveTheSameAlert(bool opensRecords)
    {
        foreach (string name in (string[])["a header that says too much", "a bare alert", "the last bit of the proof", "a record without bytes"])
        {
            RecordCase one = Cases.Single(candidate => candidate.Name == name);
            int length = int.MaxValue;
            for (int cut = 1; cut <= length; cut++)
            {
                RecordFate fate = await RecordFate.Of(opensRecords, one.Say, wire =>
                {
                    length = wire.Length;
                    return [wire[..cut], wire[cut..]];
                });
                Assert.Equal(one.Fate, fate);
            }
        }
    }

    private static RecordCase Cut(string name, Action<RawClient> say, string heard = "") =>
        new(name, say, new RecordFate(heard, RecordEnd.Cut, LayerFailure.None, -1)) { Ends = true };

    private static void Mixed(RawClient client)
    {
        client.Seal("one "u8);
        client.Send(ContentType, "two "u8, padding: 3);
        client.UpdateKey(asks: 1);
        client.Seal("three"u8);
        client.UpdateKey();
        client.AnnounceEnd();
    }

    /// <summary>A record of four bytes with one of its bytes changed.</summary>
    private static byte[] Changed(RawClient client, int at, byte bits)
    {
        byte[] record = client.Key.Seal(ContentType, "four"u8);
        record[at] ^= bits;
        return record;
    }
}
