using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;
using static NativeProxy.Tests.Transport.Tls.AlertNumber;
using static NativeProxy.Tests.Transport.Tls.RawClient;
using static NativeProxy.Tests.Transport.Tls.RecordCase;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Records of content and of alerts, lawful and not (RFC 8446 5 and 6), opened by the product and by OpenSSL.</summary>
public sealed class RecordContentTests
{
    private const int ContentBytesMax = 1 << 14;

    private static readonly byte[] Longest = Pattern(ContentBytesMax);

    private static readonly RecordCase[] Cases =
    [
        .. Enumerable.Range(0, 21).Select(static padding =>
            Good($"content with {padding} zeros", client => client.Send(ContentType, "abc"u8, padding), "abc")),
        Good("one byte with zeros up to the longest record", static client => client.Send(ContentType, "a"u8, ContentBytesMax - 1), "a"),

        // RFC 8446 5.4: zeros must not make it longer than 2^14 + 1. OpenSSL 3.0 takes them away before it measures.
        Bad("zeros beyond the longest record", RecordOverflow, static client => client.Send(ContentType, "a"u8, ContentBytesMax)) with
        {
            LibraryFate = new RecordFate("a", RecordEnd.GoesOn, LayerFailure.None, -1),
        },
        Good("the longest content", static client => client.Send(ContentType, Longest), RecordFate.TextOf(Longest)),
        Bad("one byte more than the longest content", RecordOverflow, static client => client.Send(ContentType, [.. Longest, 1])),
        Bad("the longest sealed record", RecordOverflow, static client => client.Ship(client.Key.SealInner(new byte[ContentBytesMax + 240]))) with
        {
            LibraryAlert = UnexpectedMessage,
        },
        Bad("one byte more than the longest sealed record", RecordOverflow,
            static client => client.Ship(client.Key.SealInner(new byte[ContentBytesMax + 241]))),
        Bad("a record of zeros", UnexpectedMessage, static client => client.Ship(client.Key.SealInner(new byte[30]))),
        Bad("a record of one zero", UnexpectedMessage, static client => client.Ship(client.Key.SealInner(new byte[1]))),
        Bad("the longest record of zeros", UnexpectedMessage, static client => client.Ship(client.Key.SealInner(new byte[ContentBytesMax + 1]))),
        Bad("a record without anything", BadRecordMac, static client => client.Ship(client.Key.SealInner([]))),
        Good("content without bytes", static client => client.Send(ContentType, [])),
        Good("content without bytes, but with zeros", static client => client.Send(ContentType, [], 100)),
        Good("content without bytes in 32 records", static client => Repeat(32, () => client.Send(ContentType, []))),
        Bad("content without bytes in 33 records", UnexpectedMessage, static client => Repeat(33, () => client.Send(ContentType, []))),
        Good("content without bytes in 20 records, twice, with a byte between", static client =>
        {
            Repeat(20, () => client.Send(ContentType, []));
            client.Send(ContentType, "x"u8);
            Repeat(20, () => client.Send(ContentType, []));
        }, "x"),
        .. ((int[])[0, 1, 19, 20, 24, 25, 255]).Select(static type =>
            Bad($"sealed type {type} with content", UnexpectedMessage, client => client.Send((byte)type, "abc"u8))),
        Bad("sealed change_cipher_spec", UnexpectedMessage, static client => client.Send(20, [1])),
        Bad("good records before a bad one", BadRecordMac, static client =>
        {
            client.Seal("one "u8);
            client.Seal("two "u8);
            byte[] bad = client.Key.Seal(ContentType, "three"u8);
            bad[^1] ^= 1;
            client.Ship(bad);
            client.Seal("four"u8);
        }, "one two "),

        // Alerts: RFC 8446 6 tells their meaning by their number; what level they name says nothing.
        End("close_notify", static client => client.Send(AlertType, [1, 0])),
        End("close_notify that calls itself fatal", static client => client.Send(AlertType, [2, 0])),
        End("close_notify with zeros", static client => client.Send(AlertType, [1, 0], 77)),
        End("content, then close_notify", static client =>
        {
            client.Seal("last"u8);
            client.AnnounceEnd();
        }, "last"),
        End("content behind close_notify", static client =>
        {
            client.AnnounceEnd();
            client.Seal("late"u8);
        }),
        End("what is no record behind close_notify", static client =>
        {
            client.AnnounceEnd();
            client.Ship("GET / HTTP/1.1\r\n\r\n"u8);
        }),
        Good("user_canceled", static client => client.Send(AlertType, [1, 90])),

        // OpenSSL counts to four of them.
        Good("user_canceled in 5 records", static client => Repeat(5, () => client.Send(AlertType, [1, 90]))) with
        {
            LibraryFate = new RecordFate("", RecordEnd.Broken, LayerFailure.BadRecord, UnexpectedMessage),
        },

        // OpenSSL 3.0 remembers the warning before, and takes the end for an error of the socket.
        End("user_canceled, then close_notify that calls itself fatal", static client =>
        {
            client.Send(AlertType, [1, 90]);
            client.Send(AlertType, [2, 0]);
        }) with
        {
            LibraryFate = new RecordFate("", RecordEnd.Broken, LayerFailure.BadRecord, -1),
        },
        GivesUp("a fatal alert", static client => client.Send(AlertType, [2, 80])),
        GivesUp("a fatal alert with content before and behind", static client =>
        {
            client.Seal("before"u8);
            client.Send(AlertType, [2, 40]);
            client.Seal("behind"u8);
        }, heard: "before"),
        GivesUp("a fatal alert that calls itself a warning", static client => client.Send(AlertType, [1, 80])),
        GivesUp("an alert of an unknown number", static client => client.Send(AlertType, [2, 199])),

        // RFC 8446 6.2: decode_error where a length is wrong. OpenSSL says unexpected_message.
        Bad("an alert of 1 byte", DecodeError, static client => client.Send(AlertType, [1])) with { LibraryAlert = UnexpectedMessage },
        Bad("an alert of 3 bytes", DecodeError, static client => client.Send(AlertType, [1, 0, 0x7F])) with { LibraryAlert = UnexpectedMessage },
        Bad("two alerts in one record", DecodeError, static client => client.Send(AlertType, [1, 90, 1, 0])) with
        {
            LibraryAlert = UnexpectedMessage,
        },
        Bad("an alert without bytes", UnexpectedMessage, static client => client.Send(AlertType, [])),
        Bad("user_canceled in 33 records", UnexpectedMessage, static client => Repeat(33, () => client.Send(AlertType, [1, 90]))),
    ];

    public static TheoryData<string, bool> Names => NamesOf(Cases);

    [Theory]
    [MemberData(nameof(Names))]
    public Task RecordsOfAClient_HaveTheSameFate_WhoeverOpensThem(string name, bool opensRecords) => Play(Cases, name, opensRecords);

    /// <summary>Each cipher, with every length around a block, and both directions.</summary>
    [Theory]
    [InlineData(Aes128, true)]
    [InlineData(Aes256, true)]
    [InlineData(Chacha, true)]
    [InlineData(Ccm, true)]
    [InlineData(Aes128, false)]
    [InlineData(Aes256, false)]
    [InlineData(Chacha, false)]
    [InlineData(Ccm, false)]
    public async Task EveryCipher_CarriesContentBothWays_AndNewKeys_AndAnEnd(string suite, bool opensRecords)
    {
        RecordFate good = await RecordFate.Of(opensRecords, Mixed, suite: suite);
        RecordFate ended = await RecordFate.Of(opensRecords, static client =>
        {
            Mixed(client);
            client.AnnounceEnd();
        }, suite: suite);
        RecordFate broken = await RecordFate.Of(opensRecords, static client =>
        {
            Mixed(client);
            byte[] record = client.Key.Seal(ContentType, "bad"u8);
            record[RawKey.HeaderBytes] ^= 0x80;
            client.Ship(record);
        }, suite: suite);

        Assert.Equal(RecordEnd.GoesOn, good.End);
        Assert.Equal(good with { End = RecordEnd.Announced }, ended);
        Assert.Equal((good.Heard, RecordEnd.Broken, BadRecordMac), (broken.Heard, broken.End, broken.Alert));
        Assert.Equal(RecordFate.TextOf([.. Enumerable.Range(1, 130).SelectMany(static length => Pattern(length)), .. Longest]), good.Heard);
    }

    private static void Mixed(RawClient client)
    {
        for (int length = 1; length <= 130; length++)
        {
            client.Seal(Pattern(length));
            if (length % 40 == 0)
                client.UpdateKey(asks: (byte)(length / 40 % 2));
        }
        client.Seal(Longest);
    }

    private static byte[] Pattern(int length) => Peers.Pattern(length);

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
            action();
    }
}
