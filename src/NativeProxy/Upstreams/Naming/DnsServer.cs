using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// Asks one DNS server one question: over UDP, and over TCP when the answer is too long for that. Stateless; control plane. It keeps no time:
/// the token does. What it throws is told apart by <see cref="IsNoAnswer"/>.
/// </summary>
internal static class DnsServer
{
    /// <summary>Longest answer over TCP. 16 addresses with their aliases take a tenth of it.</summary>
    private const int TcpAnswerBytesMax = 16 * 1024;

    /// <summary>Packets that are no answer to the question, before the socket is given up: somebody guesses.</summary>
    private const int StrayPacketsMax = 64;

    /// <summary>Whether an exception says that the server is not there, or that the time is over.</summary>
    public static bool IsNoAnswer(Exception e) => e is SocketException or ObjectDisposedException or OperationCanceledException;

    /// <summary>A verdict other than NotOurs and Truncated.</summary>
    public static async Task<DnsResponse> Ask(IPEndPoint server, string name, DnsType type, CancellationToken timeIsOver)
    {
        DnsResponse response = await Ask(server, name, type, announcesSize: true, timeIsOver);
        return response.Verdict == DnsVerdict.NotUnderstood ? await Ask(server, name, type, announcesSize: false, timeIsOver) : response;
    }

    private static async Task<DnsResponse> Ask(IPEndPoint server, string name, DnsType type, bool announcesSize, CancellationToken timeIsOver)
    {
        var query = new DnsQuery(BitConverter.ToUInt16(SystemRandom.GetBytes(sizeof(ushort))), name, type);
        DnsResponse response = await AskOverUdp(server, query, announcesSize, timeIsOver);
        return response.Verdict == DnsVerdict.Truncated ? await AskOverTcp(server, query, announcesSize, timeIsOver) : response;
    }

    private static async Task<DnsResponse> AskOverUdp(IPEndPoint server, DnsQuery query, bool announcesSize, CancellationToken timeIsOver)
    {
        byte[] buffer = new byte[DnsQuery.UdpAnswerBytes];
        using var socket = DnsSocket.OverUdp(server, timeIsOver);
        await socket.Send(buffer.AsMemory(0, query.Write(buffer, announcesSize)));
        for (int i = 0; i < StrayPacketsMax; i++)
        {
            int received = await socket.Receive(buffer);
            DnsResponse response = DnsResponse.Read(query, buffer.AsSpan(0, received));
            if (response.Verdict != DnsVerdict.NotOurs)
                return response;
        }
        throw new SocketException((int)SocketError.MessageSize);
    }

    private static async Task<DnsResponse> AskOverTcp(IPEndPoint server, DnsQuery query, bool announcesSize, CancellationToken timeIsOver)
    {
        byte[] buffer = new byte[TcpAnswerBytesMax];
        int length = query.Write(buffer.AsSpan(2), announcesSize);
        BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)length);
        using DnsSocket socket = await DnsSocket.OverTcp(server, timeIsOver);
        await socket.Send(buffer.AsMemory(0, length + 2));
        await socket.Fill(buffer.AsMemory(0, 2));
        int announced = BinaryPrimitives.ReadUInt16BigEndian(buffer);
        if (announced > buffer.Length)
            throw new SocketException((int)SocketError.MessageSize);
        await socket.Fill(buffer.AsMemory(0, announced));
        DnsResponse response = DnsResponse.Read(query, buffer.AsSpan(0, announced));
        return response.Verdict is DnsVerdict.NotOurs or DnsVerdict.Truncated
            ? throw new SocketException((int)SocketError.ProtocolNotSupported)
            : response;
    }
}
