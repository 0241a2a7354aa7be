using System;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// The pipe of a loop: bytes that pass from one socket to another without being read stand in it for one call, as others stand in the hot buffer, so
/// one is enough for all connections, and it is empty between two events. Owner: the loop, which makes it when the first connection asks; thread:
/// the loop. Never keeps a byte.
/// </summary>
internal sealed unsafe class SplicePipe
{
    /// <summary>
    /// Bytes that are moved at once: enough that two system calls cost little beside them. What a slow reader does not take of them has to be kept.
    /// </summary>
    public const int BytesMax = 256 * 1024;

    /// <summary>
    /// A pipe has a place for each 4 KiB of its room, and what came as one segment takes one place, however short. The system may give less.
    /// </summary>
    private const int RoomBytes = 1024 * 1024;

    private readonly int _out;
    private readonly int _in;

    private SplicePipe(int outEnd, int inEnd) => (_out, _in) = (outEnd, inEnd);

    /// <summary>Bytes that stand in it.</summary>
    public int Bytes { get; private set; }

    /// <summary>Null when there is no descriptor for it.</summary>
    public static SplicePipe? TryMake()
    {
        int* ends = stackalloc int[2];
        if (PipeCalls.Make(ends, EpollCalls.NonBlocking | EpollCalls.CloseOnExec) != 0)
            return null;
        PipeCalls.Control(ends[0], PipeCalls.SetRoom, RoomBytes);
        return new SplicePipe(ends[0], ends[1]);
    }

    /// <summary>Takes what has come on a socket: bytes taken, 0 at its end, or -1 and the error number of the call. Only while it is empty.</summary>
    public int Fill(int descriptor)
    {
        Check.That(Bytes == 0, "the pipe is not empty");
        int moved = (int)PipeCalls.Splice(descriptor, null, _in, null, BytesMax, PipeCalls.MoveNonBlocking);
        Bytes = Math.Max(0, moved);
        return moved;
    }

    /// <summary>Gives it to a socket. False when that takes no more of it now, or has failed.</summary>
    public bool TryGive(int descriptor, int bytes, out int given)
    {
        given = (int)PipeCalls.Splice(_out, null, descriptor, null, (nuint)bytes, PipeCalls.MoveNonBlocking);
        bool isTaken = given > 0;
        given = Math.Max(0, given);
        Bytes -= given;
        return isTaken;
    }

    /// <summary>Reads some of it, at most so much as there is room.</summary>
    public ReadOnlySpan<byte> Read(byte* buffer, int bytesMax)
    {
        int read = (int)EpollCalls.Read(_out, buffer, (nuint)Math.Min(bytesMax, Bytes));
        Check.That(read > 0, "the pipe has less than was put in");
        Bytes -= read;
        return new ReadOnlySpan<byte>(buffer, read);
    }

    public void Close()
    {
        EpollCalls.Close(_in);
        EpollCalls.Close(_out);
    }
}
