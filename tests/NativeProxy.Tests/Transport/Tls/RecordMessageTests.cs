using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;
using static NativeProxy.Tests.Transport.Tls.AlertNumber;
using static NativeProxy.Tests.Transport.Tls.RawClient;
using static NativeProxy.Tests.Transport.Tls.RecordCase;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Messages of the handshake behind it (RFC 8446 4.6.3, 5.1), opened by the product and by OpenSSL.</summary>
public sealed class RecordMessageTests
{
    private static readonly byte[] Update = [KeyUpdateMessage, 0, 0, 1, 0];

    private static readonly RecordCase[] Cases =
    [
        Good("new keys", static client => client.UpdateKey()),
        Good("new keys that ask for ours", static client => client.UpdateKey(asks: 1)),
        Good("new keys between content", static client =>
        {
            client.Seal("old "u8);
            client.UpdateKey(asks: 1);
            client.Seal("new"u8);
        }, "old new"),
        Good("new keys with zeros", static client =>
        {
            client.Send(HandshakeType, Update, padding: 50);
            client.Key.Update();
        }),
        Bad("new keys of value 2", IllegalParameter, static client => client.UpdateKey(asks: 2)),
        Bad("new keys of value 255", IllegalParameter, static client => client.UpdateKey(asks: 255)),
        Bad("new keys without a value", DecodeError, static client => client.Send(HandshakeType, [KeyUpdateMessage, 0, 0, 0])),

        // RFC 8446 6.2: decode_error where a length is wrong. OpenSSL says illegal_parameter to what is longer than the message can be.
        Bad("new keys with two values", DecodeError, static client => client.Send(HandshakeType, [KeyUpdateMessage, 0, 0, 2, 0, 0])) with
        {
            LibraryAlert = IllegalParameter,
        },
        Bad("new keys of the greatest length", DecodeError, static client =>
            client.Send(HandshakeType, [KeyUpdateMessage, 255, 255, 255, 0])) with { LibraryAlert = IllegalParameter },
        .. Enumerable.Range(1, 4).Select(static at => Good($"new keys in two records, cut behind byte {at}", client =>
        {
            client.Send(HandshakeType, Update.AsSpan(0, at));
            client.Send(HandshakeType, Update.AsSpan(at));
            client.Key.Update();
            client.Seal("heard"u8);
        }, "heard")),
        Good("new keys in five records", static client =>
        {
            foreach (byte one in Update)
                client.Send(HandshakeType, [one]);
            client.Key.Update();
        }),
        .. Enumerable.Range(1, 4).Select(static at => Bad($"content behind {at} bytes of new keys", UnexpectedMessage, client =>
        {
            client.Send(HandshakeType, Update.AsSpan(0, at));
            client.Seal("between"u8);
        })),
        Bad("content without bytes behind a part of new keys", UnexpectedMessage, static client =>
        {
            client.Send(HandshakeType, Update.AsSpan(0, 2));
            client.Send(ContentType, []);
        }),
        Bad("user_canceled behind a part of new keys", UnexpectedMessage, static client =>
        {
            client.Send(HandshakeType, Update.AsSpan(0, 2));
            client.Send(AlertType, [1, 90]);
        }),
        Bad("a byte behind new keys", UnexpectedMessage, static client => client.Send(HandshakeType, [.. Update, 0])),
        Bad("new keys twice in one record", UnexpectedMessage, static client => client.Send(HandshakeType, [.. Update, .. Update])),
        Bad("the old key behind new keys", BadRecordMac, static client =>
        {
            RawKey old = client.Key.Copy();
            client.UpdateKey();
            old.Sequence++;
            client.Ship(old.Seal(ContentType, "old"u8));
        }),
        Bad("the old key at the number of the new one", BadRecordMac, static client =>
        {
            RawKey old = client.Key.Copy();
            client.UpdateKey();
            old.Sequence = 0;
            client.Ship(old.Seal(ContentType, "old"u8));
        }),
        Bad("the new key before new keys", BadRecordMac, static client =>
        {
            client.Key.Update();
            client.Seal("new"u8);
        }),
        Good("new keys 32 times", static client => Repeat(32, () => client.UpdateKey())),

        // Each costs three keys: more than 32 without anything between are a flood. OpenSSL counts none of them, which the RFC allows as well.
        Bad("new keys 40 times", UnexpectedMessage, static client => Repeat(40, () => client.UpdateKey())) with
        {
            LibraryFate = new RecordFate("", RecordEnd.GoesOn, LayerFailure.None, -1),
        },
        Good("new keys 100 times, each with a byte of content", static client => Repeat(100, () =>
        {
            client.UpdateKey(asks: 1);
            client.Seal("x"u8);
        }), RecordFate.TextOf([.. Enumerable.Repeat((byte)'x', 100)])),
        Bad("a handshake record without bytes", UnexpectedMessage, static client => client.Send(HandshakeType, [])),
        .. ((byte[])[0, 1, 2, 4, 5, 8, 11, 13, 15, 20, 254, 255]).Select(static type =>
            Bad($"message {type}", UnexpectedMessage, client => client.Send(HandshakeType, [type, 0, 0, 4, 1, 2, 3, 4]))),

        // The first byte says that it will be none of those that a client may send. OpenSSL waits for the length, and fails at the ping.
        Bad("message 20 of one byte", UnexpectedMessage, static client => client.Send(HandshakeType, [20])) with
        {
            LibraryFate = new RecordFate("", RecordEnd.Stuck, LayerFailure.None, UnexpectedMessage),
        },
        Bad("message 4 of the greatest length", UnexpectedMessage, static client => client.Send(HandshakeType, [4, 255, 255, 255])),
    ];

    public static TheoryData<string, bool> Names => NamesOf(Cases);

    [Theory]
    [MemberData(nameof(Names))]
    public Task MessagesOfAClient_HaveTheSameFate_WhoeverOpensThem(string name, bool opensRecords) => Play(Cases, name, opensRecords);

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
            action();
    }
}
